import { input } from '../points.ts';
import type { Profile } from '../profile.ts';

/** Eastron SDM120 and SDM230: floats in input registers, one phase, + is import. */
export const SDM120: Profile = {
  id: 'eastron/sdm120',
  kind: 'registers',
  maker: 'Eastron',
  title: 'Eastron SDM120 single-phase meter',
  role: 'meter',
  source: [
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/sdm120.go',
    'evcc-io/evcc@b29b49e3:templates/definition/meter/eastron-sdm120.yaml',
  ],
  covers: 'SDM120, SDM230',
  connect: { baud: 2400, units: [1] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 80, // 40 floats, as its larger sisters: to be proven on the device
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: input(0, 'f32', 'V', 'control', { min: 0, max: 500 }),
    currentL1A: input(6, 'f32', 'A', 'control'),
    powerW: input(12, 'f32', 'W', 'control'),
    apparentVa: input(18, 'f32', 'VA', 'state'),
    reactiveVar: input(24, 'f32', 'var', 'state'),
    powerFactor: input(30, 'f32', 'none', 'state', { min: -1, max: 1 }),
    frequencyHz: input(70, 'f32', 'Hz', 'state', { min: 40, max: 70 }),
    inWh: input(72, 'f32', 'Wh', 'slow', { scale: 1000 }),
    outWh: input(74, 'f32', 'Wh', 'slow', { scale: 1000 }),
  },
  identity: [],
  control: [],
  quirks: [
    '2400 baud on delivery for older ones, 9600 for newer (unproven).',
    'The resolution of the energy counters falls with their value: 24 bits of kWh.',
    'That + is import was seen in sources, never on a device: commissioning proves it.',
  ],
  examples: [
    {
      registers: {
        0: [0x4366, 0x8000],
        6: [0x4090, 0],
        12: [0xc45a, 0xc000],
        18: [0x44bb, 0x8000],
        24: [0xc2fa, 0],
        30: [0xbf00, 0],
        70: [0x4248, 0, 0x4640, 0xe600, 0x4286, 0],
      },
      reads: {
        voltageL1V: 230.5,
        currentL1A: 4.5,
        powerW: -875,
        apparentVa: 1500,
        reactiveVar: -125,
        powerFactor: -0.5,
        frequencyHz: 50,
        inWh: 12345500,
        outWh: 67000,
      },
    },
  ],
};
