/** Answers in a row before a unit counts as known. */
const KNOWN = 20;
/** Nobody is waited for shorter than this and so many times its slowest turnaround, real ms. */
const LEAST_MS = 100;
const TIMES = 4;
/** Failures in a row after which the answers may be late, not lost, and after which they are. */
const DOUBTFUL = 4;
const FAILED = 8;
/** Each so many probes one is waited for to the end. */
const WHOLE_PROBE = 3;
/** What the slowest turnaround loses with each answer that was quicker. */
const FORGET = 0.995;

/**
 * How long a unit on a serial line is waited for. A lost answer costs all units of the line the
 * time-out, and its profile's is made for the slowest device of the kind: one that is known to
 * answer at once is given up sooner. An answer that comes later than that falls into the quiet time
 * after it, is never used, and the unit has to become known again.
 */
export class Patience {
  private slowestMs = 0;
  private answers = 0;
  private failures = 0; // in a row
  private usualMs = 0; // the slowest, when it was last known
  private probes = 0;

  /** @param turnaroundMs real, from the end of a read to the beginning of its answer */
  answered(turnaroundMs: number): void {
    this.answers += 1;
    this.failures = 0;
    this.slowestMs = Math.max(turnaroundMs, FORGET * this.slowestMs);
  }

  /** Slowest turnaround lately, real ms; 0 before the first answer. */
  get slowestTurnMs(): number {
    return this.slowestMs;
  }

  /** It answered a proof read: no measure of its haste. */
  proven(): void {
    this.failures = 0;
  }

  failed(): void {
    this.failures += 1;
    if (this.failures >= FAILED) this.surprised();
  }

  /** It answered when nobody waited any more. */
  surprised(): void {
    if (this.isKnown) this.usualMs = this.slowestMs;
    this.answers = 0;
    this.slowestMs = 0;
  }

  private get isKnown(): boolean {
    return this.answers >= KNOWN;
  }

  private get leastMs(): number {
    return Math.max(LEAST_MS, TIMES * this.slowestMs);
  }

  /**
   * @param wireMs that the characters of request and answer take
   * @param mostMs the profile's time-out
   */
  timeoutMs(wireMs: number, mostMs: number): number {
    return this.isKnown ? Math.min(mostMs, wireMs + this.leastMs) : mostMs;
  }

  /**
   * For one that is taken for dead, as long as it used to need: most probes meet nobody. Now and
   * then as long as its profile says, for it may have become slow.
   */
  probeMs(wireMs: number, mostMs: number): number {
    this.probes += 1;
    if (this.usualMs === 0 || this.probes % WHOLE_PROBE === 0) return mostMs;
    return Math.min(mostMs, wireMs + Math.max(LEAST_MS, TIMES * this.usualMs));
  }

  /**
   * Silence after a failure: short after the first ones, which are lost frames far more often than
   * late ones. @param mostMs the profile's
   */
  lateMs(mostMs: number): number {
    return this.isKnown && this.failures < DOUBTFUL ? Math.min(mostMs, this.leastMs) : mostMs;
  }
}
