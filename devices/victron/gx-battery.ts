import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';
import { VICTRON_LIMITS, VICTRON_SOURCE } from './common.ts';

/** A battery service of a GX: DC power, state and limits. Only read. */
export const VICTRON_GX_BATTERY: Profile = {
  id: 'victron/gx-battery',
  kind: 'registers',
  maker: 'Victron Energy',
  title: 'Battery monitor or BMS behind a Victron GX',
  role: 'battery-inverter',
  source: VICTRON_SOURCE,
  connect: { tcpPort: 502, units: [] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: VICTRON_LIMITS,
  points: {
    powerW: holding(258, 'i16', 'W', 'control', { sign: -1 }),
    voltageV: holding(259, 'u16', 'V', 'state', { scale: 0.01, min: 0, max: 1100 }),
    currentA: holding(261, 'i16', 'A', 'state', { scale: 0.1, sign: -1 }),
    temperatureC: holding(262, 'i16', 'degC', 'state', { scale: 0.1, min: -60, max: 150 }),
    socPct: holding(266, 'u16', 'pct', 'state', { scale: 0.1, min: 0, max: 100 }),
    sohPct: holding(304, 'u16', 'pct', 'slow', { scale: 0.1, min: 0, max: 100 }),
    chargeMaxV: holding(305, 'u16', 'V', 'state', { scale: 0.1, min: 0, max: 1100 }),
    chargeMaxA: holding(307, 'u16', 'A', 'state', { scale: 0.1 }),
    dischargeMaxA: holding(308, 'u16', 'A', 'state', { scale: 0.1 }),
  },
  identity: [],
  control: [],
  quirks: [
    'A BMS or shunt: powers are those of the DC side. It is never controlled itself.',
    'That + on the wire is charge, as for the system, is to be proven.',
  ],
  examples: [
    {
      space: 'holding',
      registers: {
        258: [64336, 5250],
        261: [95, 275],
        266: [590],
        304: [970, 525],
        307: [1000, 1200],
      },
      reads: {
        powerW: 1200,
        voltageV: 52.5,
        currentA: -9.5,
        temperatureC: 27.5,
        socPct: 59,
        sohPct: 97,
        chargeMaxV: 52.5,
        chargeMaxA: 100,
        dischargeMaxA: 120,
      },
    },
  ],
};
