/** Leads at which a forecast is scored, ms, and the class of lead that each stands for. */
export const LEAD_CLASSES = [
  { upToMs: 3_600_000, scoredAtMs: 900_000 },
  { upToMs: 4 * 3_600_000, scoredAtMs: 2 * 3_600_000 },
  { upToMs: Number.POSITIVE_INFINITY, scoredAtMs: 12 * 3_600_000 },
] as const;

const KEPT = 672; // a week of quarter-hours
const ENOUGH = 24;

export const leadClass = (leadMs: number): number =>
  Math.max(
    0,
    LEAD_CLASSES.findIndex(({ upToMs }) => leadMs <= upToMs),
  );

/** The last errors (actual minus forecast, in the caller's scale) by class of lead. */
export class ErrorBook {
  private readonly errors: number[][] = LEAD_CLASSES.map(() => []);
  private readonly sorted: (readonly number[] | undefined)[] = LEAD_CLASSES.map(() => undefined);

  add(of: number, error: number): void {
    const errors = this.errors[of];
    if (errors === undefined || !Number.isFinite(error)) return;
    errors.push(error);
    if (errors.length > KEPT) errors.shift();
    this.sorted[of] = undefined;
  }

  count(of: number): number {
    return this.errors[of]?.length ?? 0;
  }

  /** Errors at 10 and 90 %, or undefined while there are too few. */
  range(of: number): { readonly low: number; readonly high: number } | undefined {
    const errors = this.errors[of] ?? [];
    if (errors.length < ENOUGH) return undefined;
    this.sorted[of] ??= [...errors].sort((a, b) => a - b);
    const sorted = this.sorted[of] ?? [];
    return { low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) };
  }
}

/** Linear between neighbours. @param sorted ascending, not empty */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? 0;
  return low + ((sorted[below + 1] ?? low) - low) * (at - below);
}
