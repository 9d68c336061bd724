import type { Profile } from '../profile.ts';
import { IDENTITY, SUNSPEC_LIMITS } from './common.ts';
import { sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';
import { meterRows } from './roles.ts';

/** Three-phase connection meter, model 203: + is import, as it stands at the grid connection. */
export const SUNSPEC_METER_203: Profile = {
  id: 'sunspec/meter-203',
  kind: 'sunspec',
  maker: 'SunSpec',
  title: 'SunSpec three-phase meter (model 203)',
  role: 'meter',
  source: ['sunspec/models@7abdf898'],
  wordOrder: 'big',
  limits: SUNSPEC_LIMITS,
  models: [1, 203],
  points: sunspecPoints(MODELS, [...IDENTITY, ...meterRows(203)]),
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [],
  quirks: [
    'Some makers count export as + (SolarEdge): the direction is proven at commissioning.',
    'A counter of 0 is not available.',
  ],
  examples: [
    {
      model: 203,
      // 52.34 kW export, 1000 Wh imported, 7 654 321 Wh exported
      registers: {
        2: [2280, 760, 761, 759, 0xffff],
        7: [2301, 2300, 2302, 2301, 3985, 3984, 3985, 3986, 0xffff, 5001, 0xfffe],
        18: [-5234 & 0xffff, -1745 & 0xffff, -1746 & 0xffff, -1743 & 0xffff, 1],
        23: [5240, 1747, 1748, 1745, 1, 250, 83, 83, 84, 1, -9988 & 0xffff],
        37: [0xfffe, 0x0074, 0xcbb1],
        46: [0, 1000],
        54: [0],
      },
      reads: {
        powerW: -52_340,
        powerL1W: -17_450,
        powerL2W: -17_460,
        powerL3W: -17_430,
        currentL1A: 76,
        currentL2A: 76.1,
        currentL3A: 75.9,
        voltageL1V: 230,
        voltageL2V: 230.2,
        voltageL3V: 230.1,
        frequencyHz: 50.01,
        apparentVa: 52_400,
        reactiveVar: 2500,
        powerFactor: -0.9988,
        inWh: 1000,
        outWh: 7_654_321,
      },
    },
  ],
};
