import type { Clock } from '../ports.ts';

const EARLY_GAP_REAL_MS = 200; // at most five early turns a real second

/**
 * The absolute schedule: slot k is due at k cycles of the monotonic clock, whatever the turns
 * before it took. A turn that starts after the next slot is due counts the slots in between as
 * missed and skips them. Early turns come between slots and change nothing of the schedule.
 */
export class Pacer {
  cycles = 0;
  missed = 0;
  private readonly clock: Clock;
  private readonly cycleMs: number;
  private readonly turn: () => void;
  private slot = 0;
  private cancelSlot: (() => void) | undefined;
  private cancelEarly: (() => void) | undefined;
  private lastEarlyMs = Number.NEGATIVE_INFINITY; // real

  constructor(clock: Clock, cycleMs: number, turn: () => void) {
    this.clock = clock;
    this.cycleMs = cycleMs;
    this.turn = turn;
  }

  start(): void {
    this.slot = Math.ceil(this.clock.monoMs() / this.cycleMs);
    this.arm();
  }

  stop(): void {
    this.cancelSlot?.();
    this.cancelEarly?.();
    this.cancelSlot = undefined;
    this.cancelEarly = undefined;
  }

  /** Brings a turn forward; several asks before it runs are one. */
  early(): void {
    if (this.cancelEarly !== undefined || this.cancelSlot === undefined) return;
    const atMs = Math.max(this.clock.realMs(), this.lastEarlyMs + EARLY_GAP_REAL_MS);
    this.cancelEarly = this.clock.realAt(atMs, () => {
      this.cancelEarly = undefined;
      this.lastEarlyMs = this.clock.realMs();
      this.turn();
    });
  }

  private arm(): void {
    this.cancelSlot = this.clock.at(this.slot * this.cycleMs, () => this.due());
  }

  private due(): void {
    const now = Math.max(this.slot, Math.floor(this.clock.monoMs() / this.cycleMs));
    this.missed += now - this.slot;
    this.cycles += 1;
    this.slot = now + 1;
    this.arm();
    this.turn();
  }
}
