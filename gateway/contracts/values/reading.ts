import type { Instant } from './time.ts';

/**
 * A reading is never just a number. A failed read is unknown, never 0; where there was a good one,
 * `last` keeps it. `atMs` is the instant of the request on the guard's monotonic clock.
 */
export type Reading =
  | { readonly quality: 'good'; readonly value: number; readonly atMs: Instant }
  | { readonly quality: BadQuality; readonly last?: number; readonly atMs: Instant };

export type BadQuality = 'stale' | 'timeout' | 'implausible' | 'unavailable';

/** Value of a good reading, otherwise undefined. */
export function good(reading: Reading | undefined): number | undefined {
  return reading?.quality === 'good' ? reading.value : undefined;
}

/** Freshness belongs to the point: control 5 s, state 30 s, slow 15 min (DESIGN section 3). */
export type PointClass = 'control' | 'state' | 'slow';
