import { z } from 'zod';

/** Market prices of local days by the hour, as the forecasting agent answers `get-past-prices`. */
export const pastPrices = z.object({
  v: z.literal(1),
  kind: z.literal('past-prices'),
  currency: z.string().length(3),
  timeZone: z.string().max(64), // of the days
  days: z
    .array(
      z.object({
        day: z.int(), // since 1970-01-01
        hours: z.array(z.int().min(-1e10).max(1e10).nullable()).length(24), // nano-currency per Wh; null = unknown
      }),
    )
    .max(100),
});
export type PastPrices = z.infer<typeof pastPrices>;

export const pastPricesWanted = z.object({
  v: z.literal(1),
  kind: z.literal('get-past-prices'),
  fromDay: z.int(),
  untilDay: z.int(), // not included
});
export type PastPricesWanted = z.infer<typeof pastPricesWanted>;
