import type { Profile } from '../profile.ts';
import { AC_103, EXAMPLE_103, IDENTITY } from '../sunspec/common.ts';
import { sunspecPoints } from '../sunspec/model.ts';
import { MODELS } from '../sunspec/models.ts';

/**
 * Fronius GEN24 hybrid, SunSpec with integers and scale factors: '' is the converter at the busbar.
 * Model 160 shows two strings, then the battery's charge and discharge as two magnitudes; 124
 * commands the battery, 123 limits the converter.
 */
export const FRONIUS_GEN24: Profile = {
  id: 'fronius/gen24',
  kind: 'sunspec',
  maker: 'Fronius',
  title: 'Fronius GEN24, Verto and Tauro hybrid inverter (SunSpec, int + SF)',
  role: 'hybrid',
  source: [
    'evcc-io/evcc@b29b49e3:templates/definition/meter/fronius-gen24.yaml',
    'redpomodoro/fronius_modbus@8a470af7:froniusmodbusclient_const.py',
    'evcc-io/evcc#18386, evcc-io/evcc#16008, callifo/fronius_modbus#58',
    'redpomodoro/fronius_modbus#87, longzheng/open-dynamic-export#68',
    'home-assistant/home-assistant.io#47619',
  ],
  covers: 'control from firmware 1.34.6-1; three-phase models with a battery',
  connect: { tcpPort: 502, units: [1] },
  signs: 'seen',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 125,
    pauseMs: 0,
    timeoutMs: 2_000,
    latencyMs: 0,
    connectDelayMs: 0,
    settleMs: 200, // what a client in the field waits; no figure of the maker
  },
  models: [1, 103, 120, 123, 160, 124],
  points: sunspecPoints(MODELS, [
    ...IDENTITY,
    ...AC_103,
    ['ratedW', 120, 'WRtg'],
    ['limitPct', 123, 'WMaxLimPct', { class: 'state', min: 0, max: 100 }],
    ['limitReversionS', 123, 'WMaxLimPct_RvrtTms', { class: 'state', min: 0, max: 28_800 }],
    ['limitEnable', 123, 'WMaxLim_Ena', { class: 'state', min: 0, max: 1 }],
    ['pv.string1PowerW', 160, 'module1.DCW', { class: 'control' }],
    ['pv.string1VoltageV', 160, 'module1.DCV', { class: 'state', min: 0, max: 1_100 }],
    ['pv.string1CurrentA', 160, 'module1.DCA', { class: 'state' }],
    ['pv.string1InWh', 160, 'module1.DCWH'],
    ['pv.string2PowerW', 160, 'module2.DCW', { class: 'control' }],
    ['pv.string2VoltageV', 160, 'module2.DCV', { class: 'state', min: 0, max: 1_100 }],
    ['pv.string2CurrentA', 160, 'module2.DCA', { class: 'state' }],
    ['pv.string2InWh', 160, 'module2.DCWH'],
    ['battery.chargeW', 160, 'module3.DCW', { class: 'control', sign: -1 }],
    ['battery.outWh', 160, 'module3.DCWH'],
    ['battery.dischargeW', 160, 'module4.DCW', { class: 'control' }],
    ['battery.inWh', 160, 'module4.DCWH'],
    ['battery.ratedW', 124, 'WChaMax'],
    ['battery.setMode', 124, 'StorCtl_Mod', { class: 'state', min: 0, max: 3 }],
    ['battery.reservePct', 124, 'MinRsvPct', { class: 'state', min: 0, max: 100 }],
    ['battery.socPct', 124, 'ChaState', { class: 'state', min: 0, max: 100 }],
    ['battery.dischargeRatePct', 124, 'OutWRte', { class: 'state', min: -100, max: 100 }],
    ['battery.chargeRatePct', 124, 'InWRte', { class: 'state', sign: -1, min: -100, max: 100 }],
  ]),
  sums: {
    'pv.powerW': ['pv.string1PowerW', 'pv.string2PowerW'],
    'pv.inWh': ['pv.string1InWh', 'pv.string2InWh'],
    'battery.powerW': ['battery.chargeW', 'battery.dischargeW'],
  },
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [
    {
      binds: 'battery',
      kind: 'setpoint',
      arm: [],
      set: [
        { point: 'battery.dischargeRatePct', value: { from: 'powerPct' } },
        { point: 'battery.chargeRatePct', value: { from: 'powerPct' } },
        { point: 'battery.setMode', value: { const: 3 } },
      ],
      release: [{ point: 'battery.setMode', value: { const: 0 } }],
      reversion: { to: 'none', minS: 0, maxS: 0, renewedBy: 'none' },
      flash: 'volatile',
      unlock: { by: 'setting', how: 'enable "Inverter control via Modbus" at the device' },
      source: 'both rates of model 124, a negative one forces; its timer misbehaved in the field',
    },
    {
      binds: '',
      kind: 'limit',
      arm: [{ point: 'limitReversionS', value: { from: 'timeoutS' } }],
      set: [
        { point: 'limitPct', value: { from: 'powerPct' } },
        { point: 'limitEnable', value: { const: 0 } },
        { point: 'limitEnable', value: { const: 1 } },
      ],
      release: [
        { point: 'limitPct', value: { const: 100 } },
        { point: 'limitEnable', value: { const: 0 } },
      ],
      reversion: {
        to: 'full-power',
        minS: 1,
        maxS: 28_800,
        renewedBy: 'any-write',
        unproven: true,
      },
      flash: 'volatile',
      unlock: { by: 'setting', how: 'enable "Inverter control via Modbus" at the device' },
      source: 'model 123; a new value counts only after the enable went 1, 0, 1',
    },
  ],
  quirks: [
    'Rates refer to WChaMax of model 124, here battery.ratedW; the limit to ratedW.',
    'A limit that is switched off gives way to the next source in the list of the device.',
    'The limit throttles the converter, not the export at the connection.',
    'At night the power may be "not available": unknown, and not 0.',
    'Forced charge from the grid was held to 500 W in one report (firmware 1.39.5-1).',
    'Below MinRsvPct it charges from the grid with 0.5 kW by itself.',
    'The float map shifts addresses; the chain is walked, but this profile reads the integer map.',
    'Its meter is a SunSpec device of its own on unit 200, further ones on 201 and up.',
  ],
  examples: [
    EXAMPLE_103,
    { model: 120, registers: { 3: [10_000, 0] }, reads: { ratedW: 10_000 } },
    {
      model: 123,
      registers: { 5: [5_025, 0, 60, 0, 1], 23: [0xfffe] },
      reads: { limitPct: 50.25, limitReversionS: 60, limitEnable: 1 },
    },
    {
      model: 160,
      // 3.1 kW and 2.9 kW of sun, 1.65 kW into the battery
      registers: {
        2: [0xfffe, 0xffff, 1, 0],
        19: [516, 6_008, 310, 0x0001, 0x0000],
        39: [484, 5_992, 290, 0x0000, 0xfde8],
        61: [165, 0x0000, 0x2710],
        81: [0, 0x0000, 0x2328],
      },
      reads: {
        'pv.string1CurrentA': 5.16,
        'pv.string1VoltageV': 600.8,
        'pv.string1PowerW': 3_100,
        'pv.string1InWh': 65_536,
        'pv.string2CurrentA': 4.84,
        'pv.string2VoltageV': 599.2,
        'pv.string2PowerW': 2_900,
        'pv.string2InWh': 65_000,
        'battery.chargeW': -1_650,
        'battery.outWh': 10_000,
        'battery.dischargeW': 0,
        'battery.inWh': 9_000,
      },
    },
    {
      model: 124,
      // charge with 30 %: out -30 %, in +30 %
      registers: {
        2: [5_120],
        5: [3],
        7: [700, 6_450],
        12: [-3_000 & 0xffff, 3_000],
        18: [0],
        21: [0xfffe, 0xfffe],
        25: [0xfffe],
      },
      reads: {
        'battery.ratedW': 5_120,
        'battery.setMode': 3,
        'battery.reservePct': 7,
        'battery.socPct': 64.5,
        'battery.dischargeRatePct': -30,
        'battery.chargeRatePct': -30,
      },
    },
  ],
};
