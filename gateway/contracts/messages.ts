import { z } from 'zod';

/**
 * Messages between gateway and cloud. Within a major version only additions: unknown fields are
 * ignored in data and refused in commands (`strictObject`). BigInt amounts travel as decimal
 * strings.
 */
const instant = z.int().nonnegative();
const id = z.string().regex(/^[A-Za-z0-9_.:-]{1,96}$/);
const energyWh = z.int().min(0).max(1e12);
const price = z.int().min(-1e10).max(1e10); // micro-currency per kWh = nano-currency per Wh
const nano = z.string().regex(/^-?\d{1,40}$/);
const interval = z.object({ fromMs: instant, durationMs: z.int().positive() });

const aggregateColumn = z.object({
  point: z.string().max(128),
  n: z.int().nonnegative(),
  goodPct: z.number(),
  mean: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  last: z.number().nullable(),
});
const key = { epoch: z.int().positive(), seq: z.int().positive() };
export const telemetryRecord = z.discriminatedUnion('kind', [
  z.object({
    ...key,
    kind: z.literal('aggregate'),
    fromMs: instant,
    durationMs: z.int().positive(),
    columns: z.array(aggregateColumn).max(256),
  }),
  z.object({
    ...key,
    kind: z.literal('energy'),
    place: id,
    fromMs: instant,
    durationMs: z.int().positive(),
    inWh: energyWh,
    outWh: energyWh,
    coveragePct: z.number(),
    source: z.enum(['counter', 'power', 'residual']),
    quality: z.enum(['measured', 'partial', 'substituted', 'corrected']),
    version: z.int().positive(),
  }),
  z.object({
    ...key,
    kind: z.literal('event'),
    atMs: instant,
    code: z.string().max(64),
    mode: z.enum(['trading', 'planning', 'rules', 'holding', 'safe']),
    text: z.string().max(512),
  }),
]);

export const telemetryBatch = z.object({
  v: z.literal(1),
  records: z.array(telemetryRecord).min(1).max(2_000),
});
export type TelemetryBatch = z.infer<typeof telemetryBatch>;

/** The same, its records not looked at: one that is none must not take the others with it. */
export const telemetryEnvelope = z.object({
  v: z.literal(1),
  records: z.array(z.unknown()).min(1).max(2_000),
});
export const telemetryKey = z.object(key);

const keyRange = z.object({ epoch: z.int(), fromSeq: z.int(), toSeq: z.int() });

/**
 * The cloud has the `stored` keys on disk; only now may the gateway forget them. It will never take
 * the `refused` ones as they are.
 */
export const telemetryAck = z.object({
  v: z.literal(1),
  stored: z.array(keyRange).max(2_000),
  refused: z
    .array(keyRange.extend({ why: z.string().max(200) }))
    .max(2_000)
    .optional(),
});
export type TelemetryAck = z.infer<typeof telemetryAck>;

export const gatewayStatus = z.object({
  v: z.literal(1),
  state: z.enum(['online', 'offline']),
  site: id,
  participant: id,
  zone: id,
  mode: z.string().max(32),
  importLimitW: z.number().optional(),
  exportLimitW: z.number().optional(),
  contractedImportW: z.number().optional(),
  contractedExportW: z.number().optional(),
  outbox: z
    .object({
      rows: z.int(), // waiting
      droppedRows: z.int(), // given up for want of room, ever
      refusedRows: z.int().optional(), // set aside because broker or cloud refuse them, ever
    })
    .optional(),
  /** Codes of the alarms that stand on its page, with what they are about behind a colon. */
  alarms: z.array(z.string().max(160)).max(64).optional(),
  certificateUntilMs: instant.optional(), // its own at the broker
  /** Places of its energy records that use or make energy: what a zone's demand is summed from. */
  places: z
    .array(z.object({ id, kind: z.enum(['load', 'pv']), ratedW: z.number().nonnegative() }))
    .max(128)
    .optional(),
  /** The newest day that is closed; costs as decimal nano-currency, none where it has gaps. */
  day: z
    .object({
      day: z.iso.date(),
      currency: z.string().length(3),
      missingCount: z.int().min(0), // quarter-hours
      oursNano: nano.optional(),
      noneNano: nano.optional(),
      selfNano: nano.optional(),
      limitNano: nano.optional(),
    })
    .optional(),
  /** The newest demand-response event that is over; energies where they are known, Wh. */
  reduction: z
    .object({
      sequence: z.int(),
      fromMs: instant,
      untilMs: instant,
      optedOut: z.boolean(), // an order by hand stood while it ran
      baselineWh: z.int().optional(),
      meteredWh: z.int().optional(),
      tradedWh: z.int().optional(),
      deliveredWh: z.int().optional(), // baseline - metered - traded
    })
    .optional(),
  /** How far the forecasts of the newest scored day were off, by how far ahead they looked. */
  forecast: z
    .object({
      day: z.iso.date(),
      scores: z
        .array(
          z.object({
            what: z.enum(['pv', 'load', 'price']),
            aheadMs: z.int().positive(), // to the end of the quarter-hour
            errorPct: z.number().nonnegative(), // errors over what came
            inBandPct: z.number().min(0).max(100).optional(), // of the 80 % band
            quarters: z.int().positive(),
          }),
        )
        .max(32),
    })
    .optional(),
  /** Newest entry of the audit log: with it, an end that was cut off later is seen. */
  audit: z.object({ seq: z.int().min(0), hash: z.string().max(64) }).optional(),
});
export type GatewayStatus = z.infer<typeof gatewayStatus>;

