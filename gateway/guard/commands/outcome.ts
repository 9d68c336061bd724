import type { BusHandle } from '../bus/types.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { ControlRegisters } from './registers.ts';

/** read: the registers are known as of now. unread: written without. again: not now. */
export type Look = 'read' | 'unread' | 'again';

/**
 * Does a verdict end what stands, whatever became of the writes before it? A release does. So does
 * a safe setpoint of a device without a timer. Where one runs it is left to run out: the writes
 * that arm it stand in front of a setpoint and would only make the old one last.
 */
export const ends = ({ kind, code }: Verdict, control: ControlRegisters | undefined): boolean =>
  kind === 'release' || (code === 'SAFE_STATE' && control?.spec.reversion.to === 'none');

/** Whether the last write was answered, and whether the registers were asked for since. */
export class Outcome {
  unknown = false;
  private looked = false;

  /** A write was sent and not answered: the device may have acted on it. */
  lost(): void {
    this.unknown = true;
    this.looked = false;
  }

  /**
   * Reads what has to be known before a write. What ends an order is absolute, writing it twice is
   * one effect: after one look that nobody answered it is written all the same, unless that wears
   * the device.
   */
  async look(control: ControlRegisters, handle: BusHandle, isEnd: boolean): Promise<Look> {
    const isWorn = control.needsCompare || (this.unknown && control.hasStored);
    const isBlind = control.needsScale || isWorn;
    if (!isBlind && (!this.unknown || (isEnd && this.looked))) return 'unread';
    if (await control.read(handle)) return 'read';
    this.looked ||= control.wasAsked;
    return !isBlind && isEnd && this.looked && handle.connected ? 'unread' : 'again';
  }
}
