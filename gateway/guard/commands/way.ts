import type { Told } from '../safety/facts.ts';
import type { LeaseOptions } from './options.ts';

/**
 * Which way a battery was last asked to go, by what was written to it and not by what was decided:
 * a step that is not worth a write of its own turns nothing, and an order that was not answered
 * may arrive later than it was sent.
 */
export class Way {
  private readonly options: Pick<LeaseOptions, 'terminal' | 'directionOf'>;
  private told: Told | undefined;
  private isOpen = false; // a turn was sent and not read back yet

  constructor(options: Way['options']) {
    this.options = options;
  }

  /** A setpoint is about to be written. @param powerW  + into the node */
  asked(powerW: number, nowMs: number): void {
    const { terminal, directionOf } = this.options;
    const direction = directionOf(terminal, powerW);
    if (direction === 0 || direction === this.told?.direction) return;
    // Of the first one nobody knows whether it turns.
    this.isOpen = this.told !== undefined;
    this.told = { direction, turnedAtMs: this.isOpen ? nowMs : undefined };
  }

  /** It was read back: what was asked last stands. */
  stands(nowMs: number): void {
    if (this.isOpen) this.told = this.view(nowMs);
    this.isOpen = false;
  }

  /** Until it was read back, a turn may be happening now. */
  view(nowMs: number): Told | undefined {
    return this.isOpen && this.told !== undefined ? { ...this.told, turnedAtMs: nowMs } : this.told;
  }
}
