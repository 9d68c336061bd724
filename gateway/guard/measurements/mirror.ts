import type { RegisterSpace } from '../../../devices/profile.ts';
import type { MirrorSpan } from '../../contracts/values/frames.ts';
import type { BusResult } from '../bus/types.ts';

const SPACES: readonly RegisterSpace[] = ['holding', 'input', 'coil', 'discrete'];
/** A register of any space as one number: registers are numbered in 16 bits. */
const keyOf = (space: RegisterSpace, at: number): number => SPACES.indexOf(space) * 65_536 + at;

/** The newest answer of each read of a device, for who wants the registers as they are. */
export class Mirror {
  private readonly spans = new Map<number, MirrorSpan>();

  keep(
    space: RegisterSpace,
    at: number,
    { words, sentAtMs }: BusResult & { ok: true },
    freshMs: number,
  ): void {
    this.spans.set(keyOf(space, at), { space, at, words, atMs: sentAtMs, freshMs });
  }

  forget(): void {
    this.spans.clear();
  }

  all(): readonly MirrorSpan[] {
    return [...this.spans.values()];
  }
}
