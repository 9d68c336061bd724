/** Shares of all values that are to lie below a band's ends: between them lie 80 %. */
const SIDE_SHARE = 0.1;
const STEP_SHARE = 0.07; // of the usual score, by which a miss moves an end
const MEMORY_SHARE = 0.08; // of a slot's scale that another day renews
const FLOOR_SHARE = 0.1; // of the mean scale, so that a calm slot is not certain
const START_QUANTILE = 1.3; // of errors in multiples of their mean size

/**
 * How large the errors of a slot of the day usually are: running mean of their sizes, by slot and
 * its neighbours.
 */
export class SlotScale {
  private readonly sizes: Float64Array;
  private readonly active: Uint8Array; // whether anything ever happened in that slot
  private meanSize: number | undefined; // until another error is learnt

  /** @param slots of a day */
  constructor(slots: number) {
    this.sizes = new Float64Array(slots).fill(Number.NaN);
    this.active = new Uint8Array(slots);
  }

  learn(slot: number, actual: number, error: number): void {
    if (actual !== 0) this.active[slot] = 1;
    if (Number.isNaN(error)) return;
    const before = this.sizes[slot] ?? Number.NaN;
    const size = Math.abs(error);
    this.meanSize = undefined;
    this.sizes[slot] = Number.isNaN(before) ? size : before + MEMORY_SHARE * (size - before);
  }

  /** >= 0; 0 where nothing ever happened or is known. */
  at(slot: number): number {
    if (this.active[slot] !== 1) return 0;
    const { sizes } = this;
    const own = sizes[slot] ?? Number.NaN;
    if (Number.isNaN(own)) return 0;
    const side = (n: number): number => {
      const value = sizes[(slot + n + sizes.length) % sizes.length] ?? Number.NaN;
      return Number.isNaN(value) ? own : value;
    };
    const smooth = 0.5 * own + 0.25 * (side(-1) + side(1));
    this.meanSize ??= this.mean();
    return Math.max(smooth, FLOOR_SHARE * this.meanSize);
  }

  private mean(): number {
    let sum = 0;
    let known = 0;
    for (const size of this.sizes) {
      if (Number.isNaN(size)) continue;
      sum += size;
      known += 1;
    }
    return known === 0 ? 0 : sum / known;
  }
}

/** In multiples of a scale. */
export interface Ends {
  readonly low: number;
  readonly high: number;
}

/**
 * Ends of an 80 % band in multiples of a scale, moved after each miss and each hit so that in the
 * long run a tenth lies beyond each, whatever the errors do (quantile tracking; Gibbs and Candes
 * 2021, Angelopoulos et al. 2023).
 */
export class Conformal {
  private lowQuantile = -START_QUANTILE;
  private highQuantile = START_QUANTILE;
  private usualScore = 1;

  /**
   * @param score  (actual - forecast) / scale
   * @param issued  the ends as they were when the forecast was issued: what was promised counts
   */
  learn(score: number, issued: Ends): void {
    if (Number.isNaN(score)) return;
    const step = STEP_SHARE * this.usualScore;
    this.usualScore += 0.005 * (Math.min(Math.abs(score), 5) - this.usualScore);
    this.lowQuantile += step * (SIDE_SHARE - (score < issued.low ? 1 : 0));
    this.highQuantile += step * ((score > issued.high ? 1 : 0) - SIDE_SHARE);
  }

  ends(): Ends {
    return {
      low: Math.min(this.lowQuantile, this.highQuantile),
      high: Math.max(this.lowQuantile, this.highQuantile),
    };
  }
}
