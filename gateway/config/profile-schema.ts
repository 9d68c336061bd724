import { z } from 'zod';

/**
 * A user's profile: JSON in the form of devices/profile.ts, in the folder `profiles/` beside the
 * site file. Unknown keys are refused; what spans several entries is judged by devices/check.ts.
 */
const id = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,40}\/[a-z0-9][a-z0-9-]{0,40}$/,
    'write maker/device in small letters',
  );
const text = z.string().min(1).max(200);
const key = z.string().min(1).max(60);
const register = z.int().min(0).max(65_535);
const word = z.int().min(0).max(0xffff);
const ms = z.int().min(0).max(60_000);
const seconds = z.number().min(0).max(86_400);
const space = z.enum(['holding', 'input', 'coil', 'discrete']);
const wordOrder = z.enum(['big', 'little']);
const wireType = z.enum([
  'u16',
  'i16',
  'u32',
  'i32',
  'u64',
  'i64',
  'f32',
  'f64',
  'acc32',
  'acc64',
  'enum16',
  'bits16',
  'bits32',
  'sf',
  'str',
]);

const point = z.strictObject({
  at: register,
  model: z.int().min(1).max(65_534).optional(),
  position: z.int().min(1).max(8).optional(),
  space,
  as: wireType,
  words: z.int().min(1).max(125).optional(),
  wordOffsets: z.array(z.int().min(0).max(124)).min(2).max(4).optional(),
  wordOrder: wordOrder.optional(),
  unit: z.enum(['W', 'VA', 'var', 'A', 'V', 'Hz', 'Wh', 'varh', 'pct', 'degC', 's', 'none']),
  scale: z.number().positive().optional(),
  offset: z.number().optional(),
  scaleFrom: key.optional(),
  sign: z.union([z.literal(1), z.literal(-1)]).optional(),
  notAvailable: z.array(z.number()).max(8).optional(),
  class: z.enum(['control', 'state', 'slow']),
  writable: z.boolean().optional(),
  writeOnly: z.literal(true).optional(),
  writeAt: register.optional(),
  stored: z.literal(true).optional(),
  only: text.optional(),
  unproven: z.literal(true).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  states: z.record(z.string().min(1).max(40), z.int()).optional(),
});

const step = z.strictObject({
  point: key,
  value: z.union([
    z.strictObject({ const: z.number() }),
    z.strictObject({
      from: z.enum([
        'powerW',
        'absPowerW',
        'powerPct',
        'timeoutS',
        'currentA',
        'safeW',
        'safePct',
        'safeOn',
        'on',
      ]),
    }),
  ]),
  when: z.enum(['charging', 'discharging']).optional(),
  together: z.literal(true).optional(),
});

const control = z.strictObject({
  binds: z.string().max(40),
  kind: z.enum(['limit', 'setpoint', 'steps', 'on-off']),
  arm: z.array(step).max(16),
  set: z.array(step).min(1).max(16),
  release: z.array(step).max(16),
  reversion: z.strictObject({
    to: z.enum(['value', 'full-power', 'own-mode', 'none']),
    minS: seconds,
    maxS: seconds,
    remaining: key.optional(),
    renewedBy: z.enum(['any-write', 'timer-write', 'none']),
    unproven: z.literal(true).optional(),
  }),
  heartbeat: z.strictObject({ point: key, everyS: seconds.positive() }).optional(),
  flash: z.enum(['volatile', 'persistent']),
  writesPerDay: z.int().min(1).max(100_000).optional(),
  unlock: z
    .strictObject({
      by: z.enum(['setting', 'login', 'code']),
      how: text,
      write: z.strictObject({ point: key, everyS: seconds.positive().optional() }).optional(),
    })
    .optional(),
  minPowerW: z.number().min(0).optional(),
  stepW: z.number().positive().optional(),
  responseMs: z.int().min(0).max(600_000).optional(),
  restartMs: z.int().min(0).max(3_600_000).optional(),
  source: text,
});

const example = {
  registers: z.record(z.string().regex(/^\d{1,5}$/, 'a register number'), z.array(word).min(1)),
  reads: z.record(key, z.number()),
  unavailable: z.array(key).optional(),
};

const head = {
  id,
  maker: text,
  title: text,
  role: z.enum(['meter', 'pv-inverter', 'battery-inverter', 'hybrid', 'ev-charger', 'relay']),
  source: z.array(text).min(1),
  covers: text.optional(),
  connect: z
    .strictObject({
      tcpPort: z.int().min(1).max(65_535).optional(),
      baud: z.int().min(1_200).max(115_200).optional(),
      units: z.array(z.int().min(0).max(255)).max(32),
    })
    .optional(),
  signs: z.enum(['seen', 'assumed']).optional(),
  wordOrder,
  notAvailable: z.partialRecord(wireType, z.array(z.number()).max(8)).optional(),
  writeFunction: z.literal(16).optional(),
  limits: z.strictObject({
    maxRegistersPerRead: z.int().min(1).max(125),
    pauseMs: ms,
    timeoutMs: z.int().min(50).max(60_000),
    latencyMs: ms,
    connectDelayMs: ms,
    lateMs: ms.optional(),
    laxTransactionId: z.boolean().optional(),
    clients: z.int().min(1).max(64).optional(),
    settleMs: ms.optional(),
    inFlight: z.int().min(1).max(16).optional(),
  }),
  control: z.array(control).max(8),
  points: z.record(key, point),
  sums: z.record(key, z.array(key).min(1).max(12)).optional(),
  identity: z.array(key).max(8),
  quirks: z.array(text),
};

export const profileSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('registers'),
    ...head,
    unreadable: z
      .array(z.strictObject({ space, at: register, words: z.int().min(1).max(10_000) }))
      .optional(),
    examples: z.array(z.strictObject({ space: space.optional(), ...example })).min(1),
  }),
  z.strictObject({
    kind: z.literal('sunspec'),
    ...head,
    models: z.array(z.int().min(1).max(65_534)).min(1),
    examples: z.array(z.strictObject({ model: z.int().optional(), ...example })).min(1),
  }),
]);

/** The committed JSON Schema (docs/profile.schema.json), for editors that check while one types. */
export const profileJsonSchema = (): unknown => ({
  title: 'Edgewatt device profile',
  ...z.toJSONSchema(profileSchema, { io: 'input', reused: 'ref' }),
});
