import { DAY_MS } from '../../contracts/values/time.ts';
import type { Clock } from '../../ports.ts';
import type { KernelLook } from './types.ts';

/** For stored registers whose profile names no figure. */
const WRITES_PER_DAY = 100;

/**
 * Counts writes to stored registers by device and UTC day; kept over a restart by the guard's
 * state.
 */
export class Budget {
  private counts: Record<string, number>;
  private readonly clock: Pick<Clock, 'wallMs'>;
  private readonly mayStore: KernelLook['mayStore'];

  constructor(
    clock: Pick<Clock, 'wallMs'>,
    saved: Readonly<Record<string, number>>,
    mayStore: KernelLook['mayStore'],
  ) {
    this.mayStore = mayStore;
    this.clock = clock;
    this.counts = { ...saved };
  }

  /** A whole sequence of writes, unless the day has too few left; the last tenth is for safety. */
  take(device: string, count: number, urgent: boolean, perDay = WRITES_PER_DAY): boolean {
    const key = `${device}@${Math.floor(this.clock.wallMs() / DAY_MS)}`;
    const used = this.counts[key] ?? 0;
    if (!this.mayStore(used, count, perDay, urgent)) return false;
    const today = Object.entries(this.counts).filter(([other]) => !this.isOlder(other));
    this.counts = { ...Object.fromEntries(today), [key]: used + count };
    return true;
  }

  /** Another object once it has changed. */
  all(): Readonly<Record<string, number>> {
    return this.counts;
  }

  private isOlder(key: string): boolean {
    const day = Number(key.slice(key.lastIndexOf('@') + 1));
    return !(day >= Math.floor(this.clock.wallMs() / DAY_MS));
  }
}
