/**
 * When a wire has been silent for long enough to be asked again. All instants and durations in real
 * milliseconds.
 */
export class Silence {
  private readonly gapMs: number; // before each request
  private lastByteMs = Number.NEGATIVE_INFINITY;
  private lastDoneMs = Number.NEGATIVE_INFINITY;
  private neededMs = 0; // since the last byte or `fromMs`
  private fromMs = Number.NEGATIVE_INFINITY;
  private waitingFromMs: number | undefined;

  constructor(gapMs: number) {
    this.gapMs = gapMs;
  }

  heard(nowMs: number): void {
    this.lastByteMs = nowMs;
  }

  /** A request has come to its end. */
  done(nowMs: number): void {
    this.lastDoneMs = nowMs;
  }

  /** From now on the line has to be silent for that long, once. */
  need(nowMs: number, forMs: number): void {
    this.fromMs = nowMs;
    this.neededMs = Math.max(this.gapMs, forMs);
  }

  /** @param pauseMs that the unit asked last wants after its answer */
  readyMs(pauseMs: number): number {
    const silentMs = Math.max(this.lastByteMs, this.fromMs) + this.neededMs;
    return Math.max(this.lastByteMs + this.gapMs, this.lastDoneMs + pauseMs, silentMs);
  }

  /** It was silent. */
  kept(): void {
    this.neededMs = 0;
    this.waitingFromMs = undefined;
  }

  /** Nobody waits for it. */
  unneeded(): void {
    this.waitingFromMs = undefined;
  }

  /** Someone has talked all the time for `patienceMs` more than was asked. */
  hopeless(nowMs: number, patienceMs: number): boolean {
    this.waitingFromMs ??= nowMs;
    if (nowMs - this.waitingFromMs < patienceMs + this.neededMs) return false;
    this.waitingFromMs = undefined;
    return true;
  }
}
