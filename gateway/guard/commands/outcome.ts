import type { BusHandle } from '../bus/types.ts';
import type { ControlRegisters } from './registers.ts';

/** read: the registers are known as of now. unread: written without. again: not now. */
export type Look = 'read' | 'unread' | 'again';

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
   * Reads what has to be known before a write. What protects is absolute, writing it twice is one
   * effect: after one look that nobody answered it is written all the same, unless that wears it.
   * @param urgent protective, or a release
   */
  async look(control: ControlRegisters, handle: BusHandle, urgent: boolean): Promise<Look> {
    const isWorn = control.needsCompare || (this.unknown && control.hasStored);
    const isBlind = control.needsScale || isWorn;
    if (!isBlind && (!this.unknown || (urgent && this.looked))) return 'unread';
    if (await control.read(handle)) return 'read';
    this.looked ||= control.wasAsked;
    return !isBlind && urgent && this.looked && handle.connected ? 'unread' : 'again';
  }
}
