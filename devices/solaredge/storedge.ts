import { holding, type PointMore } from '../points.ts';
import type { PointClass, PointSpec, Profile, Unit, WireType } from '../profile.ts';
import { AC_103, EXAMPLE_103, IDENTITY } from '../sunspec/common.ts';
import { sunspecPoints } from '../sunspec/model.ts';
import { MODELS } from '../sunspec/models.ts';

/** Registers of the maker, 0xE000 and up: low word first, unlike the SunSpec models. */
const vendor = (
  at: number,
  as: WireType,
  unit: Unit,
  of: PointClass,
  more: PointMore = {},
): PointSpec => holding(at, as, unit, of, { wordOrder: 'little', only: 'with battery', ...more });

/** Storage control and battery 1. */
const BATTERY: Profile['points'] = {
  exportMode: vendor(57344, 'bits16', 'none', 'state'),
  exportLimitW: vendor(57346, 'f32', 'W', 'state', { sign: 1 }),
  'battery.setControlMode': vendor(57348, 'u16', 'none', 'state', {
    writable: true,
    stored: true,
    states: { 'self-consumption': 1, off: 0, 'time-of-use': 2, backup: 3, remote: 4 },
  }),
  'battery.setReserveSocPct': vendor(57352, 'f32', 'pct', 'slow', { min: 0, max: 100 }),
  'battery.setDefaultMode': vendor(57354, 'u16', 'none', 'state', {
    writable: true,
    stored: true,
    min: 0,
    max: 7,
  }),
  'battery.setReversionS': vendor(57355, 'u32', 's', 'state', {
    writable: true,
    min: 1,
    max: 86_400,
  }),
  'battery.setCommand': vendor(57357, 'u16', 'none', 'state', {
    writable: true,
    states: {
      'self-consumption': 7,
      off: 0,
      'charge-excess-pv': 1,
      'charge-pv-first': 2,
      'charge-pv-ac': 3,
      'discharge-max-export': 4,
      'discharge-min-import': 5,
    },
  }),
  'battery.setChargeW': vendor(57358, 'f32', 'W', 'state', {
    sign: 1,
    writable: true,
    min: 0,
    max: 1_000_000,
  }),
  'battery.setDischargeW': vendor(57360, 'f32', 'W', 'state', {
    sign: 1,
    writable: true,
    min: 0,
    max: 1_000_000,
  }),
  'battery.maker': vendor(57600, 'str', 'none', 'slow', { words: 16 }),
  'battery.model': vendor(57616, 'str', 'none', 'slow', { words: 16 }),
  'battery.chargeMaxW': vendor(57668, 'f32', 'W', 'state'),
  'battery.dischargeMaxW': vendor(57670, 'f32', 'W', 'state'),
  'battery.temperatureC': vendor(57708, 'f32', 'degC', 'state', { min: -60, max: 150 }),
  'battery.voltageV': vendor(57712, 'f32', 'V', 'state', { min: 0, max: 1100 }),
  'battery.currentA': vendor(57714, 'f32', 'A', 'state', { sign: -1 }),
  'battery.powerW': vendor(57716, 'f32', 'W', 'control', { sign: -1 }),
  'battery.inWh': vendor(57718, 'u64', 'Wh', 'slow'),
  'battery.outWh': vendor(57722, 'u64', 'Wh', 'slow'),
  'battery.capacityWh': vendor(57726, 'f32', 'Wh', 'slow'),
  'battery.availableWh': vendor(57728, 'f32', 'Wh', 'state'),
  'battery.sohPct': vendor(57730, 'f32', 'pct', 'slow', { min: 0, max: 100 }),
  'battery.socPct': vendor(57732, 'f32', 'pct', 'state', { min: 0, max: 100 }),
  'battery.state': vendor(57734, 'u32', 'none', 'state'),
};

/**
 * SolarEdge with StorEdge battery: '' is the inverter at the busbar by SunSpec, `battery` by the
 * registers of the maker, `meter` is the first SunSpec meter behind it, export + on the wire.
 */
