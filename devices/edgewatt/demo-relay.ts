import type { PointSpec, Profile } from '../profile.ts';

const holding = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'holding',
  as: 'u16',
  unit: 'none',
  class: 'state',
  ...more,
});

const LONGEST_S = 65_534;

/**
 * A contactor relay of our own design, for demo sites and tests: no product has this map. While
 * `commanded` is 1 the load runs (`enable` 1) or stands (`enable` 0) as told; otherwise it runs as
 * its own process wants. When `setReversionS` passes without a write to `enable`, `setReversionS`
 * or `heartbeat` the relay lets go: enable 1, commanded 0. A reversion time of 0 lets go at once.
 */
export const DEMO_RELAY: Profile = {
  id: 'edgewatt/demo-relay',
  kind: 'registers',
  maker: 'Edgewatt',
  title: 'Edgewatt demo relay for an on-off load (simulated only)',
  role: 'relay',
  source: ['own design'],
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 32,
    pauseMs: 0,
    timeoutMs: 500,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  points: {
    enable: holding(0, { writable: true, min: 0, max: 1 }),
    setReversionS: holding(1, { writable: true, unit: 's', min: 0, max: LONGEST_S }),
    setReversionLeftS: holding(2, { unit: 's' }),
    heartbeat: holding(3, { writable: true, min: 0, max: LONGEST_S }),
    commanded: holding(4),
    state: holding(5, { class: 'control', states: { open: 0, closed: 1 } }),
    deviceHeartbeat: holding(6, { as: 'u32' }),
    maker: holding(16, { as: 'str', words: 8, class: 'slow' }),
    model: holding(24, { as: 'str', words: 8, class: 'slow' }),
    serial: holding(32, { as: 'str', words: 8, class: 'slow' }),
    firmware: holding(40, { as: 'str', words: 4, class: 'slow' }),
  },
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: [
    {
      binds: '',
      kind: 'on-off',
      arm: [{ point: 'setReversionS', value: { from: 'timeoutS' } }],
      set: [{ point: 'enable', value: { from: 'on' } }],
      // One write lets go: of two, the first one alone would only make its time run on.
      release: [{ point: 'setReversionS', value: { const: 0 } }],
      reversion: {
        to: 'own-mode',
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
    'enable 0 without a reversion time is refused with exception 3: no command without an end.',
  ],
  examples: [
    {
      registers: { 0: [0, 60, 12, 5, 1, 0, 0x0001, 0x0000] },
      reads: {
        enable: 0,
        setReversionS: 60,
        setReversionLeftS: 12,
        heartbeat: 5,
        commanded: 1,
        state: 0,
        deviceHeartbeat: 65_536,
      },
    },
  ],
};
