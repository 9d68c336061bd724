/**
 * Energy in one direction at one place: the integral of power, held to the counter. The integral
 * is fine but drifts, the counter is exact but comes in steps; the estimate follows the first and
 * stays inside the step `[count, count + resolution)` of the second, so nothing is lost or invented
 * over time.
 */
const STEPS_WH = [1_000, 100, 10, 1] as const;
/** Counters are floats on some meters: this much is not a difference. */
const EPSILON_WH = 1e-3;

export interface AnchorReport {
  /** The counter went back or jumped: a reset, a rollover or an exchange. */
  readonly newEpoch: boolean;
}

export class AnchoredEnergy {
  /** Wh since the start, never reset. */
  estimateWh = 0;
  /** Finest step seen so far; undefined while no counter was read. */
  resolutionWh: number | undefined;
  private shiftWh = 0; // estimate minus count where the two meet
  private countWh: number | undefined;
  private countAtMs = 0;
  private bookedWh = 0;

  /** Adds a piece of the power integral. */
  add(energyWh: number): void {
    this.estimateWh += energyWh;
  }

  /**
   * Takes a counter reading in.
   * @param countWh as read
   * @param sinceWh integral since the instant of that reading (the reading may be older than the
   *   newest power)
   * @param mostWh what can have flowed since the last reading; more is a jump
   */
  anchor(
    countWh: number,
    atMs: number,
    sinceWh: number,
    mostWh: (ms: number) => number,
  ): AnchorReport {
    this.refine(countWh);
    const stepWh = this.resolutionWh ?? 0;
    const before = this.countWh;
    const rise = before === undefined ? 0 : countWh - before;
    const limitWh = mostWh(atMs - this.countAtMs) + 2 * stepWh;
    const newEpoch = before !== undefined && (rise < -EPSILON_WH || rise > limitWh);
    this.countWh = countWh;
    this.countAtMs = atMs;
    const thenWh = this.estimateWh - sinceWh;
    if (before === undefined || newEpoch) {
      this.shiftWh = thenWh - countWh;
      return { newEpoch };
    }
    const lowWh = countWh + this.shiftWh;
    const highWh = lowWh + stepWh;
    const heldWh = Math.min(Math.max(thenWh, lowWh), highWh);
    this.estimateWh = heldWh + sinceWh;
    return { newEpoch: false };
  }

  /**
   * Whole Wh up to `atWh` that were not booked yet; the rest is carried, and nothing is ever
   * negative.
   */
  book(atWh: number): number {
    const energyWh = Math.max(0, Math.round(atWh) - this.bookedWh);
    this.bookedWh += energyWh;
    return energyWh;
  }

  private refine(countWh: number): void {
    const multiple = (stepWh: number): boolean =>
      Math.abs(countWh - Math.round(countWh / stepWh) * stepWh) <= EPSILON_WH;
    const seen = STEPS_WH.find(multiple) ?? 0.1;
    this.resolutionWh = Math.min(this.resolutionWh ?? seen, seen);
  }
}
