/** A connection that did not hold for so long counts as a failed try: pauses go on growing. */
export const HELD_MS = 30_000;
/**
 * Least share of the bound. With pauses from 0 those who return to a broker that was long away come
 * at twice the mean rate at first; with two fifths it is 1.4 times.
 */
const LEAST_SHARE = 0.4;

/**
 * Pauses between tries to connect: random up to a bound that doubles with each failure, so that
 * many who lost the broker at once do not come back at once, and two who fight for one client id
 * fight ever less.
 */
export class Reconnect {
  private readonly minMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;
  private failures = 0;
  private sinceMs: number | undefined;

  /** @param minMs first bound, real @param maxMs last one @param random uniform in [0, 1) */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.random = random;
  }

  /** @param nowMs real */
  connected(nowMs: number): void {
    this.sinceMs = nowMs;
  }

  /** The connection is gone, or did not come about. @returns the pause before the next try, ms */
  lost(nowMs: number): number {
    if (this.sinceMs !== undefined && nowMs - this.sinceMs >= HELD_MS) this.failures = 0;
    this.sinceMs = undefined;
    const boundMs = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return boundMs * (LEAST_SHARE + (1 - LEAST_SHARE) * this.random());
  }
}
