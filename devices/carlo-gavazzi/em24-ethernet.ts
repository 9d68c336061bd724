import type { PointClass, PointSpec, Profile, Unit } from '../profile.ts';

type More = Pick<PointSpec, 'min' | 'max' | 'unproven'>;

const wide = (
  at: number,
  unit: Unit,
  scale: number,
  of: PointClass,
  more: More = {},
): PointSpec => ({
  at,
  space: 'input',
  as: 'i32',
  unit,
  scale,
  class: of,
  notAvailable: [0x7fffffff],
  ...more,
});
const volts = { min: 0, max: 500 };

/**
 * Carlo Gavazzi EM24 with Ethernet (E1): 32-bit values low word first, + is import. Not the map of
 * the RS-485 type.
 */
export const EM24_ETHERNET: Profile = {
  id: 'carlo-gavazzi/em24-ethernet',
  kind: 'registers',
  maker: 'Carlo Gavazzi',
  title: 'Carlo Gavazzi EM24 E1 (Ethernet)',
  role: 'meter',
  source: [
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/carlogavazzi-em24_e1.go',
    'victronenergy/dbus-modbus-client@fe12d8c9:carlo_gavazzi.py',
  ],
  connect: { tcpPort: 502, units: [1] },
  signs: 'assumed',
  wordOrder: 'little',
  limits: {
    maxRegistersPerRead: 50, // ours: no source names a limit
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: wide(0, 'V', 0.1, 'control', volts),
    voltageL2V: wide(2, 'V', 0.1, 'control', volts),
    voltageL3V: wide(4, 'V', 0.1, 'control', volts),
    currentL1A: wide(12, 'A', 0.001, 'control'),
    currentL2A: wide(14, 'A', 0.001, 'control'),
    currentL3A: wide(16, 'A', 0.001, 'control'),
    powerL1W: wide(18, 'W', 0.1, 'control'),
    powerL2W: wide(20, 'W', 0.1, 'control'),
    powerL3W: wide(22, 'W', 0.1, 'control'),
    powerW: wide(40, 'W', 0.1, 'control'),
    apparentVa: wide(42, 'VA', 0.1, 'state', { unproven: true }),
    reactiveVar: wide(44, 'var', 0.1, 'state', { unproven: true }),
    powerFactor: {
      at: 49,
      space: 'input',
      as: 'i16',
      unit: 'none',
      scale: 0.001,
      class: 'state',
      min: -1,
      max: 1,
    },
    frequencyHz: {
      at: 51,
      space: 'input',
      as: 'u16',
      unit: 'Hz',
      scale: 0.1,
      class: 'state',
      min: 40,
      max: 70,
    },
    inWh: wide(52, 'Wh', 100, 'slow'),
    outWh: wide(78, 'Wh', 100, 'slow'),
    model: { at: 11, space: 'holding', as: 'u16', unit: 'none', class: 'slow' },
    firmware: { at: 772, space: 'holding', as: 'u16', unit: 'none', class: 'slow' },
    serial: { at: 20480, space: 'holding', as: 'str', words: 7, unit: 'none', class: 'slow' },
    application: { at: 40960, space: 'holding', as: 'u16', unit: 'none', class: 'slow' },
  },
  identity: ['model', 'serial', 'firmware'],
  control: [],
  quirks: [
    'The application register must be 7 (H) for the whole set of values.',
    'model is a number from 1648 to 1653.',
    'Energy comes in steps of 100 Wh.',
    'apparentVa and reactiveVar were seen in no source that reads them.',
  ],
  examples: [
    {
      registers: {
        0: [2301, 0, 2302, 0, 2299, 0],
        12: [4350, 0, 0x1170, 1, 10, 0], // 4.35 A, 70 A, 0.01 A
        18: [10000, 0, 0x8ad0, 0xffff, 0, 0],
        40: [0xb1e0, 0xffff, 0x4e84, 0, 0, 0],
        49: [-998 & 0xffff],
        51: [500, 0x3039, 0],
        78: [0x0001, 0x0001],
      },
      reads: {
        voltageL1V: 230.1,
        voltageL2V: 230.2,
        voltageL3V: 229.9,
        currentL1A: 4.35,
        currentL2A: 70,
        currentL3A: 0.01,
        powerL1W: 1000,
        powerL2W: -3000,
        powerL3W: 0,
        powerW: -2000,
        apparentVa: 2010,
        reactiveVar: 0,
        powerFactor: -0.998,
        frequencyHz: 50,
        inWh: 1_234_500,
        outWh: 6_553_700,
      },
    },
    {
      space: 'holding',
      registers: { 11: [1651], 772: [0x0102], 40960: [7] },
      reads: { model: 1651, firmware: 258, application: 7 },
    },
  ],
};
