import type { Profile } from '../profile.ts';
import { IDENTITY, SUNSPEC_LIMITS } from './common.ts';
import { sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';

/**
 * Any SunSpec device: inverter, meter, battery and DER controls are picked from the models that the
 * walk of its chain finds (driver.ts).
 */
export const SUNSPEC_GENERIC: Profile = {
  id: 'sunspec/generic',
  kind: 'sunspec',
  auto: true,
  maker: 'SunSpec',
  title: 'Any SunSpec inverter, meter or battery, recognised by its models',
  role: 'pv-inverter', // as a simulator lays it out; a real one says it itself
  source: ['sunspec/models@7abdf898'],
  connect: { tcpPort: 502, units: [1] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: SUNSPEC_LIMITS,
  // what a simulator lays out: an inverter with two strings
  models: [1, 103, 120, 121, 123, 160],
  points: sunspecPoints(MODELS, IDENTITY),
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [],
  quirks: [
    'Inverter: 701, 101 to 103, 111 to 113. Meter: 201 to 204, 211 to 214. Inputs: 714, 160.',
    'Battery: 713, 802, 124. A hybrid where ports or nameplate say so, or its maker is known.',
    'Control: 704; otherwise 124 of a battery and 123 of an inverter. Heartbeat: 715, 802.',
    'Meters in the chain of an inverter are its parts `meter`, `meter2` and so on.',
    'What it has and how it is controlled is known when it has answered, not before.',
    'A point that the device marks as not implemented when it is first seen is not written to.',
  ],
  examples: [],
};
