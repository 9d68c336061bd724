/** The device's reversion timer, as far as we know it: monotonic milliseconds. */
export class ReversionTimer {
  private running = false;
  private began = false;
  private fromMs = Number.NEGATIVE_INFINITY;
  private lengthS = 0;
  private shownUntilMs = Number.NEGATIVE_INFINITY;

  /** Armed by a write that was sent at `sentAtMs`: it began then at the earliest. */
  start(sentAtMs: number, lengthS: number): void {
    this.running = true;
    this.began = true;
    this.fromMs = sentAtMs;
    this.lengthS = lengthS;
  }

  /** The device, asked at `askedAtMs`, shows that it counts down from what we wrote. */
  seen(askedAtMs: number, leftS = 0): void {
    this.shownUntilMs = askedAtMs + 1_000 * (leftS - 1); // it may show a second that has begun
  }

  /** A write after which it counts from the beginning. */
  renew(sentAtMs: number): void {
    if (this.running) this.fromMs = sentAtMs;
  }

  /** It does not run, or nobody knows. */
  forget(): void {
    this.running = false;
  }

  /** Nor did it, as far as anybody knows: another device may answer. */
  reset(): void {
    this.running = false;
    this.began = false;
    this.shownUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** It was started and has not run out: it runs, unless the device has restarted meanwhile. */
  stands(nowMs: number): boolean {
    const isWithin = this.began && nowMs < this.fromMs + this.lengthS * 1_000;
    return isWithin || nowMs < this.shownUntilMs;
  }

  /** Has not run out. */
  runs(nowMs: number): boolean {
    return this.running && nowMs < this.endsAtMs;
  }

  /** It ran once and does not any more: the device is free again. */
  isOver(nowMs: number): boolean {
    return this.began && !this.runs(nowMs);
  }

  /** A third of its time is over. */
  isDue(nowMs: number): boolean {
    return !this.runs(nowMs) || nowMs >= this.fromMs + (this.lengthS * 1_000) / 3;
  }

  get endsAtMs(): number {
    return this.running ? this.fromMs + this.lengthS * 1_000 : 0;
  }

  /** Between two renewals; 0 where it does not run. */
  get renewalMs(): number {
    return this.running ? (this.lengthS * 1_000) / 3 : 0;
  }
}
