import { z } from 'zod';

/**
 * Tariff as site file and cloud configuration carry it; the shape is contracts/values/tariff.ts.
 */
export const timeZone = z.string().refine(
  (name) => {
    try {
      return Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  },
  { error: 'not an IANA time zone such as Europe/Berlin' },
);

export const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'use letters, digits, dashes and underscores');
const price = z.int().min(-1e10).max(1e10); // nano-currency per Wh
const nano = z
  .union([z.int(), z.string().regex(/^-?\d{1,30}$/)])
  .transform((value) => BigInt(value));
const instant = z.int().nonnegative();
const dated = { id, validFromMs: instant.default(0), validUntilMs: instant.optional() };
const window = z.strictObject({
  months: z.array(z.int().min(1).max(12)).min(1).optional(),
  weekdays: z.array(z.int().min(1).max(7)).min(1),
  fromMinute: z.int().min(0).max(1_439),
  untilMinute: z.int().min(1).max(1_440),
  priceNanoPerWh: price,
});
const energy = { ...dated, windows: z.array(window).min(1) };
const market = {
  ...dated,
  sharePct: z.number().min(0).max(200).default(100),
  adderNanoPerWh: price.default(0),
};

export const tariffSchema = z.strictObject({
  id,
  currency,
  timeZone,
  holidays: z.array(z.string().regex(/^\d{4}-\d{2}-\d{2}$/)).default([]),
  source: z.string().max(200),
  knownUntilMs: instant.optional(),
  components: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ ...energy, kind: z.literal('energy-import') }),
        z.strictObject({ ...energy, kind: z.literal('energy-export') }),
        z.strictObject({ ...market, kind: z.literal('market-import') }),
        z.strictObject({ ...market, kind: z.literal('market-export') }),
        z.strictObject({ ...dated, kind: z.literal('fixed'), nanoPerDay: nano }),
        z.strictObject({
          ...dated,
          kind: z.literal('demand'),
          nanoPerW: nano,
          windowMs: z.int().positive().default(900_000),
          period: z.enum(['month', 'day']),
        }),
        z.strictObject({
          ...dated,
          kind: z.literal('excess'),
          on: z.enum(['import', 'export']),
          beyondW: z.number().min(0).max(1e8),
          priceNanoPerWh: price.min(0),
        }),
        z.strictObject({
          ...dated,
          kind: z.literal('tax'),
          pct: z.number().min(0).max(200),
          on: z.literal('import').default('import'),
        }),
      ]),
    )
    .min(1)
    .check(({ value, issues }) => {
      const charges = value.flatMap((one, at) => (one.kind === 'demand' ? [{ one, at }] : []));
      const second = charges.find(({ one, at }) =>
        charges.some((other) => other.at < at && overlap(one, other.one)),
      );
      if (second === undefined) return;
      const message =
        'a second demand charge at the same time: one is planned and billed, leave one';
      issues.push({ code: 'custom', message, path: [second.at], input: value });
    }),
});

interface Dated {
  readonly validFromMs: number;
  readonly validUntilMs?: number | undefined;
}
const overlap = (a: Dated, b: Dated): boolean =>
  a.validFromMs < (b.validUntilMs ?? Infinity) && b.validFromMs < (a.validUntilMs ?? Infinity);
