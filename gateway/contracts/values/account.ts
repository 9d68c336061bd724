import type { Instant } from './time.ts';

/**
 * One local day of a site as it was, and as it would have been: each cost is what the tariff asks,
 * + is paid, exact nano-currency as a decimal text. A day that is not wholly known has no costs.
 */
export interface DayAccount {
  readonly v: 1;
  readonly day: string; // local date, YYYY-MM-DD
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly currency: string;
  /** Spans that were not measured; nothing is put in their place. */
  readonly missing: readonly { readonly fromMs: Instant; readonly untilMs: Instant }[];
  readonly missingCount: number; // quarter-hours
  readonly unpricedCount: number; // quarter-hours whose price is not known
  readonly chargeUnknown: boolean; // of a battery, at one of the two midnights
  readonly heldBackCount: number; // quarter-hours in which sun was held back: it counts as it came
  readonly costs: DayCosts | undefined;
  readonly startWh: number; // in the batteries; 0 where not known
  readonly endWh: number;
  /** The simulated self-consumption goes on from here on the next day. */
  readonly self:
    | { readonly storedWh: Readonly<Record<string, number>>; readonly peakW: number }
    | undefined;
}

export interface DayCosts {
  readonly oursNano: string;
  readonly noneNano: string; // the same load and sun without battery and market
  readonly selfNano: string; // batteries that only follow the meter, without market
  /** Lowest cost for who had known the day, its batteries at both midnights charged as ours. */
  readonly limitNano: string | undefined;
  readonly limitWhy: string; // why there is none, otherwise ''
}

/** Sums of the days that have costs. */
export interface AccountSum {
  readonly days: number; // with costs
  readonly oursNano: bigint;
  readonly noneNano: bigint;
  readonly selfNano: bigint;
  readonly limitDays: number;
  readonly limitNano: bigint | undefined; // only where each of the days has one
  readonly capturedPct: number | undefined; // over the days that have a limit
}

/**
 * Share of what could be saved that was saved, percent with one decimal; undefined where nothing
 * could be saved.
 */
export function capturedPct(none: bigint, ours: bigint, limit: bigint): number | undefined {
  const possible = none - limit;
  if (possible <= 0n) return undefined;
  return Number(((none - ours) * 1_000n) / possible) / 10;
}

export function sumOf(accounts: readonly DayAccount[]): AccountSum {
  const costs = accounts.flatMap((one) => one.costs ?? []);
  const limited = costs.filter(({ limitNano }) => limitNano !== undefined);
  const total = (of: readonly DayCosts[], pick: (one: DayCosts) => string | undefined): bigint =>
    of.reduce((sum, one) => sum + BigInt(pick(one) ?? 0), 0n);
  const limitNano = total(limited, (one) => one.limitNano);
  return {
    days: costs.length,
    oursNano: total(costs, (one) => one.oursNano),
    noneNano: total(costs, (one) => one.noneNano),
    selfNano: total(costs, (one) => one.selfNano),
    limitDays: limited.length,
    limitNano: limited.length === costs.length && costs.length > 0 ? limitNano : undefined,
    capturedPct: capturedPct(
      total(limited, (one) => one.noneNano),
      total(limited, (one) => one.oursNano),
      limitNano,
    ),
  };
}
