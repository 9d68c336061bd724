import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/** Janitza UMG96RM-E: the block of floats at 19000 that most UMG models share, + is import. */
export const UMG96RM_E: Profile = {
  id: 'janitza/umg96rm-e',
  kind: 'registers',
  maker: 'Janitza',
  title: 'Janitza UMG96RM-E power analyser',
  role: 'meter',
  source: [
    'OpenEMS/openems@0e4ea888:io.openems.edge.meter.janitza/src/io/openems/edge/meter/janitza/umg96rme/MeterJanitzaUmg96rmeImpl.java',
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/janitza.go (B series: same block 0x4A38 = 19000)',
  ],
  covers: 'UMG96RM-E and the B series; the block stands in most UMG models',
  connect: { tcpPort: 502, units: [1] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 50, // ours: no source names a limit
    pauseMs: 0,
    timeoutMs: 1_000,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: holding(19000, 'f32', 'V', 'control', { min: 0, max: 500 }),
    voltageL2V: holding(19002, 'f32', 'V', 'control', { min: 0, max: 500 }),
    voltageL3V: holding(19004, 'f32', 'V', 'control', { min: 0, max: 500 }),
    currentL1A: holding(19012, 'f32', 'A', 'control'),
    currentL2A: holding(19014, 'f32', 'A', 'control'),
    currentL3A: holding(19016, 'f32', 'A', 'control'),
    powerL1W: holding(19020, 'f32', 'W', 'control'),
    powerL2W: holding(19022, 'f32', 'W', 'control'),
    powerL3W: holding(19024, 'f32', 'W', 'control'),
    powerW: holding(19026, 'f32', 'W', 'control'),
    reactiveVar: holding(19042, 'f32', 'var', 'state'),
    frequencyHz: holding(19050, 'f32', 'Hz', 'state', { min: 40, max: 70 }),
    inWh: holding(19068, 'f32', 'Wh', 'slow'),
    outWh: holding(19076, 'f32', 'Wh', 'slow'),
  },
  identity: [],
  control: [],
  quirks: [
    'Energy counters are floats of 24 bits: steps of 16 Wh at 200 MWh.',
    'That + is import was seen in sources, never on a device: commissioning proves it.',
  ],
  examples: [
    {
      registers: {
        19000: [0x4366, 0x8000, 0x4365, 0xc000, 0x4367, 0x4000],
        19012: [0x4090, 0, 0x4088, 0, 0x40a0, 0],
        19020: [0x447a, 0, 0xc53b, 0x8000, 0x448c, 0xa000, 0xc45a, 0xc000],
        19042: [0xc2fa, 0],
        19050: [0x4248, 0],
        19068: [0x4b3c, 0x609c],
        19076: [0x4782, 0xdc00],
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
        powerW: -875,
        reactiveVar: -125,
        frequencyHz: 50,
        inWh: 12345500,
        outWh: 67000,
      },
    },
  ],
};
