import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/** Janitza UMG604: floats in holding registers, + is import. */
export const UMG604: Profile = {
  id: 'janitza/umg604',
  kind: 'registers',
  maker: 'Janitza',
  title: 'Janitza UMG604 power analyser',
  role: 'meter',
  source: [
    'OpenEMS/openems@0e4ea888:io.openems.edge.meter.janitza/src/io/openems/edge/meter/janitza/umg604/MeterJanitzaUmg604Impl.java',
  ],
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
    voltageL1V: holding(1317, 'f32', 'V', 'control', { min: 0, max: 500 }),
    voltageL2V: holding(1319, 'f32', 'V', 'control', { min: 0, max: 500 }),
    voltageL3V: holding(1321, 'f32', 'V', 'control', { min: 0, max: 500 }),
    currentL1A: holding(1325, 'f32', 'A', 'control'),
    currentL2A: holding(1327, 'f32', 'A', 'control'),
    currentL3A: holding(1329, 'f32', 'A', 'control'),
    powerL1W: holding(1333, 'f32', 'W', 'control'),
    powerL2W: holding(1335, 'f32', 'W', 'control'),
    powerL3W: holding(1337, 'f32', 'W', 'control'),
    powerW: holding(1369, 'f32', 'W', 'control'),
    reactiveVar: holding(1371, 'f32', 'var', 'state'),
    frequencyHz: holding(1439, 'f32', 'Hz', 'state', { min: 40, max: 70 }),
    inWh: holding(9851, 'f32', 'Wh', 'slow'),
    outWh: holding(9863, 'f32', 'Wh', 'slow'),
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
        1317: [0x4366, 0x8000, 0x4365, 0xc000, 0x4367, 0x4000],
        1325: [0x4090, 0, 0x4088, 0, 0x40a0, 0],
        1333: [0x447a, 0, 0xc53b, 0x8000, 0x448c, 0xa000],
        1369: [0xc45a, 0xc000, 0xc2fa, 0],
        1439: [0x4248, 0],
        9851: [0x4b3c, 0x609c],
        9863: [0x4782, 0xdc00],
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
