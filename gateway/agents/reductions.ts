import type { Directive } from '../contracts/values/directive.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Reduction } from '../contracts/values/reduction.ts';
import { DAY_MS } from '../contracts/values/time.ts';

const KEPT_MS = 45 * DAY_MS;

/** Demand-response events of the last weeks, as directives announce them and the guard shows. */
export class Reductions {
  private readonly held = new Map<number, Reduction>();
  private changed = new Set<number>();
  /** Rises with each change. */
  version = 0;

  restore(reductions: readonly Reduction[]): void {
    for (const one of reductions) {
      if (!this.held.has(one.sequence)) this.held.set(one.sequence, one);
    }
    this.version += 1;
  }

  directive({ kind, sequence, fromMs, untilMs, importLimitW }: Directive): void {
    if (kind !== 'demand-response' || this.held.has(sequence)) return;
    const base = { v: 1, taken: false, optedOut: false, result: undefined } as const;
    this.put({ ...base, sequence, fromMs, untilMs, importLimitW });
    for (const [old, one] of this.held) if (one.untilMs < fromMs - KEPT_MS) this.held.delete(old);
  }

  /** What the guard shows while an event runs. */
  see({ wallMs, asks, overrides = [] }: Pick<Image, 'wallMs' | 'asks' | 'overrides'>): void {
    if (!asks.some(({ authority }) => authority === 'demand-response')) return;
    const running = this.newest(({ fromMs, untilMs }) => fromMs <= wallMs && wallMs < untilMs);
    if (running === undefined) return;
    const optedOut = running.optedOut || overrides.length > 0;
    if (!running.taken || optedOut !== running.optedOut) {
      this.put({ ...running, taken: true, optedOut });
    }
  }

  /** By their start. */
  list(): Reduction[] {
    return [...this.held.values()].sort((a, b) => a.fromMs - b.fromMs);
  }

  put(reduction: Reduction): void {
    this.version += 1;
    this.held.set(reduction.sequence, reduction);
    this.changed.add(reduction.sequence);
  }

  /** What has changed since it was asked for last. */
  take(): Reduction[] {
    const found = this.list().filter(({ sequence }) => this.changed.has(sequence));
    this.changed = new Set();
    return found;
  }

  private newest(of: (one: Reduction) => boolean): Reduction | undefined {
    return this.list()
      .filter(of)
      .sort((a, b) => b.sequence - a.sequence)[0];
  }
}
