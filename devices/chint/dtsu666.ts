import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/** Chint DTSU666: floats that hold scaled numbers, + is import. */
export const CHINT_DTSU666: Profile = {
  id: 'chint/dtsu666',
  kind: 'registers',
  maker: 'Chint',
  title: 'Chint DTSU666 three-phase meter',
  role: 'meter',
  source: ['volkszaehler/mbmd@fb8f9c22:meters/rs485/dtsu666.go'],
  covers: 'also as sold with Huawei, Growatt, Kostal and Solax inverters',
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
    inWh: holding(4126, 'f32', 'Wh', 'slow', { scale: 1000 }),
    outWh: holding(4136, 'f32', 'Wh', 'slow', { scale: 1000 }),
    voltageL1V: holding(8198, 'f32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL2V: holding(8200, 'f32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL3V: holding(8202, 'f32', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    currentL1A: holding(8204, 'f32', 'A', 'control', { scale: 0.001 }),
    currentL2A: holding(8206, 'f32', 'A', 'control', { scale: 0.001 }),
    currentL3A: holding(8208, 'f32', 'A', 'control', { scale: 0.001 }),
    powerW: holding(8210, 'f32', 'W', 'control', { scale: 0.1 }),
    powerL1W: holding(8212, 'f32', 'W', 'control', { scale: 0.1 }),
    powerL2W: holding(8214, 'f32', 'W', 'control', { scale: 0.1 }),
    powerL3W: holding(8216, 'f32', 'W', 'control', { scale: 0.1 }),
    reactiveVar: holding(8218, 'f32', 'var', 'state', { scale: 0.1 }),
    powerFactor: holding(8234, 'f32', 'none', 'state', { scale: 0.001, min: -1, max: 1 }),
    frequencyHz: holding(8260, 'f32', 'Hz', 'state', { scale: 0.01, min: 40, max: 70 }),
  },
  identity: [],
  control: [],
  quirks: [
    'Floats are scaled: voltages by 10, currents by 1000, powers by 10, frequency by 100.',
    'An inverter that it was sold with is usually its master: two masters do not share a line.',
    'The sign of the power is not in the source: commissioning proves it.',
    'The resolution of the energy counters falls with their value: 24 bits of kWh.',
  ],
  examples: [
    {
      registers: {
        4126: [0x4640, 0xe600],
        4136: [0x4286, 0],
        8198: [
          0x4510, 0x1000, 0x450f, 0x9800, 0x4510, 0x8800, 0x458c, 0xa000, 0x4584, 0xd000, 0x459c,
          0x4000, 0xc608, 0xb800, 0x461c, 0x4000, 0xc6ea, 0x6000, 0x462f, 0xc800, 0xc49c, 0x4000,
        ],
        8234: [0xc3fa, 0],
        8260: [0x459c, 0x4000],
      },
      reads: {
        inWh: 12345500,
        outWh: 67000,
        voltageL1V: 230.5,
        voltageL2V: 229.75,
        voltageL3V: 231.25,
        currentL1A: 4.5,
        currentL2A: 4.25,
        currentL3A: 5,
        powerW: -875,
        powerL1W: 1000,
        powerL2W: -3000,
        powerL3W: 1125,
        reactiveVar: -125,
        powerFactor: -0.5,
        frequencyHz: 50,
      },
    },
  ],
};
