import type { Clock } from '../../ports.ts';

/**
 * One timer for the deadlines of all requests of a wire. It is left standing when an answer comes
 * in time and looks for the next deadline only when it fires: most requests set no timer at all.
 */
export class Watch {
  private readonly clock: Clock;
  private readonly fired: (nowMs: number) => void;
  private atMs = Number.POSITIVE_INFINITY; // real
  private cancel: (() => void) | undefined;

  constructor(clock: Clock, fired: (nowMs: number) => void) {
    this.clock = clock;
    this.fired = fired;
  }

  /** Fires at `deadlineMs` (real) or before. */
  until(deadlineMs: number): void {
    if (this.atMs <= deadlineMs) return;
    this.cancel?.();
    this.atMs = deadlineMs;
    this.cancel = this.clock.realAt(deadlineMs, () => {
      this.atMs = Number.POSITIVE_INFINITY;
      this.fired(this.clock.realMs());
    });
  }

  stop(): void {
    this.cancel?.();
    this.atMs = Number.POSITIVE_INFINITY;
  }
}
