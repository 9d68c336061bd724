/**
 * Keeps a unit that does not answer from costing its neighbours their turn: after `TRIP` failures
 * in a row it is left alone. One that has answered before may have lost them to a bad line, and is
 * only taken for dead after `LOSSY_MS`. Then it is asked once a cycle, and when it has been silent
 * for `QUICK_MS` after pauses that double up to the longest one. Any answer closes the breaker.
 */
const TRIP = 3;
const LOSSY_MS = 5_000;
/** Shorter than a cycle less a time-out, so that the next cycle's poll is the probe. */
const FIRST_MS = 500;
const QUICK_MS = 10_000;

/**
 * Longest pauses, before stretching: with the cycles that a device needs to be recognised it is in
 * control again within 30 s. A unit alone on its wire delays nobody and is asked more often.
 */
const LONGEST_MS = { shared: 20_000, alone: 5_000 };
/** Where so many answers of all units are lost, silence is the line's, and it is asked as often. */
const LOSSY_SHARE = 0.2;
/** Share that a new answer, or a lost one, has in that. */
const NEWEST_SHARE = 0.05;
/** Between the probes of two units of one wire: together they cost the others no more than one. */
const APART_MS = 2_000;

/** Whose turn it is to be probed, of all silent units of a wire; how the others answer. */
export interface Probing {
  by: Breaker | undefined;
  freeAtMs: number;
  lostShare: number; // of the answers of those that are not taken for dead, lately
}

export const newProbing = (): Probing => ({
  by: undefined,
  freeAtMs: Number.NEGATIVE_INFINITY,
  lostShare: 0,
});

export class Breaker {
  private failures = 0;
  private failingFromMs = 0;
  private hasAnswered = false;
  private pauseMs = 0;
  private askAtMs = 0;
  private readonly stretch: number;
  private readonly longestMs: number;
  private readonly probing: Probing;

  /** @param stretch of all guard times in an accelerated run */
  constructor(stretch: number, alone: boolean, probing: Probing) {
    this.stretch = stretch;
    this.probing = probing;
    this.longestMs = (alone ? LONGEST_MS.alone : LONGEST_MS.shared) * stretch;
  }

  get open(): boolean {
    return this.pauseMs > 0;
  }

  /**
   * May the unit be asked at `nowMs` (monotonic)? A write is one more probe, at the shortest pause.
   */
  allows(nowMs: number, write: boolean): boolean {
    if (!this.open) return true;
    const { probing, stretch } = this;
    if (nowMs < probing.freeAtMs && probing.by !== this) return false;
    const soonMs = this.askAtMs - this.pauseMs + FIRST_MS * stretch;
    if (nowMs < (write ? soonMs : this.askAtMs)) return false;
    probing.by = this;
    probing.freeAtMs = nowMs + APART_MS * stretch;
    return true;
  }

  private note(lost: 0 | 1): void {
    const { probing } = this;
    if (!this.open) probing.lostShare += NEWEST_SHARE * (lost - probing.lostShare);
  }

  answered(): void {
    this.note(0);
    this.hasAnswered = true;
    this.failures = 0;
    this.pauseMs = 0;
  }

  /** @param told by a gateway, that it does not reach the unit: not just lost on the way */
  failed(nowMs: number, told = false): void {
    this.note(1);
    if (this.failures === 0) this.failingFromMs = nowMs;
    this.failures += 1;
    if (this.failures < TRIP) return;
    const isYoung = nowMs - this.failingFromMs < LOSSY_MS * this.stretch;
    if (isYoung && this.hasAnswered && !told) return;
    const firstMs = FIRST_MS * this.stretch;
    const isQuick = nowMs - this.failingFromMs < QUICK_MS * this.stretch;
    const nextMs = isQuick ? firstMs : Math.max(firstMs, 2 * this.pauseMs);
    const isLossy = this.probing.lostShare > LOSSY_SHARE;
    const mostMs = isLossy
      ? Math.min(this.longestMs, LONGEST_MS.alone * this.stretch)
      : this.longestMs;
    this.pauseMs = Math.min(nextMs, mostMs);
    this.askAtMs = nowMs + this.pauseMs;
  }
}
