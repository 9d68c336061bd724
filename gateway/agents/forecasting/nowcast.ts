import type { Band } from '../../contracts/values/outlook.ts';
import { type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { Conformal, type Ends } from './seasonal/bands.ts';

const STEPS = 8; // the running quarter-hour and the next ones: two hours
const LEARNT_SHARE = 0.02; // of a share, by which one quarter-hour moves it
const USUAL_SHARE = 0.02; // of the usual gap that another quarter-hour renews
const MOST_GAPS = 2; // usual ones: how much a single large gap may teach
const MOST_TURN = 4; // of a gap from one step to a brighter one

interface Said {
  readonly step: number;
  readonly gapW: number; // of the last minutes, in the size of this step
  readonly baseW: number; // as said without them
  readonly midW: number;
  readonly halfW: number;
  readonly ends: Ends;
}

/**
 * What the last minutes showed, carried into the next quarter-hours. For each step ahead the share
 * of the gap that is still there by then is learnt (least absolute error, by its sign), and a band
 * that adapts until four of five values lie in it. As long as nothing is learnt nothing is carried.
 */
export class Nowcast {
  private readonly shares = new Float64Array(STEPS);
  private readonly bands = Array.from({ length: STEPS }, () => new Conformal());
  private readonly waiting = new Map<Instant, Said[]>();
  private usualW = 0;
  private taughtMs = Number.NEGATIVE_INFINITY; // quarter-hour of which something waits already

  /**
   * @param bands  of quarter-hours from the running one on, W >= 0
   * @param recentW  mean of the last minutes
   * @param scaleOf  how large a step's values can be beside the others'; 0: nothing happens there
   * @returns the middle and the ends, not bounded
   */
  carry(
    bands: readonly Band[],
    fromMs: Instant,
    recentW: number | undefined,
    scaleOf: (atMs: Instant) => number,
  ): readonly Band[] {
    const nowW = bands[0]?.midW;
    const nowScale = scaleOf(fromMs);
    if (recentW === undefined || nowW === undefined || nowScale <= 0) return bands;
    const isFirst = fromMs > this.taughtMs;
    if (isFirst) this.taughtMs = fromMs;
    return bands.map((band, step) => {
      if (step >= STEPS) return band;
      const atMs = fromMs + step * QUARTER_MS;
      const turn = Math.min(MOST_TURN, scaleOf(atMs) / nowScale);
      const gapW = (recentW - nowW) * turn;
      const midW = band.midW + (this.shares[step] ?? 0) * gapW;
      const halfW = (band.highW - band.lowW) / 2;
      const ends = this.bands[step]?.ends() ?? { low: -1, high: 1 };
      if (isFirst) this.wait(atMs, { step, gapW, baseW: band.midW, midW, halfW, ends });
      return { lowW: midW + ends.low * halfW, midW, highW: midW + ends.high * halfW };
    });
  }

  /** A quarter-hour as it came. */
  learn(atMs: Instant, actualW: number): void {
    for (const { step, gapW, baseW, midW, halfW, ends } of this.waiting.get(atMs) ?? []) {
      const sizeW = Math.abs(gapW);
      this.usualW = this.usualW === 0 ? sizeW : this.usualW + USUAL_SHARE * (sizeW - this.usualW);
      const share = this.shares[step] ?? 0;
      const way = Math.sign(actualW - baseW - share * gapW) * Math.sign(gapW);
      const weight = this.usualW > 0 ? Math.min(MOST_GAPS, sizeW / this.usualW) : 0;
      this.shares[step] = Math.max(0, Math.min(1, share + LEARNT_SHARE * way * weight));
      if (halfW > 0) this.bands[step]?.learn((actualW - midW) / halfW, ends);
    }
    for (const oldMs of this.waiting.keys()) if (oldMs <= atMs) this.waiting.delete(oldMs);
  }

  private wait(atMs: Instant, said: Said): void {
    const list = this.waiting.get(atMs) ?? [];
    list.push(said);
    this.waiting.set(atMs, list);
  }
}
