import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';
import { VICTRON_LIMITS, VICTRON_SOURCE } from './common.ts';

/** A PV inverter service of a GX. Only read. */
export const VICTRON_GX_PV_INVERTER: Profile = {
  id: 'victron/gx-pv-inverter',
  kind: 'registers',
  maker: 'Victron Energy',
  title: 'PV inverter behind a Victron GX',
  role: 'pv-inverter',
  source: VICTRON_SOURCE,
  connect: { tcpPort: 502, units: [] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: VICTRON_LIMITS,
  points: {
    powerL1W: holding(1029, 'u16', 'W', 'control', { sign: 1 }),
    powerL2W: holding(1033, 'u16', 'W', 'control', { sign: 1, only: 'three-phase systems' }),
    powerL3W: holding(1037, 'u16', 'W', 'control', { sign: 1, only: 'three-phase systems' }),
  },
  sums: { powerW: ['powerL1W', 'powerL2W', 'powerL3W'] },
  identity: [],
  control: [],
  quirks: ['Only the powers of the phases are known here, no counter and no control.'],
  examples: [
    {
      space: 'holding',
      registers: {
        1029: [1200],
        1033: [1330],
        1037: [1460],
      },
      reads: {
        powerL1W: 1200,
        powerL2W: 1330,
        powerL3W: 1460,
      },
    },
  ],
};