/** What a diagnostics job gathered, for a person: whatever else it holds is kept as it is. */
export const diagnosticsBundle = z.looseObject({
  v: z.literal(1),
  jobId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  version: z.string().max(64).optional(), // of the gateway's release
});
export type DiagnosticsBundle = z.infer<typeof diagnosticsBundle>;

const wattBands = z.object({
  lowW: z.array(z.int().nonnegative()).max(100),
  midW: z.array(z.int().nonnegative()).max(100),
  highW: z.array(z.int().nonnegative()).max(100),
});

/** Weather and day-ahead price of a zone as the forecasting agent issued them. */
export const zoneForecast = z.object({
  v: z.literal(1),
  zone: id,
  issuedAtMs: instant,
  weather: z.object({
    source: z.string().max(64),
    fromMs: instant,
    stepMs: z.int().positive(),
    /** When its source last stood by it; the message may be newer. */
    askedAtMs: instant.optional(),
    ghiWPerM2: z.array(z.number().nullable()).max(800), // mean over the step
    dhiWPerM2: z.array(z.number().nullable()).max(800).optional(), // the diffuse part of it
    temperatureC: z.array(z.number().nullable()).max(800),
    cloudPct: z.array(z.number().nullable()).max(800),
  }),
  price: z.object({
    source: z.string().max(64),
    currency: z.string().length(3),
    fromMs: instant,
    stepMs: z.int().positive(),
    priceNanoPerWh: z.array(price.nullable()).max(800), // null = not published yet
  }),
  /** Of the first two days that the market has not told, 10, 50, 90 %: a guess, never traded on. */
  priceForecast: z
    .object({
      fromMs: instant,
      stepMs: z.int().positive(),
      lowNanoPerWh: z.array(price).max(100),
      midNanoPerWh: z.array(price).max(100),
      highNanoPerWh: z.array(price).max(100),
    })
    .optional(),
  /** What its sites will use and make together, 10, 50 and 90 %; three sites at the least. */
  demandForecast: z
    .object({
      fromMs: instant,
      stepMs: z.int().positive(),
      sites: z.int().positive(),
      load: wattBands, // without batteries
      pv: wattBands,
    })
    .optional(),
});
export type ZoneForecast = z.infer<typeof zoneForecast>;

/** An order for one delivery interval. Its owner is who may publish on the topic, not a field. */
export const order = z.strictObject({
  id,
  interval,
  side: z.enum(['buy', 'sell']),
  energyWh: z.int().positive().max(1e9),
  priceMicroPerKwh: price,
});
export type Order = z.infer<typeof order>;

export const orderBatch = z.strictObject({
  v: z.literal(1),
  kind: z.literal('orders'),
  zone: id,
  orders: z.array(order).min(1).max(200),
});
export type OrderBatch = z.infer<typeof orderBatch>;

export const orderReceipt = z.object({
  v: z.literal(1),
  kind: z.literal('receipt'),
  accepted: z.array(id),
  rejected: z.array(z.object({ id, code: z.string().max(64) })),
});
export type OrderReceipt = z.infer<typeof orderReceipt>;

export const award = z.object({
  orderId: id,
  side: z.enum(['buy', 'sell']),
  energyWh,
  priceMicroPerKwh: price,
});

