import type { Profile } from '../profile.ts';
import type { Row } from './model.ts';
import { inverterRows } from './roles.ts';

/** Model 1: who the device is. */
export const IDENTITY: readonly Row[] = [
  ['maker', 1, 'Mn'],
  ['model', 1, 'Md'],
  ['firmware', 1, 'Vr'],
  ['serial', 1, 'SN'],
];

/** Model 103: what a three-phase inverter gives to the busbar. */
export const AC_103: readonly Row[] = inverterRows(103);

/** 41.2 kW at 231.4 V, 59.5 A a phase, 49.98 Hz, 12 345 678 Wh, 38.5 degC, MPPT. */
export const EXAMPLE_103 = {
  model: 103,
  registers: {
    2: [1785, 595, 595, 595, 0xffff],
    7: [0xffff, 0xffff, 0xffff, 2314, 2314, 2314, 0xffff],
    14: [4120, 1, 4998, 0xfffe, 4120, 1, 0, 1, 1000, 0xffff],
    24: [0x00bc, 0x614e, 0],
    33: [385, 0x8000, 0x8000, 0x8000, 0xffff, 4],
  },
  reads: {
    powerW: 41_200,
    apparentVa: 41_200,
    reactiveVar: 0,
    powerFactor: 1,
    currentL1A: 59.5,
    currentL2A: 59.5,
    currentL3A: 59.5,
    voltageL1V: 231.4,
    voltageL2V: 231.4,
    voltageL3V: 231.4,
    frequencyHz: 49.98,
    inWh: 12_345_678,
    cabinetC: 38.5,
    state: 4,
  },
};

/**
 * Requests of at most 125 registers, one at a time. Times are ours, generous for what runs in the
 * field.
 */
export const SUNSPEC_LIMITS: Profile['limits'] = {
  maxRegistersPerRead: 125,
  pauseMs: 0,
  timeoutMs: 1_000,
  latencyMs: 0,
  connectDelayMs: 0,
};
