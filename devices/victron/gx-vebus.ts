import { holding } from '../points.ts';
import type { Profile } from '../profile.ts';
import { VICTRON_LIMITS, VICTRON_SOURCE } from './common.ts';

/**
 * A Multi or Quattro by the vebus service of a GX: '' is its AC input, + into the busbar. Loads on
 * its AC output are inside.
 */
export const VICTRON_GX_VEBUS: Profile = {
  id: 'victron/gx-vebus',
  kind: 'registers',
  maker: 'Victron Energy',
  title: 'Victron MultiPlus or Quattro behind a GX (vebus service)',
  role: 'battery-inverter',
  source: VICTRON_SOURCE,
  connect: { tcpPort: 502, units: [] },
  signs: 'assumed',
  wordOrder: 'big',
  limits: VICTRON_LIMITS,
  points: {
    voltageL1V: holding(3, 'u16', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL2V: holding(4, 'u16', 'V', 'control', {
      scale: 0.1,
      only: 'three-phase systems',
      min: 0,
      max: 500,
    }),
    voltageL3V: holding(5, 'u16', 'V', 'control', {
      scale: 0.1,
      only: 'three-phase systems',
      min: 0,
      max: 500,
    }),
    currentL1A: holding(6, 'i16', 'A', 'control', { scale: 0.1, sign: -1 }),
    currentL2A: holding(7, 'i16', 'A', 'control', {
      scale: 0.1,
      sign: -1,
      only: 'three-phase systems',
    }),
    currentL3A: holding(8, 'i16', 'A', 'control', {
      scale: 0.1,
      sign: -1,
      only: 'three-phase systems',
    }),
    frequencyHz: holding(9, 'i16', 'Hz', 'state', { scale: 0.01, min: 40, max: 70 }),
    powerL1W: holding(12, 'i16', 'W', 'control', { scale: 10, sign: -1 }),
    powerL2W: holding(13, 'i16', 'W', 'control', {
      scale: 10,
      sign: -1,
      only: 'three-phase systems',
    }),
    powerL3W: holding(14, 'i16', 'W', 'control', {
      scale: 10,
      sign: -1,
      only: 'three-phase systems',
    }),
    setInputLimitA: holding(22, 'i16', 'A', 'slow', { scale: 0.1 }),
    'output.powerL1W': holding(23, 'i16', 'W', 'state', { scale: 10, sign: -1 }),
    'output.powerL2W': holding(24, 'i16', 'W', 'state', {
      scale: 10,
      sign: -1,
      only: 'three-phase systems',
    }),
    'output.powerL3W': holding(25, 'i16', 'W', 'state', {
      scale: 10,
      sign: -1,
      only: 'three-phase systems',
    }),
    state: holding(31, 'u16', 'none', 'state'),
    mode: holding(33, 'u16', 'none', 'state'),
    setW: holding(37, 'i16', 'W', 'state', { sign: -1, writable: true, min: -30_000, max: 30_000 }),
    setChargeOff: holding(38, 'u16', 'none', 'state', { writable: true, min: 0, max: 1 }),
    setFeedInOff: holding(39, 'u16', 'none', 'state', { writable: true, min: 0, max: 1 }),
  },
  sums: { powerW: ['powerL1W', 'powerL2W', 'powerL3W'] },
  identity: [],
  control: [
    {
      binds: '',
      kind: 'setpoint',
      arm: [
        { point: 'setChargeOff', value: { const: 0 } },
        { point: 'setFeedInOff', value: { const: 0 } },
      ],
      set: [{ point: 'setW', value: { from: 'powerW' } }],
      release: [],
      reversion: { to: 'own-mode', minS: 60, maxS: 60, renewedBy: 'none', unproven: true },
      flash: 'volatile',
      unlock: {
        by: 'setting',
        how: 'set ESS mode 3 (external control) at the GX: register 2902 of unit 100',
      },
      source: 'ESS mode 3: power at the AC input of L1, negative feeds in; written every 60 s',
    },
  ],
  quirks: [
    'Only single-phase systems can be controlled: the setpoints of L2 and L3 are not in the facts.',
    'In ESS mode 3 the unit passes through when it is not written for about 60 s (not confirmed).',
    'It does not return to its own rules by itself: set the ESS mode at the GX for that.',
    'The setpoint is at the AC input: what hangs on the AC output is part of it.',
    'The unit id is that of the device instance: see the list of Modbus services at the GX.',
  ],
  examples: [
    {
      space: 'holding',
      registers: {
        3: [2300, 2305, 2310, 65431, 75, 85, 5000],
        12: [65417, 65418, 65419],
        22: [320, 31, 32, 33],
        31: [3],
        33: [3],
        37: [1200, 0, 0],
      },
      reads: {
        voltageL1V: 230,
        voltageL2V: 230.5,
        voltageL3V: 231,
        currentL1A: 10.5,
        currentL2A: -7.5,
        currentL3A: -8.5,
        frequencyHz: 50,
        powerL1W: 1190,
        powerL2W: 1180,
        powerL3W: 1170,
        setInputLimitA: 32,
        'output.powerL1W': -310,
        'output.powerL2W': -320,
        'output.powerL3W': -330,
        state: 3,
        mode: 3,
        setW: -1200,
        setChargeOff: 0,
        setFeedInOff: 0,
      },
    },
  ],
};