/**
 * Result of a site's orders for one interval, after gate closure; also sent when nothing was
 * awarded.
 */
export const awards = z.object({
  v: z.literal(1),
  kind: z.literal('awards'),
  zone: id,
  interval,
  currency: z.string().length(3),
  awards: z.array(award),
});
export type Awards = z.infer<typeof awards>;

export const marketResult = z.object({
  v: z.literal(1),
  zone: id,
  interval,
  volumeWh: energyWh,
  priceMicroPerKwh: price.nullable(),
  priceInterval: z.tuple([price, price]).nullable(),
  orders: z.int().nonnegative(),
});
export type MarketResult = z.infer<typeof marketResult>;

/** Settlement of one interval for one participant; + is received. */
export const statementLine = z.object({
  interval,
  version: z.int().min(0).optional(), // of the interval's settlement, 1 is the first
  soldWh: energyWh,
  boughtWh: energyWh,
  meteredNetWh: z.int(), // injected - consumed
  imbalanceWh: z.int(),
  tradeNano: nano,
  imbalanceNano: nano,
  feeNano: nano,
  quality: z.enum(['measured', 'partial', 'substituted', 'corrected']),
});
export const statement = z.object({
  v: z.literal(1),
  participant: id,
  currency: z.string().length(3),
  lines: z.array(statementLine).max(200), // newest intervals
  totals: z.object({
    intervals: z.int(),
    soldWh: z.int(),
    boughtWh: z.int(),
    tradeNano: nano,
    imbalanceNano: nano,
    feeNano: nano,
  }),
});
export type Statement = z.infer<typeof statement>;

export const signedDirective = z.strictObject({
  body: z.string().max(4_096),
  keyId: id,
  signature: z.string().max(128),
});

/** What the grid agent announces, for people: what binds comes as a signed directive. */
export const gridNotice = z.object({
  v: z.literal(1),
  kind: z.literal('grid-notice'),
  transformerLoadPct: z.number(),
  text: z.string().max(256),
});

/*
 * A2A 1.0 shapes (message, task) over our MQTT binding: camelCase, SCREAMING enums, server-made
 * task ids.
 */
const partSchema = z.union([
  z.object({ text: z.string().max(16_384), mediaType: z.string().optional() }),
  z.object({ data: z.unknown(), mediaType: z.string().optional() }),
]);
export const a2aMessage = z.object({
  messageId: id,
  contextId: id.optional(),
  taskId: id.optional(),
  role: z.enum(['ROLE_USER', 'ROLE_AGENT']),
  parts: z.array(partSchema).min(1).max(16),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type A2aMessage = z.infer<typeof a2aMessage>;

export const a2aRequest = z.object({
  a2aVersion: z.literal('1.0'),
  agent: z.enum(['market-supervisor', 'grid', 'forecasting']),
  method: z.enum(['SendMessage', 'GetTask', 'ListTasks', 'CancelTask']),
  message: a2aMessage.optional(),
  taskId: id.optional(),
  requestId: id.optional(), // of ListTasks, which has no other name
  contextId: id.optional(), // of ListTasks: only tasks of this one
});
export type A2aRequest = z.infer<typeof a2aRequest>;

export const taskState = z.enum([
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]);
export const a2aTask = z.object({
  id,
  contextId: id,
  status: z.object({
    state: taskState,
    timestamp: z.iso.datetime(),
    message: a2aMessage.optional(),
  }),
  artifacts: z
    .array(z.object({ artifactId: id, name: z.string().optional(), parts: z.array(partSchema) }))
    .optional(),
});
export type A2aTask = z.infer<typeof a2aTask>;

export const a2aResponse = z.object({
  a2aVersion: z.literal('1.0'),
  inReplyTo: id, // messageId, task id or request id of the request
  task: a2aTask.optional(),
  tasks: z.array(a2aTask).max(50).optional(), // newest change first, without artifacts
  error: z.object({ code: z.int(), message: z.string().max(512) }).optional(),
});
export type A2aResponse = z.infer<typeof a2aResponse>;

/** A message from a cloud agent to a gateway that nobody asked for (awards, grid notices). */
export const a2aNotice = z.object({
  a2aVersion: z.literal('1.0'),
  agent: z.enum(['market-supervisor', 'grid', 'forecasting']),
  task: a2aTask.optional(),
  message: a2aMessage,
});
export type A2aNotice = z.infer<typeof a2aNotice>;
