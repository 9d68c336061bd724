import { z } from 'zod';
import type { PlanParameters } from './values/outlook.ts';
import type { AdviceBounds } from './values/site.ts';

/**
 * What models may propose, and the bounds of it. Nothing here is a setpoint, an order or a limit:
 * each is a proposal that stands beside a deterministic twin and is scored against it.
 */
const plain = (text: string): boolean => !/[\p{Cc}\p{Bidi_Control}]/u.test(text);
/** Words that people read in terminals and on pages: one line, nothing that moves a cursor. */
const line = (most: number) => z.string().min(1).max(most).refine(plain, 'one line of plain text');
const why = line(400);
const hour = z.int().min(0).max(24);

/** Forecasting: how far the site's own forecast of the next hours is off, by its recent errors. */
export const biasHint = z.strictObject({
  fromHour: hour, // local
  untilHour: hour,
  pvPct: z.int().min(-40).max(40),
  loadPct: z.int().min(-40).max(40),
  why,
});
export type BiasHint = z.infer<typeof biasHint>;

/** Producer and consumer: parameters of the plan. The planner simulates them before they count. */
export const strategy = z.strictObject({
  reservePct: z.int().min(0).max(60), // of a store, kept back
  marginPct: z.int().min(0).max(50), // of the load, kept for what may come beyond it
  /** Beyond the price at which an order just pays: the producer's offers, the consumer's bids. */
  orderMarginMicroPerKwh: z.int().min(0).max(200_000),
  demandResponse: z
    .strictObject({
      startsInMin: z.int().min(0).max(1_425),
      minutes: z.int().min(15).max(240),
      reduceW: z.int().min(100).max(10_000_000),
      priceMicroPerKwh: z.int().min(0).max(10_000_000),
    })
    .nullable(),
  why,
});
export type Strategy = z.infer<typeof strategy>;

/** A proposal inside the bounds of its site file. */
export function bounded(given: Strategy, bounds: AdviceBounds): Strategy {
  return {
    ...given,
    reservePct: Math.min(given.reservePct, bounds.reserveMaxPct),
    marginPct: Math.min(given.marginPct, bounds.marginMaxPct),
    orderMarginMicroPerKwh: Math.min(
      given.orderMarginMicroPerKwh,
      bounds.orderMarginMaxMicroPerKwh,
    ),
  };
}

/** What a proposal means for the plan and its orders; nano per Wh are micro per kWh. */
export function parametersOf(
  agent: 'producer' | 'consumer',
  { reservePct, marginPct, orderMarginMicroPerKwh }: Strategy,
): PlanParameters {
  return {
    reservePct,
    marginPct,
    sellMarginNanoPerWh: agent === 'producer' ? orderMarginMicroPerKwh : 0,
    buyMarginNanoPerWh: agent === 'consumer' ? orderMarginMicroPerKwh : 0,
  };
}

/** Market supervisor: what in an interval's order book deserves a person's look. */
const FINDINGS = ['both-sides', 'dominance', 'at-bound', 'beyond-need'] as const;
export const surveillanceNote = z.strictObject({
  findings: z
    .array(z.strictObject({ kind: z.enum(FINDINGS), who: z.string().max(16), why }))
    .max(20),
});
export type SurveillanceNote = z.infer<typeof surveillanceNote>;

/** Forecasting, for a zone: what in a forecast as issued deserves a person's look. */
export const forecastReview = z.strictObject({
  findings: z
    .array(
      z.strictObject({
        kind: z.enum(['gap', 'short', 'jump', 'impossible']),
        who: z.enum(['sun', 'temperature', 'price']),
        why,
      }),
    )
    .max(12),
});
export type ForecastReview = z.infer<typeof forecastReview>;

/** Grid: why the envelopes are as they are, for the people who live with them. */
export const envelopeRationale = z.strictObject({ sentence: line(300) });
export type EnvelopeRationale = z.infer<typeof envelopeRationale>;

/** An answer to 'why': sentences that rest on recorded facts, by their numbers. */
export const whyAnswer = z.strictObject({
  answer: line(1_200),
  facts: z.array(z.int().min(1).max(500)).min(1).max(20),
});
export type WhyAnswer = z.infer<typeof whyAnswer>;

/** How a model is told a schema and its answer is checked by it. */
export function formOf<T>(schema: z.ZodType<T>) {
  return {
    jsonSchema: z.toJSONSchema(schema) as Readonly<Record<string, unknown>>,
    read(value: unknown): T | undefined {
      const parsed = schema.safeParse(value);
      return parsed.success ? parsed.data : undefined;
    },
  };
}

/** What a model may cost, as configuration says it. Prices are the provider's, per token. */
export const modelLimits = {
  timeoutMs: z.int().min(1_000).max(120_000).default(30_000),
  maxTokens: z.int().min(100).max(8_000).default(1_000),
  dayTokens: z.int().min(0).max(100_000_000).default(500_000),
  dayMicroUsd: z.int().min(0).max(1_000_000_000).default(1_000_000),
  nanoUsdPerInputToken: z.int().min(0).max(1_000_000).default(3_000),
  nanoUsdPerOutputToken: z.int().min(0).max(1_000_000).default(15_000),
};

/** What people's MCP clients and models may look up: inputs and results, read-only. */
const hours = (most: number) => z.int().min(1).max(most).default(24);
const row = z.record(z.string(), z.unknown());
const now = z.object({ nowMs: z.number(), now: z.string() });
export const LOOK_UPS = {
  state: {
    title: 'State of the site',
    description:
      'What binds now and why, the newest events, the last measured quarter-hour of each ' +
      'place, and how much telemetry waits for the cloud.',
    input: z.strictObject({}),
    output: now.extend({
      decision: row.nullable(),
      events: z.array(row),
      measured: z.array(row),
      outboxRows: z.number(),
    }),
  },
  history: {
    title: 'Measured energy',
    description:
      'Energy of each place in quarter-hours, Wh into and out of the site, oldest first.',
    input: z.strictObject({ hours: hours(168) }),
    output: now.extend({ quarters: z.array(row), leftOut: z.number() }),
  },
  plan: {
    title: 'Plan in force',
    description: 'The newest plan: power, prices, state of charge and the reason of each step.',
    input: z.strictObject({ hours: hours(48) }),
    output: now.extend({ plan: row.nullable(), steps: z.array(row) }),
  },
  market: {
    title: 'Orders, awards and settlement',
    description: "The site's orders with what became of them, awards, and statement lines.",
    input: z.strictObject({ hours: hours(72) }),
    output: now.extend({
      orders: z.array(row),
      awards: z.array(row),
      statements: z.array(row),
    }),
  },
  why: {
    title: 'Why',
    description: 'Answers a question such as "why did it charge at 14:00?" from recorded reasons.',
    input: z.strictObject({ question: z.string().min(1).max(500) }),
    output: now.extend({ moment: z.string(), answer: z.string(), facts: z.array(row) }),
  },
} as const;
export type LookUp = keyof typeof LOOK_UPS;
