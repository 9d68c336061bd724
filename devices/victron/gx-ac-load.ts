import { input } from '../points.ts';
import type { Profile } from '../profile.ts';
import { VICTRON_LIMITS, VICTRON_SOURCE } from './common.ts';

/** An AC load service of a GX: what the load takes is -. */
export const VICTRON_GX_AC_LOAD: Profile = {
  id: 'victron/gx-ac-load',
  kind: 'registers',
  maker: 'Victron Energy',
  title: 'AC load meter behind a Victron GX',
  role: 'meter',
  source: VICTRON_SOURCE,
  connect: { tcpPort: 502, units: [] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: VICTRON_LIMITS,
  points: {
    powerL1W: input(3924, 'i32', 'W', 'control', { sign: -1 }),
    powerL2W: input(3926, 'i32', 'W', 'control', { sign: -1, only: 'three-phase systems' }),
    powerL3W: input(3928, 'i32', 'W', 'control', { sign: -1, only: 'three-phase systems' }),
    outL1Wh: input(3916, 'u32', 'Wh', 'slow', { scale: 10 }),
    outL2Wh: input(3918, 'u32', 'Wh', 'slow', { scale: 10, only: 'three-phase systems' }),
    outL3Wh: input(3920, 'u32', 'Wh', 'slow', { scale: 10, only: 'three-phase systems' }),
  },
  sums: {
    powerW: ['powerL1W', 'powerL2W', 'powerL3W'],
    outWh: ['outL1Wh', 'outL2Wh', 'outL3Wh'],
  },
  identity: [],
  control: [],
  quirks: ['A consumer is - here: give the meter direction into-node in the site file.'],
  examples: [
    {
      space: 'input',
      registers: {
        3916: [6, 42184, 6, 43284, 6, 44384],
        3924: [65535, 64336, 0, 1330, 65535, 64076],
      },
      reads: {
        powerL1W: 1200,
        powerL2W: -1330,
        powerL3W: 1460,
        outL1Wh: 4_354_000,
        outL2Wh: 4_365_000,
        outL3Wh: 4_376_000,
      },
    },
  ],
};