export const SOLAREDGE_STOREDGE: Profile = {
  id: 'solaredge/storedge',
  kind: 'sunspec',
  maker: 'SolarEdge',
  title: 'SolarEdge three-phase inverter with StorEdge battery and meter',
  role: 'hybrid',
  source: [
    'WillCodeForCats/solaredge-modbus-multi@f0ab4b12:hub.py, const.py',
    'evcc-io/evcc@b29b49e3:templates/definition/meter/solaredge-hybrid.yaml',
    'WillCodeForCats/solaredge-modbus-multi#726, #1068 (wear of the flash)',
  ],
  covers: 'three-phase inverters (model 103); battery 1, meter 1',
  connect: { tcpPort: 1_502, units: [1] },
  signs: 'seen',
  wordOrder: 'big',
  notAvailable: { f32: [-3.4028234663852886e38] },
  limits: {
    maxRegistersPerRead: 120, // ours; a block of the maker is one read
    pauseMs: 0,
    timeoutMs: 3_000,
    latencyMs: 0,
    connectDelayMs: 0,
    clients: 1,
  },
  models: [1, 103],
  points: {
    ...sunspecPoints(MODELS, [
      ...IDENTITY,
      ...AC_103,
      ['dcPowerW', 103, 'DCW', { class: 'state' }],
      ['meter.powerW', 203, 'W', { class: 'control', sign: -1 }],
      ['meter.powerL1W', 203, 'WphA', { class: 'control', sign: -1 }],
      ['meter.powerL2W', 203, 'WphB', { class: 'control', sign: -1 }],
      ['meter.powerL3W', 203, 'WphC', { class: 'control', sign: -1 }],
      ['meter.voltageL1V', 203, 'PhVphA', { class: 'control', min: 0, max: 500 }],
      ['meter.voltageL2V', 203, 'PhVphB', { class: 'control', min: 0, max: 500 }],
      ['meter.voltageL3V', 203, 'PhVphC', { class: 'control', min: 0, max: 500 }],
      ['meter.outWh', 203, 'TotWhExp'],
      ['meter.inWh', 203, 'TotWhImp'],
    ]),
    ...BATTERY,
  },
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [
    {
      binds: 'battery',
      kind: 'setpoint',
      arm: [
        { point: 'battery.setDefaultMode', value: { const: 7 } },
        { point: 'battery.setReversionS', value: { from: 'timeoutS' } },
      ],
      set: [
        { point: 'battery.setControlMode', value: { const: 4 } },
        { point: 'battery.setChargeW', value: { from: 'absPowerW' }, when: 'charging' },
        { point: 'battery.setDischargeW', value: { from: 'absPowerW' }, when: 'discharging' },
        { point: 'battery.setCommand', value: { const: 3 }, when: 'charging' },
        { point: 'battery.setCommand', value: { const: 4 }, when: 'discharging' },
      ],
      release: [{ point: 'battery.setCommand', value: { const: 7 } }],
      reversion: { to: 'own-mode', minS: 10, maxS: 86_400, renewedBy: 'none' },
      flash: 'volatile',
      writesPerDay: 20,
      source: 'remote control 0xE004, 0xE00A, 0xE00B and 0xE00D; after its time the default mode',
    },
  ],
  quirks: [
    'Control mode and default mode are stored: they are set once, then only compared.',
    'It stays in remote mode when given back, with self-consumption as its command and default.',
    'Own mode therefore means self-consumption, whatever was set before.',
    'The DC power holds sun and battery together: there is no pv.powerW, let the site derive it.',
    'One client only; an idle connection is said to be dropped after about 2 min (not confirmed).',
    'The limit of production (0xF0xx, 0xF3xx) wants an enable that no source confirms: left out.',
  ],
  examples: [
    EXAMPLE_103,
    { model: 103, registers: { 31: [4_210, 1] }, reads: { dcPowerW: 42_100 } },
    {
      model: 203,
      registers: {
        8: [2_305, 2_310, 2_315],
        15: [0xffff],
        18: [2_750, 1_100, 900, 750, 0],
        38: [0x0000, 0x2710],
        46: [0x0000, 0x4e20],
        54: [0],
      },
      reads: {
        'meter.voltageL1V': 230.5,
        'meter.voltageL2V': 231,
        'meter.voltageL3V': 231.5,
        'meter.powerW': -2_750,
        'meter.powerL1W': -1_100,
        'meter.powerL2W': -900,
        'meter.powerL3W': -750,
        'meter.outWh': 10_000,
        'meter.inWh': 20_000,
      },
    },
    {
      registers: {
        57344: [1],
        57346: [49152, 17882, 1],
        57352: [0, 17000, 7, 60, 0, 7, 32768, 17723, 16384, 17820],
        57668: [16384, 17820, 16384, 17820],
        57708: [0, 16860],
        57712: [
          0, 17353, 0, 16528, 20480, 17614, 51552, 68, 0, 0, 62552, 68, 0, 0, 36864, 17943, 57344,
          17835, 0, 17090, 0, 17004, 4, 0,
        ],
      },
      reads: {
        exportMode: 1,
        exportLimitW: 7000,
        'battery.setControlMode': 1,
        'battery.setReserveSocPct': 58,
        'battery.setDefaultMode': 7,
        'battery.setReversionS': 60,
        'battery.setCommand': 7,
        'battery.setChargeW': 3000,
        'battery.setDischargeW': 5000,
        'battery.chargeMaxW': 5000,
        'battery.dischargeMaxW': 5000,
        'battery.temperatureC': 27.5,
        'battery.voltageV': 402,
        'battery.currentA': -4.5,
        'battery.powerW': -1650.5,
        'battery.inWh': 4_508_000,
        'battery.outWh': 4_519_000,
        'battery.capacityWh': 9700,
        'battery.availableWh': 5500,
        'battery.sohPct': 97,
        'battery.socPct': 59,
        'battery.state': 4,
      },
    },
  ],
};
