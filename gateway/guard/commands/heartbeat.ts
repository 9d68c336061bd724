import type { ControlSpec, WriteStep } from '../../../devices/profile.ts';

/** It counts through these; what a 16-bit register calls "not available" is not among. */
const BEATS = 0x7fff;

/** The controller's word counts on where the device wants to see that. */
export class Heartbeat {
  private beats = 0;
  private beatAtMs = Number.NEGATIVE_INFINITY;

  /** What is to be written now; nothing where none is due. */
  due({ heartbeat }: ControlSpec, nowMs: number, cycleMs: number): WriteStep | undefined {
    if (heartbeat === undefined) return undefined;
    // A cycle is a little early or late: half of one must not cost a beat.
    if (nowMs < this.beatAtMs + 1_000 * heartbeat.everyS - cycleMs / 2) return undefined;
    this.beats = (this.beats + 1) % BEATS;
    return { point: heartbeat.point, value: { const: this.beats } };
  }

  sent(nowMs: number): void {
    this.beatAtMs = nowMs;
  }
}
