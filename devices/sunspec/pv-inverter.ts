import type { Profile } from '../profile.ts';
import { AC_103, EXAMPLE_103, IDENTITY, SUNSPEC_LIMITS } from './common.ts';
import { sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';
import { everything, inputRows, LIMIT_123, limit123, offered } from './roles.ts';

/**
 * Three-phase PV inverter of the SunSpec 100 series, its production limited by model 123. Model 160
 * is optional.
 */
export const SUNSPEC_PV_INVERTER: Profile = {
  id: 'sunspec/pv-inverter',
  kind: 'sunspec',
  maker: 'SunSpec',
  title: 'SunSpec three-phase PV inverter (models 103, 120, 123, optional 160)',
  role: 'pv-inverter',
  source: ['sunspec/models@7abdf898'],
  wordOrder: 'big',
  limits: SUNSPEC_LIMITS,
  models: [1, 103, 120, 123],
  points: sunspecPoints(MODELS, [
    ...IDENTITY,
    ...AC_103,
    ['ratedW', 120, 'WRtg'],
    ...LIMIT_123,
    ...inputRows(160, 1, 'string1'),
    ...inputRows(160, 2, 'string2'),
  ]),
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: offered(limit123(everything)),
  quirks: [
    'The time ends in full power: an export limit needs a static limit of the inverter as well.',
    'A reversion time of 0 means never: a lost gateway would leave the limit in force.',
    'Model 1 has 65 or 66 registers in the field; the chain is walked, offsets are never assumed.',
  ],
  examples: [
    EXAMPLE_103,
    { model: 120, registers: { 3: [6000, 1] }, reads: { ratedW: 60_000 } },
    {
      model: 123,
      registers: { 5: [5025, 0, 60, 0, 1], 23: [0xfffe] },
      reads: { limitPct: 50.25, limitReversionS: 60, limitEnable: 1 },
    },
    {
      model: 160,
      registers: {
        2: [0xffff, 0xffff, 1, 0],
        19: [310, 6502, 2015, 0x0001, 0x0000],
        39: [305, 6498, 1982, 0x0000, 0xfde8],
      },
      reads: {
        string1CurrentA: 31,
        string1VoltageV: 650.2,
        string1PowerW: 20_150,
        string1InWh: 65_536,
        string2CurrentA: 30.5,
        string2VoltageV: 649.8,
        string2PowerW: 19_820,
        string2InWh: 65_000,
      },
    },
  ],
};
