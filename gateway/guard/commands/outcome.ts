import type { WriteStep } from '../../../devices/profile.ts';
import type { BusHandle } from '../bus/types.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { ControlRegisters } from './registers.ts';

/** read: the registers are known as of now. unread: written without. again: not now. */
export type Look = 'read' | 'unread' | 'again';

/**
 * Does a verdict end what stands, whatever became of the writes before it? A release does, and so
 * does a safe setpoint of a device without a timer. Where one runs, the setpoint alone does, if its
 * power goes first: the timer stands behind it as it is, and writes that arm it anew in front of a
 * setpoint would only make the old one last.
 */
export function ends(
  { kind, code }: Verdict,
  control: ControlRegisters | undefined,
  isArmed: boolean,
): boolean {
  if (kind === 'release') return true;
  if (code !== 'SAFE_STATE' || control === undefined) return false;
  const { reversion, set } = control.spec;
  return reversion.to === 'none' || (isArmed && set[0] !== undefined && isPower(set[0]));
}

const isPower = ({ value }: WriteStep): boolean =>
  'from' in value && ['powerW', 'absPowerW', 'powerPct', 'currentA', 'on'].includes(value.from);

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
    if (await control.read(handle, isEnd ? 'end' : 'write')) return 'read';
    this.looked ||= control.wasAsked;
    return !isBlind && isEnd && this.looked && handle.connected ? 'unread' : 'again';
  }
}
