/**
 * Keeps a unit that does not answer from costing its neighbours their turn: after `TRIP` failures
 * in a row it is asked again only after a pause that doubles up to the longest one. Any answer
 * closes the breaker.
 */
const TRIP = 3;
const FIRST_MS = 5_000;

/**
 * Longest pauses, before stretching. A unit alone on its wire delays nobody and is asked more
 * often.
 */
const LONGEST_MS = { shared: 60_000, alone: 20_000 };

export class Breaker {
  private failures = 0;
  private pauseMs = 0;
  private askAtMs = 0;
  private readonly stretch: number;
  private readonly longestMs: number;

  /** @param stretch of all guard times in an accelerated run */
  constructor(stretch: number, alone: boolean) {
    this.stretch = stretch;
    this.longestMs = (alone ? LONGEST_MS.alone : LONGEST_MS.shared) * stretch;
  }

  get open(): boolean {
    return this.pauseMs > 0;
  }

  /**
   * May the unit be asked at `nowMs` (monotonic)? A write is one more probe, at the shortest pause.
   */
  allows(nowMs: number, write: boolean): boolean {
    if (!this.open || nowMs >= this.askAtMs) return true;
    return write && nowMs >= this.askAtMs - this.pauseMs + FIRST_MS * this.stretch;
  }

  answered(): void {
    this.failures = 0;
    this.pauseMs = 0;
  }

  failed(nowMs: number): void {
    this.failures += 1;
    if (this.failures < TRIP) return;
    const next = this.pauseMs === 0 ? FIRST_MS * this.stretch : 2 * this.pauseMs;
    this.pauseMs = Math.min(next, this.longestMs);
    this.askAtMs = nowMs + this.pauseMs;
  }
}
