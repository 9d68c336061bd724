import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/**
 * Schneider PM5000: the layout of the iEM3000; only frequency and energies were seen in a source
 * of its own.
 */
export const PM5000: Profile = {
  id: 'schneider/pm5000',
  kind: 'registers',
  maker: 'Schneider Electric',
  title: 'Schneider Electric PM5000 power meter',
  role: 'meter',
  source: [
    'v-zhuravlev/libzbxmodbus#18',
    'pymodbus-dev/pymodbus#418',
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/iem3000.go (same layout, assumed)',
  ],
  covers: 'PM5100, PM5300, PM5500',
  connect: { tcpPort: 502, baud: 19200, units: [1, 255] },
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
    currentL1A: holding(2999, 'f32', 'A', 'control', { unproven: true }),
    currentL2A: holding(3001, 'f32', 'A', 'control', { unproven: true }),
    currentL3A: holding(3003, 'f32', 'A', 'control', { unproven: true }),
    voltageL1V: holding(3027, 'f32', 'V', 'control', { unproven: true, min: 0, max: 500 }),
    voltageL2V: holding(3029, 'f32', 'V', 'control', { unproven: true, min: 0, max: 500 }),
    voltageL3V: holding(3031, 'f32', 'V', 'control', { unproven: true, min: 0, max: 500 }),
    powerL1W: holding(3053, 'f32', 'W', 'control', { scale: 1000, unproven: true }),
    powerL2W: holding(3055, 'f32', 'W', 'control', { scale: 1000, unproven: true }),
    powerL3W: holding(3057, 'f32', 'W', 'control', { scale: 1000, unproven: true }),
    powerW: holding(3059, 'f32', 'W', 'control', { scale: 1000, unproven: true }),
    frequencyHz: holding(3109, 'f32', 'Hz', 'state', { min: 40, max: 70 }),
    inWh: holding(3203, 'i64', 'Wh', 'slow'),
    outWh: holding(3207, 'i64', 'Wh', 'slow'),
  },
  identity: [],
  control: [],
  quirks: [
    'Voltages, currents and powers stand where the iEM3000 has them: assumed, not confirmed.',
    'The list of the maker counts from 1.',
    '19200 baud with even parity on delivery; over TCP unit 255 is the meter itself (unproven).',
  ],
  examples: [
    {
      registers: {
        2999: [0x4090, 0, 0x4088, 0, 0x40a0, 0],
        3027: [0x4366, 0x8000, 0x4365, 0xc000, 0x4367, 0x4000],
        3053: [0x3f80, 0, 0xc040, 0, 0x3f90, 0, 0xbf60, 0],
        3109: [0x4248, 0],
        3203: [0, 0, 0x00bc, 0x609c, 0, 0, 1, 0x05b8],
      },
      reads: {
        currentL1A: 4.5,
        currentL2A: 4.25,
        currentL3A: 5,
        voltageL1V: 230.5,
        voltageL2V: 229.75,
        voltageL3V: 231.25,
        powerL1W: 1000,
        powerL2W: -3000,
        powerL3W: 1125,
        powerW: -875,
        frequencyHz: 50,
        inWh: 12345500,
        outWh: 67000,
      },
    },
  ],
};
