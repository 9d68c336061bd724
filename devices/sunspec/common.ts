import type { Profile } from '../profile.ts';
import type { Use } from './model.ts';

/** Model 1: who the device is. */
export const IDENTITY: readonly (readonly [string, number, string, Use?])[] = [
  ['maker', 1, 'Mn'],
  ['model', 1, 'Md'],
  ['firmware', 1, 'Vr'],
  ['serial', 1, 'SN'],
];

/** Model 103: what an inverter gives to the busbar. Power factor comes in percent. */
export const AC_103: readonly (readonly [string, number, string, Use?])[] = [
  ['powerW', 103, 'W', { class: 'control' }],
  ['reactiveVar', 103, 'VAr', { class: 'state' }],
  ['apparentVa', 103, 'VA', { class: 'state' }],
  ['powerFactor', 103, 'PF', { class: 'state', scale: 0.01, unit: 'none', min: -1, max: 1 }],
  ['currentL1A', 103, 'AphA', { class: 'control' }],
  ['currentL2A', 103, 'AphB', { class: 'control' }],
  ['currentL3A', 103, 'AphC', { class: 'control' }],
  ['voltageL1V', 103, 'PhVphA', { class: 'control', min: 0, max: 500 }],
  ['voltageL2V', 103, 'PhVphB', { class: 'control', min: 0, max: 500 }],
  ['voltageL3V', 103, 'PhVphC', { class: 'control', min: 0, max: 500 }],
  ['frequencyHz', 103, 'Hz', { class: 'state', min: 40, max: 70 }],
  ['inWh', 103, 'WH'],
  ['cabinetC', 103, 'TmpCab', { class: 'state', min: -60, max: 150 }],
  [
    'state',
    103,
    'St',
    {
      class: 'state',
      states: {
        off: 1,
        sleeping: 2,
        starting: 3,
        mppt: 4,
        throttled: 5,
        'shutting-down': 6,
        fault: 7,
        standby: 8,
      },
    },
  ],
];

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

/**
 * Longest reversion time that a 16-bit register of seconds holds; 65535 would mean "not available".
 */
export const LONGEST_S = 65_534;
