import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/**
 * SMA Sunny Home Manager 2.0 as an SMA inverter shows it at unit 3: import and export apart, +
 * is import.
 */
export const SMA_SHM2: Profile = {
  id: 'sma/shm2',
  kind: 'registers',
  maker: 'SMA',
  title: 'SMA Sunny Home Manager 2.0, through an SMA inverter',
  role: 'meter',
  source: [
    'OpenEMS/openems@0e4ea888:io.openems.edge.sma/src/io/openems/edge/sma/meter/shm20/MeterSmaShm20Impl.java',
    'evcc-io/evcc@b29b49e3:templates/definition/meter/sma-homemanager-modbus.yaml',
  ],
  connect: { tcpPort: 502, units: [3] },
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
    inWh: holding(30581, 'u32', 'Wh', 'slow'),
    outWh: holding(30583, 'u32', 'Wh', 'slow'),
    importW: holding(30865, 'i32', 'W', 'control'),
    exportW: holding(30867, 'i32', 'W', 'control', { sign: -1 }),
    voltageL1V: holding(31253, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    voltageL2V: holding(31255, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    voltageL3V: holding(31257, 'u32', 'V', 'control', { scale: 0.01, min: 0, max: 500 }),
    exportL1W: holding(31259, 'u32', 'W', 'control', { sign: -1 }),
    exportL2W: holding(31261, 'u32', 'W', 'control', { sign: -1 }),
    exportL3W: holding(31263, 'u32', 'W', 'control', { sign: -1 }),
    importL1W: holding(31265, 'u32', 'W', 'control'),
    importL2W: holding(31267, 'u32', 'W', 'control'),
    importL3W: holding(31269, 'u32', 'W', 'control'),
    reactiveVar: holding(31277, 'i32', 'var', 'state'),
    currentL1A: holding(31435, 'i32', 'A', 'control', { scale: 0.001 }),
    currentL2A: holding(31437, 'i32', 'A', 'control', { scale: 0.001 }),
    currentL3A: holding(31439, 'i32', 'A', 'control', { scale: 0.001 }),
    frequencyHz: holding(31447, 'u32', 'Hz', 'state', { scale: 0.01, min: 40, max: 70 }),
  },
  sums: {
    powerW: ['importW', 'exportW'],
    powerL1W: ['importL1W', 'exportL1W'],
    powerL2W: ['importL2W', 'exportL2W'],
    powerL3W: ['importL3W', 'exportL3W'],
  },
  identity: [],
  control: [],
  quirks: [
    'It speaks no Modbus itself: these registers stand in an SMA inverter that hears it.',
    'What it sends on the network by itself is not Modbus and is not read.',
    'All from one source: to be proven on the device.',
  ],
  examples: [
    {
      registers: {
        30581: [0x00bc, 0x609c, 1, 0x05b8],
        30865: [0, 0, 0, 0x036b],
        31253: [0, 0x5a0a, 0, 0x59bf, 0, 0x5a55, 0, 0, 0, 0x0bb8, 0, 0, 0, 0x03e8, 0, 0, 0, 0x0465],
        31277: [0xffff, 0xff83],
        31435: [0, 0x1194, 0, 0x109a, 0, 0x1388],
        31447: [0, 0x1388],
      },
      reads: {
        inWh: 12345500,
        outWh: 67000,
        importW: 0,
        exportW: -875,
        voltageL1V: 230.5,
        voltageL2V: 229.75,
        voltageL3V: 231.25,
        exportL1W: 0,
        exportL2W: -3000,
        exportL3W: 0,
        importL1W: 1000,
        importL2W: 0,
        importL3W: 1125,
        reactiveVar: -125,
        currentL1A: 4.5,
        currentL2A: 4.25,
        currentL3A: 5,
        frequencyHz: 50,
      },
    },
  ],
};
