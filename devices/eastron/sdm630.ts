import type { PointClass, PointSpec, Profile, Unit } from '../profile.ts';

type More = Pick<PointSpec, 'min' | 'max' | 'scale'>;

const float = (at: number, unit: Unit, of: PointClass, more: More = {}): PointSpec => ({
  at,
  space: 'input',
  as: 'f32',
  unit,
  class: of,
  ...more,
});
const volts = { min: 0, max: 500 };

/** Eastron SDM630 (and SDM72D-M v2 for these points): floats in input registers, + is import. */
export const SDM630: Profile = {
  id: 'eastron/sdm630',
  kind: 'registers',
  maker: 'Eastron',
  title: 'Eastron SDM630 three-phase meter',
  role: 'meter',
  source: [
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/sdm.go',
    'nmakel/sdm_modbus@fead3528',
    'volkszaehler/mbmd@fb8f9c22:meters/rs485/sdm72v2.go',
  ],
  covers: 'SDM630, SDM72D-M v2',
  connect: { baud: 9_600, units: [1] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 80, // 40 floats, the often quoted limit: to be proven on the device
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    voltageL1V: float(0, 'V', 'control', volts),
    voltageL2V: float(2, 'V', 'control', volts),
    voltageL3V: float(4, 'V', 'control', volts),
    currentL1A: float(6, 'A', 'control'),
    currentL2A: float(8, 'A', 'control'),
    currentL3A: float(10, 'A', 'control'),
    powerL1W: float(12, 'W', 'control'),
    powerL2W: float(14, 'W', 'control'),
    powerL3W: float(16, 'W', 'control'),
    powerW: float(52, 'W', 'control'),
    apparentVa: float(56, 'VA', 'state'),
    reactiveVar: float(60, 'var', 'state'),
    powerFactor: float(62, 'none', 'state', { min: -1, max: 1 }),
    frequencyHz: float(70, 'Hz', 'state', { min: 40, max: 70 }),
    inWh: float(72, 'Wh', 'slow', { scale: 1000 }),
    outWh: float(74, 'Wh', 'slow', { scale: 1000 }),
  },
  identity: [],
  control: [],
  quirks: [
    'Settings are floats in holding registers and stored: never written in operation.',
    'The resolution of the energy counters falls with their value: 24 bits of kWh.',
  ],
  examples: [
    {
      registers: {
        0: [0x4366, 0x0000, 0x4366, 0x8000, 0x4365, 0xc000], // 230, 230.5, 229.75 V
        6: [0x4120, 0x0000, 0x4128, 0x0000, 0x411c, 0x0000], // 10, 10.5, 9.75 A
        12: [0x450f, 0xc000, 0xc516, 0x4000, 0x4509, 0x8000], // 2300, -2404, 2200 W
        52: [0x4503, 0x0000], // 2096 W
        56: [0x4504, 0x4000], // 2116 VA
        60: [0xc2c8, 0x0000], // -100 var
        62: [0x3f80, 0x0000], // 1
        70: [0x4248, 0x0000], // 50 Hz
        72: [0x449a, 0x4800], // 1234.25 kWh
        74: [0x3f80, 0x0000], // 1 kWh
      },
      reads: {
        voltageL1V: 230,
        voltageL2V: 230.5,
        voltageL3V: 229.75,
        currentL1A: 10,
        currentL2A: 10.5,
        currentL3A: 9.75,
        powerL1W: 2300,
        powerL2W: -2404,
        powerL3W: 2200,
        powerW: 2096,
        apparentVa: 2116,
        reactiveVar: -100,
        powerFactor: 1,
        frequencyHz: 50,
        inWh: 1_234_250,
        outWh: 1_000,
      },
    },
  ],
};
