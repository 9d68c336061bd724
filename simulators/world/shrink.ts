import { DAY_MS, MINUTE_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { PlannedFault } from './faults.ts';

/**
 * Delta debugging: the smallest list of faults, found by leaving out parts of it, with which a run
 * still goes wrong.
 * @param fails runs it; called at most `triesMax` times
 */
export async function shrink(
  faults: readonly PlannedFault[],
  fails: (faults: readonly PlannedFault[]) => Promise<boolean>,
  triesMax = 24,
): Promise<readonly PlannedFault[]> {
  let tries = 0;
  const still = async (some: readonly PlannedFault[]): Promise<boolean> => {
    tries += 1;
    return fails(some);
  };
  let left = faults;
  if (left.length > 0 && (await still([]))) return [];
  for (let parts = 2; left.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(left.length / parts);
    let found: readonly PlannedFault[] | undefined;
    for (let from = 0; from < left.length && tries < triesMax; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (rest.length > 0 && (await still(rest))) {
        found = rest;
        break;
      }
    }
    if (found !== undefined) {
      left = found;
      parts = Math.max(2, parts - 1);
    } else if (parts >= left.length) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** A run: from when, how long, and what strikes. */
export interface Span {
  readonly startMs: number; // UTC
  readonly days: number;
  readonly faults: readonly PlannedFault[];
}

/** What the command takes, and what a run needs after what went wrong. */
const LEAST_DAYS = 0.02;
const AFTER_MS = 5 * MINUTE_MS;
const STEP_DAYS = 0.01;

/**
 * The shortest day with which a run still goes wrong: it ends soon after that, and begins, by whole
 * quarter-hours, as short before its first fault as it can.
 * @param wrongAtMs runs it; since its start, the first violation; undefined when there is none
 */
export async function shrinkSpan(
  span: Span,
  wrongAtMs: (span: Span) => Promise<number | undefined>,
): Promise<Span> {
  let left = span;
  const take = async (next: Span): Promise<number | undefined> => {
    const atMs = await wrongAtMs(next);
    if (atMs !== undefined) left = next;
    return atMs;
  };
  const ending = (atMs: number): number => {
    const steps = Math.ceil((atMs + AFTER_MS) / DAY_MS / STEP_DAYS);
    return Math.min(left.days, Math.max(LEAST_DAYS, Math.round(steps) / 100));
  };
  let atMs = await wrongAtMs(left);
  if (atMs === undefined) return span;
  if (ending(atMs) < left.days) atMs = (await take({ ...left, days: ending(atMs) })) ?? atMs;
  const firstMs = left.faults[0]?.atMs ?? atMs;
  for (let quarters = Math.floor(firstMs / QUARTER_MS); quarters > 0; quarters >>= 1) {
    const laterMs = quarters * QUARTER_MS;
    const faults = left.faults.map((fault) => ({ ...fault, atMs: fault.atMs - laterMs }));
    const days = ending(atMs - laterMs);
    if ((await take({ startMs: left.startMs + laterMs, days, faults })) !== undefined) break;
  }
  return left;
}
