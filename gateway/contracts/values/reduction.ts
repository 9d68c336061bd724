import type { Instant } from './time.ts';

/**
 * A demand-response event of this site and, once it is over, what was delivered of it. Energies are
 * at the connection, Wh, + import.
 */
export interface Reduction {
  readonly v: 1;
  readonly sequence: number; // of the directive
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly importLimitW: number; // that it asked for
  /** The guard took it: what it refused, or what never reached it, is no event of this site. */
  readonly taken: boolean;
  readonly optedOut: boolean; // an order by hand stood while it ran
  readonly result: Delivered | { readonly unknown: string } | undefined; // undefined: not over yet
}

export interface Delivered {
  readonly baselineWh: number; // adjusted
  readonly meteredWh: number;
  readonly tradedWh: number; // sold for these intervals: it is paid by the market
  readonly deliveredWh: number; // baseline - metered - traded; below 0: more was taken
  readonly adjustmentPct: number; // of the baseline on the day itself, -20 to 20
  readonly days: number; // that the baseline rests on
}

export const deliveredOf = ({ result }: Reduction): Delivered | undefined =>
  result === undefined || 'unknown' in result ? undefined : result;
