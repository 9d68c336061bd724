import type { Timing } from '../../contracts/values/timing.ts';

/** Read-backs in a row that show something else: it acknowledges and does not follow. */
const DEAF_READS = 3;
/** How long it is left alone before it is tried again, in times to the safe state: doubling. */
const FIRST = 3;
const LONGEST = 180;
/** Between two tries of a safe state that is not followed either, in the same measure, doubling. */
const PAUSE = 1;
const LONGEST_PAUSE = 6;

/** What others may know of it. */
export interface Obeying {
  readonly mismatches: number; // read-backs in a row that showed something else
  /** It acknowledges and does not follow: its safe state alone is written for a while. */
  readonly givenBack: boolean;
  /** While it is: since when it has followed nothing, and when it is tried again. */
  readonly deaf?: { readonly sinceMonoMs: number; readonly againMonoMs: number };
}

/**
 * Whether a device does what it acknowledges, and when it is tried again. One that does not is
 * given back for a while: its safe state is all that is written. Monotonic ms.
 */
export class Obedience {
  mismatches = 0; // read-backs in a row that showed something else
  private givenBackUntilMs = Number.NEGATIVE_INFINITY;
  private deafSinceMs: number | undefined; // it has agreed to no setpoint since
  private notBeforeMs = Number.NEGATIVE_INFINITY;
  private waits = FIRST;
  private pauses = PAUSE;
  private readonly times: Timing;

  constructor(times: Timing) {
    this.times = times;
  }

  view(nowMs: number): Obeying {
    const { mismatches, deafSinceMs: sinceMonoMs = nowMs, givenBackUntilMs: againMonoMs } = this;
    if (!this.isGivenBack(nowMs)) return { mismatches, givenBack: false };
    return { mismatches, givenBack: true, deaf: { sinceMonoMs, againMonoMs } };
  }

  isGivenBack(nowMs: number): boolean {
    return nowMs < this.givenBackUntilMs;
  }

  /** @param urgent protective, or a release: waits only where that was not followed either */
  mayTry(urgent: boolean, nowMs: number): boolean {
    const isGivenBack = this.isGivenBack(nowMs);
    if (urgent) return !isGivenBack || nowMs >= this.notBeforeMs;
    return !isGivenBack && nowMs >= this.notBeforeMs;
  }

  /** The last words before the end wait for nothing. */
  hurry(): void {
    this.notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  /** It was refused: not again at once. */
  refused(nowMs: number): void {
    this.notBeforeMs = nowMs + this.times.safeByMs;
  }

  agreed(nowMs: number): void {
    this.mismatches = 0;
    this.pauses = PAUSE;
    if (this.isGivenBack(nowMs)) return;
    this.waits = FIRST;
    this.deafSinceMs = undefined;
  }

  /** @returns true when it is given back from now on */
  disagreed(nowMs: number): boolean {
    this.mismatches += 1;
    if (this.mismatches < DEAF_READS) return false;
    if (this.isGivenBack(nowMs)) {
      this.notBeforeMs = nowMs + this.pauses * this.times.safeByMs;
      this.pauses = Math.min(2 * this.pauses, LONGEST_PAUSE);
      return false;
    }
    this.hurry(); // its safe state is next
    this.deafSinceMs ??= nowMs;
    this.givenBackUntilMs = nowMs + this.waits * this.times.safeByMs;
    this.waits = Math.min(2 * this.waits, LONGEST);
    return true;
  }
}
