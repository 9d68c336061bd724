import type { Instant } from '../../../contracts/values/time.ts';
import { MINUTE_MS } from '../../../contracts/values/time.ts';
import type { Clock, Log } from '../../../ports.ts';
import type { Feed, Told } from './feed.ts';

/** Whoever takes what a feed brings, and says when he wants more. */
export interface Taker<T> {
  readonly what: string; // 'prices of z1', for the log
  /** @returns what is wrong with it, or undefined; the last good one stays */
  take(value: T): string | undefined;
  /** The source stands by what it said before. */
  same?(): void;
  /** When to ask next, after an answer; the source's own wish may be later. */
  nextMs(nowMs: Instant): Instant;
  /** Whether anybody needs it; until then nobody is asked. */
  isWanted?(nowMs: Instant): boolean;
}

const TOLD_AGAIN_MS = 10 * MINUTE_MS; // the same trouble, in the log

/** Asks at once and again when it is time, until cancelled. @returns the cancel */
export function watchFeed<T>(
  feed: Feed<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  taker: Taker<T>,
): () => void {
  let running = true;
  let cancel = (): void => undefined;
  let dueMonoMs = Number.NEGATIVE_INFINITY;
  let warned = { why: '', atMs: Number.NEGATIVE_INFINITY };
  const warn = (why: string): void => {
    const nowMs = clock.wallMs();
    if (why === warned.why && nowMs - warned.atMs < TOLD_AGAIN_MS) return;
    warned = { why, atMs: nowMs };
    log.warn(`${taker.what}: the last one stays`, { why });
  };
  const heard = (told: Told<T>): void => {
    if (told.state === 'same') taker.same?.();
    const why = told.state === 'new' ? taker.take(told.value) : whyOf(told);
    if (why !== undefined) warn(why);
    const wantedMs = told.state === 'failed' ? 0 : taker.nextMs(clock.wallMs());
    const restMs = Math.max(wantedMs, feed.earliestMs) - clock.wallMs();
    dueMonoMs = clock.monoMs() + Math.max(MINUTE_MS / 2, restMs);
  };
  const turn = async (): Promise<void> => {
    const nowMs = clock.wallMs();
    const isWanted = taker.isWanted?.(nowMs) !== false;
    if (isWanted && (clock.monoMs() >= dueMonoMs || (await feed.isKeyNew()))) {
      const told = await feed.ask(nowMs);
      if (running) heard(told);
    }
    if (!running) return;
    const lookMonoMs = clock.monoMs() + MINUTE_MS;
    const isLooking = !isWanted || feed.isForbidden;
    cancel = clock.at(isLooking ? lookMonoMs : dueMonoMs, () => void turn());
  };
  cancel = clock.at(clock.monoMs(), () => void turn());
  return () => {
    running = false;
    cancel();
  };
}

const whyOf = (told: { readonly state: string; readonly why?: string }): string | undefined =>
  told.why;
