import type { Instant } from '../../../contracts/values/time.ts';
import { MINUTE_MS } from '../../../contracts/values/time.ts';
import type { Clock, Log } from '../../../ports.ts';
import type { Feed } from './feed.ts';

/** Whoever takes what a feed brings, and says when he wants more. */
export interface Taker<T> {
  readonly what: string; // 'prices of z1', for the log
  /** @returns what is wrong with it, or undefined; the last good one stays */
  take(value: T): string | undefined;
  /** When to ask next, after an answer; the source's own wish may be later. */
  nextMs(nowMs: Instant): Instant;
}

/** Asks at once and again when it is time, until cancelled. @returns the cancel */
export function watchFeed<T>(
  feed: Feed<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  taker: Taker<T>,
): () => void {
  let running = true;
  let cancel = (): void => undefined;
  const turn = async (): Promise<void> => {
    const told = await feed.ask(clock.wallMs());
    if (!running) return;
    const why = told.state === 'new' ? taker.take(told.value) : whyOf(told);
    if (why !== undefined) log.warn(`${taker.what}: the last one stays`, { why });
    const nowMs = clock.wallMs();
    const wantedMs = told.state === 'failed' ? 0 : taker.nextMs(nowMs);
    const waitMs = Math.max(MINUTE_MS / 2, Math.max(wantedMs, feed.earliestMs) - nowMs);
    if (running) cancel = clock.at(clock.monoMs() + waitMs, () => void turn());
  };
  cancel = clock.at(clock.monoMs(), () => void turn());
  return () => {
    running = false;
    cancel();
  };
}

const whyOf = (told: { readonly state: string; readonly why?: string }): string | undefined =>
  told.why;
