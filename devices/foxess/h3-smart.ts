import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';

/**
 * Fox ESS H3 Smart: `pv` and `battery` are behind the converter, `meter` is at the connection. The
 * remote setpoint carries its own time: a model case of a lease.
 */
export const FOXESS_H3_SMART: Profile = {
  id: 'foxess/h3-smart',
  kind: 'registers',
  maker: 'Fox ESS',
  title: 'Fox ESS H3 Smart and H3 Pro hybrid inverter',
  role: 'hybrid',
  source: ['evcc-io/evcc@b29b49e3:templates/definition/meter/fox-ess-h3-smart.yaml'],
  connect: { tcpPort: 502, baud: 9_600, units: [247] },
  signs: 'seen',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 60, // ours: no source names a limit
    pauseMs: 50,
    timeoutMs: 2_000,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    'battery.socPct': holding(37612, 'i16', 'pct', 'state', { min: 0, max: 100 }),
    'meter.powerL1W': holding(38816, 'i32', 'W', 'control', { scale: 0.1, sign: -1 }),
    'meter.powerL2W': holding(38818, 'i32', 'W', 'control', { scale: 0.1, sign: -1 }),
    'meter.powerL3W': holding(38820, 'i32', 'W', 'control', { scale: 0.1, sign: -1 }),
    'battery.powerW': holding(39237, 'i32', 'W', 'control', { sign: 1 }),
    'pv.string1PowerW': holding(39279, 'i32', 'W', 'control', { sign: 1 }),
    'pv.string2PowerW': holding(39281, 'i32', 'W', 'control', { sign: 1 }),
    'pv.string3PowerW': holding(39283, 'i32', 'W', 'control', {
      sign: 1,
      only: 'models with that many strings',
    }),
    'pv.string4PowerW': holding(39285, 'i32', 'W', 'control', {
      sign: 1,
      only: 'models with that many strings',
    }),
    'pv.string5PowerW': holding(39287, 'i32', 'W', 'control', {
      sign: 1,
      only: 'models with that many strings',
    }),
    'pv.string6PowerW': holding(39289, 'i32', 'W', 'control', {
      sign: 1,
      only: 'models with that many strings',
    }),
    'meter.inWh': holding(39617, 'u32', 'Wh', 'slow', { scale: 10 }),
    'battery.setEnable': holding(46001, 'u16', 'none', 'state', {
      writable: true,
      writeOnly: true,
      states: { off: 0, on: 1 },
    }),
    'battery.setReversionS': holding(46002, 'u16', 's', 'state', {
      writable: true,
      writeOnly: true,
      min: 15,
      max: 3600,
    }),
    'battery.setW': holding(46003, 'i32', 'W', 'state', {
      sign: 1,
      writable: true,
      writeOnly: true,
      min: -30_000,
      max: 30_000,
    }),
    'battery.setLeastSocPct': holding(46609, 'u16', 'pct', 'slow', { min: 0, max: 100 }),
    'battery.setMostSocPct': holding(46610, 'u16', 'pct', 'slow', { min: 0, max: 100 }),
    'battery.setReserveSocPct': holding(46611, 'u16', 'pct', 'slow', { min: 0, max: 100 }),
    'battery.setFallback': holding(49203, 'u16', 'none', 'state', {
      writable: true,
      stored: true,
      states: { 'self-use': 1, 'feed-in-first': 2, backup: 3 },
    }),
  },
  sums: {
    'meter.powerW': ['meter.powerL1W', 'meter.powerL2W', 'meter.powerL3W'],
    'pv.powerW': [1, 2, 3, 4, 5, 6].map((n) => `pv.string${n}PowerW`),
  },
  identity: [],
  control: [
    {
      binds: 'battery',
      kind: 'setpoint',
      arm: [
        { point: 'battery.setFallback', value: { const: 1 } },
        { point: 'battery.setReversionS', value: { from: 'timeoutS' } },
      ],
      set: [
        { point: 'battery.setEnable', value: { const: 1 } },
        { point: 'battery.setW', value: { from: 'powerW' } },
      ],
      release: [{ point: 'battery.setEnable', value: { const: 0 } }],
      reversion: { to: 'own-mode', minS: 15, maxS: 3_600, renewedBy: 'none' },
      flash: 'volatile',
      writesPerDay: 20,
      source: 'remote control 46001 to 46003; its time ends in the work mode of 49203',
    },
  ],
  quirks: [
    'The order is fallback mode, time, enable, power. The three remote registers cannot be read.',
    'The work mode is stored: it is set to self-use once, and that is what the time ends in.',
    'That the setpoint binds the battery, and not the inverter, is to be proven.',
    'No power of the inverter at the busbar is known: meter the converter, or leave it out.',
    'One source only; no register tells who it is.',
  ],
  examples: [
    {
      space: 'holding',
      registers: {
        37612: [55],
        38816: [0, 12500, 65535, 62536, 0, 8000],
        39237: [65535, 63886],
        39279: [0, 901, 0, 902, 0, 0, 0, 0, 0, 0, 0, 0],
        39617: [6, 50984],
        46001: [0, 60, 65535, 62536],
        46609: [61, 62, 63],
        49203: [1],
      },
      reads: {
        'battery.socPct': 55,
        'meter.powerL1W': -1250,
        'meter.powerL2W': 300,
        'meter.powerL3W': -800,
        'battery.powerW': -1650,
        'pv.string1PowerW': 901,
        'pv.string2PowerW': 902,
        'pv.string3PowerW': 0,
        'pv.string4PowerW': 0,
        'pv.string5PowerW': 0,
        'pv.string6PowerW': 0,
        'meter.inWh': 4_442_000,
        'battery.setEnable': 0,
        'battery.setReversionS': 60,
        'battery.setW': -3000,
        'battery.setLeastSocPct': 61,
        'battery.setMostSocPct': 62,
        'battery.setReserveSocPct': 63,
        'battery.setFallback': 1,
      },
    },
  ],
};
