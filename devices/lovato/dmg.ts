import { input } from '../points.ts';
import type { Profile } from '../profile.ts';

/** Lovato DMG: integers in input registers. No energy counter is known. */
export const LOVATO_DMG: Profile = {
  id: 'lovato/dmg',
  kind: 'registers',
  maker: 'Lovato',
  title: 'Lovato DMG610 power analyser',
  role: 'meter',
  source: ['volkszaehler/mbmd@fb8f9c22:meters/rs485/dmg610.go'],
  covers: 'DMG610 and the DMG series',
  connect: { baud: 9600, units: [1] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 50, // ours: no source names a limit
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: input(1, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    voltageL2V: input(3, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    voltageL3V: input(5, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    currentL1A: input(7, 'u32', 'A', 'control', { scale: 0.0001 }),
    currentL2A: input(9, 'u32', 'A', 'control', { scale: 0.0001 }),
    currentL3A: input(11, 'u32', 'A', 'control', { scale: 0.0001 }),
    powerL1W: input(19, 'i32', 'W', 'control', { scale: 0.01 }),
    powerL2W: input(21, 'i32', 'W', 'control', { scale: 0.01 }),
    powerL3W: input(23, 'i32', 'W', 'control', { scale: 0.01 }),
    frequencyHz: input(49, 'u32', 'Hz', 'state', { scale: 0.001, min: 40, max: 70 }),
    powerW: input(57, 'i32', 'W', 'control', { scale: 0.01 }),
    reactiveVar: input(59, 'i32', 'var', 'state', { scale: 0.01 }),
    apparentVa: input(61, 'u32', 'VA', 'state', { scale: 0.01 }),
  },
  identity: [],
  control: [],
  quirks: [
    'The list of the maker counts from 1: its 2 is 1 here.',
    'No energy counter is in the source: energy comes from power.',
    'The sign of the power is not in the source: commissioning proves it.',
  ],
  examples: [
    {
      registers: {
        1: [0, 0x5a0a, 0, 0x59bf, 0, 0x5a55, 0, 0xafc8, 0, 0xa604, 0, 0xc350],
        19: [1, 0x86a0, 0xfffb, 0x6c20, 1, 0xb774],
        49: [0, 0xc350],
        57: [0xfffe, 0xaa34, 0xffff, 0xcf2c, 2, 0x49f0],
      },
      reads: {
        voltageL1V: 230.5,
        voltageL2V: 229.75,
        voltageL3V: 231.25,
        currentL1A: 4.5,
        currentL2A: 4.25,
        currentL3A: 5,
        powerL1W: 1000,
        powerL2W: -3000,
        powerL3W: 1125,
        frequencyHz: 50,
        powerW: -875,
        reactiveVar: -125,
        apparentVa: 1500,
      },
    },
  ],
};
