import { input } from '../points.ts';
import type { Profile } from '../profile.ts';

/**
 * Carlo Gavazzi EM24 on RS-485: 32-bit values low word first, + is import. Not the map of the
 * Ethernet type.
 */
export const EM24_RS485: Profile = {
  id: 'carlo-gavazzi/em24-rs485',
  kind: 'registers',
  maker: 'Carlo Gavazzi',
  title: 'Carlo Gavazzi EM24 (RS-485)',
  role: 'meter',
  source: ['volkszaehler/mbmd@fb8f9c22:meters/rs485/carlogavazzi-em24.go'],
  connect: { baud: 9600, units: [1] },
  signs: 'assumed',
  wordOrder: 'little',
  notAvailable: { i32: [0x7fffffff] },
  limits: {
    maxRegistersPerRead: 11, // older firmware is said to take no more: to be proven on the device
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: input(0, 'i32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL2V: input(2, 'i32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL3V: input(4, 'i32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    currentL1A: input(12, 'i32', 'A', 'control', { scale: 0.001 }),
    currentL2A: input(14, 'i32', 'A', 'control', { scale: 0.001 }),
    currentL3A: input(16, 'i32', 'A', 'control', { scale: 0.001 }),
    powerL1W: input(18, 'i32', 'W', 'control', { scale: 0.1 }),
    powerL2W: input(20, 'i32', 'W', 'control', { scale: 0.1 }),
    powerL3W: input(22, 'i32', 'W', 'control', { scale: 0.1 }),
    powerW: input(40, 'i32', 'W', 'control', { scale: 0.1 }),
    powerFactor: input(53, 'i16', 'none', 'state', { scale: 0.001, min: -1, max: 1 }),
    frequencyHz: input(55, 'u16', 'Hz', 'state', { scale: 0.1, min: 40, max: 70 }),
    inWh: input(66, 'i32', 'Wh', 'slow', { scale: 100 }),
    outWh: input(92, 'i32', 'Wh', 'slow', { scale: 100 }),
  },
  identity: [],
  control: [],
  quirks: [
    'The Ethernet type has other addresses from the power factor on.',
    'Energy comes in steps of 100 Wh.',
    'The meter cannot say who it is in any register that we know.',
    'That + is import was seen in sources, never on a device: commissioning proves it.',
  ],
  examples: [
    {
      registers: {
        0: [0x0901, 0, 0x08fa, 0, 0x0908, 0],
        12: [0x1194, 0, 0x109a, 0, 0x1388, 0, 0x2710, 0, 0x8ad0, 0xffff, 0x2bf2, 0],
        40: [0xddd2, 0xffff],
        53: [0xfe0c],
        55: [0x01f4],
        66: [0xe23f, 1],
        92: [0x029e, 0],
      },
      reads: {
        voltageL1V: 230.5,
        voltageL2V: 229.8,
        voltageL3V: 231.2,
        currentL1A: 4.5,
        currentL2A: 4.25,
        currentL3A: 5,
        powerL1W: 1000,
        powerL2W: -3000,
        powerL3W: 1125,
        powerW: -875,
        powerFactor: -0.5,
        frequencyHz: 50,
        inWh: 12345500,
        outWh: 67000,
      },
    },
  ],
};
