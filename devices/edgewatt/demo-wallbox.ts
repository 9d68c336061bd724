import type { PointClass, PointSpec, Profile, Unit, WireType } from '../profile.ts';

const input = (
  at: number,
  as: WireType,
  unit: Unit,
  of: PointClass,
  more: Partial<PointSpec> = {},
): PointSpec => ({ at, space: 'input', as, unit, class: of, ...more });
const holding = (at: number, more: Partial<PointSpec>): PointSpec => ({
  at,
  space: 'holding',
  as: 'u16',
  unit: 'none',
  class: 'state',
  ...more,
});
const text = (at: number, words: number): PointSpec => input(at, 'str', 'none', 'slow', { words });

const LONGEST_S = 65_534;

/**
 * A three-phase EV charger of our own design, for demo sites and tests: no product has this map.
 * Measurement in input registers, consumption positive on the wire; commands in holding registers.
 * `setEnable` 1 follows `setCurrentA`, 0 is the charger's own mode (charge with 16 A). When
 * `setReversionS` passes without a write to a command register the current becomes
 * `failsafeCurrentA` until the next one.
 */
export const DEMO_WALLBOX: Profile = {
  id: 'edgewatt/demo-wallbox',
  kind: 'registers',
  maker: 'Edgewatt',
  title: 'Edgewatt demo charger, 6 to 16 A three-phase (simulated only)',
  role: 'ev-charger',
  source: ['own design'],
  signs: 'seen',
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 64,
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    state: input(0, 'enum16', 'none', 'state', {
      states: { free: 0, connected: 1, charging: 2, fault: 3 },
    }),
    powerW: input(1, 'i32', 'W', 'control', { sign: -1 }),
    powerL1W: input(3, 'i32', 'W', 'control', { sign: -1 }),
    powerL2W: input(5, 'i32', 'W', 'control', { sign: -1 }),
    powerL3W: input(7, 'i32', 'W', 'control', { sign: -1 }),
    currentL1A: input(9, 'u16', 'A', 'control', { scale: 0.01 }),
    currentL2A: input(10, 'u16', 'A', 'control', { scale: 0.01 }),
    currentL3A: input(11, 'u16', 'A', 'control', { scale: 0.01 }),
    voltageL1V: input(12, 'u16', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL2V: input(13, 'u16', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    voltageL3V: input(14, 'u16', 'V', 'control', { scale: 0.1, min: 0, max: 500 }),
    outWh: input(15, 'u32', 'Wh', 'slow'),
    socPct: input(17, 'u16', 'pct', 'state', { scale: 0.1, min: 0, max: 100 }),
    deviceHeartbeat: input(18, 'u32', 'none', 'state'),
    maker: text(32, 8),
    model: text(40, 8),
    serial: text(48, 8),
    firmware: text(56, 4),
    setEnable: holding(0, { writable: true, min: 0, max: 1 }),
    setCurrentA: holding(1, { writable: true, unit: 'A', scale: 0.1, min: 0, max: 16 }),
    setReversionS: holding(2, { writable: true, unit: 's', min: 0, max: LONGEST_S }),
    setReversionLeftS: holding(3, { unit: 's' }),
    failsafeCurrentA: holding(4, { writable: true, unit: 'A', scale: 0.1, min: 0, max: 16 }),
    heartbeat: holding(5, { writable: true, min: 0, max: LONGEST_S }),
  },
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [
    {
      binds: '',
      kind: 'steps',
      arm: [
        { point: 'setReversionS', value: { from: 'timeoutS' } },
        { point: 'failsafeCurrentA', value: { const: 0 } },
      ],
      set: [
        { point: 'setCurrentA', value: { from: 'currentA' } },
        { point: 'setEnable', value: { const: 1 } },
      ],
      release: [{ point: 'setEnable', value: { const: 0 } }],
      reversion: {
        to: 'value',
        minS: 1,
        maxS: LONGEST_S,
        remaining: 'setReversionLeftS',
        renewedBy: 'any-write',
      },
      flash: 'volatile',
      source: 'own design',
    },
  ],
  quirks: [
    'setCurrentA takes 0 (pause) or 6 to 16 A; anything between is refused with exception 3.',
    'socPct is not available while no car is connected.',
  ],
  examples: [
    {
      registers: {
        0: [2, 0, 11_040, 0, 3680, 0, 3680, 0, 3680, 1600, 1600, 1600, 2300, 2301, 2299],
        15: [1, 0, 455, 0, 9],
      },
      reads: {
        state: 2,
        powerW: -11_040,
        powerL1W: -3680,
        powerL2W: -3680,
        powerL3W: -3680,
        currentL1A: 16,
        currentL2A: 16,
        currentL3A: 16,
        voltageL1V: 230,
        voltageL2V: 230.1,
        voltageL3V: 229.9,
        outWh: 65_536,
        socPct: 45.5,
        deviceHeartbeat: 9,
      },
    },
    {
      space: 'holding',
      registers: { 0: [1, 160, 60, 45, 60, 3] },
      reads: {
        setEnable: 1,
        setCurrentA: 16,
        setReversionS: 60,
        setReversionLeftS: 45,
        failsafeCurrentA: 6,
        heartbeat: 3,
      },
    },
  ],
};
