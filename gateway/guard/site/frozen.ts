import { good, type Reading } from '../../contracts/values/reading.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';
import { isMirrored, type Sample } from './history.ts';

/**
 * A meter that answers in time and always the same. A load can be constant all night, so that alone
 * proves nothing; its own energy counters do, which must advance with the power that it tells, and
 * so do devices behind it that moved.
 */
export interface Standstill {
  readonly powerW: number;
  readonly sinceMs: number; // this power has been told since
  readonly movedMs: number; // when a device moved meanwhile; NaN = none did
  readonly leaptMs: number; // when one moved far
  readonly countedMs: number; // of the newest counter reading
  readonly inWh: number;
  readonly outWh: number;
  readonly advancedMs: number; // of the counter reading that last showed another value
  readonly pendingWh: number; // power x time since the newest counter reading
  readonly owedWh: number; // and from the last advance up to it
  readonly advancesCount: number;
  readonly quantumWh: number; // greatest common step of the counters; 0 = none seen
  readonly longestMs: number; // that the counters stood and went on
}

export const NO_STANDSTILL: Standstill = {
  powerW: Number.NaN,
  sinceMs: Number.NaN,
  movedMs: Number.NaN,
  leaptMs: Number.NaN,
  countedMs: Number.NEGATIVE_INFINITY,
  inWh: Number.NaN,
  outWh: Number.NaN,
  advancedMs: Number.NaN,
  pendingWh: 0,
  owedWh: 0,
  advancesCount: 0,
  quantumWh: 0,
  longestMs: 0,
};

/** With a device's move as proof (a default time of the fault matrix, less a turn or two). */
const FROZEN_MS = 55_000;
/** A meter may show a value anew only so often; a move far enough then is proof by itself. */
const RENEWED_MS = 10_000;
/** A move is one within so long: the load can follow a slower one exactly. */
const QUICK_MS = 5_000;
/** A device may show its own move so much later than a meter that stands still since shows it. */
const OWN_LATE_MS = 2_000;
/** With the counters as proof. */
const COUNTED_MS = 25_000;
const LEARNT_ADVANCES = 3;
const LEAST_WH = 20;
const LEAST_STEPS = 5;
/** Of a move that a battery may have made by itself: it hides the load that it answers. */
const FREE_SHARE = 0.2;

export interface Counters {
  readonly inWh: Reading | undefined;
  readonly outWh: Reading | undefined;
}

function commonStep(aWh: number, bWh: number): number {
  let [a, b] = [Math.max(1, Math.round(aWh)), Math.max(1, Math.round(bWh))];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

function counted(before: Standstill, counters: Counters): Standstill {
  const inWh = good(counters.inWh);
  const outWh = good(counters.outWh);
  const atMs = Math.min(counters.inWh?.atMs ?? Number.NaN, counters.outWh?.atMs ?? Number.NaN);
  if (inWh === undefined || outWh === undefined || !(atMs > before.countedMs)) return before;
  const next = { ...before, countedMs: atMs, inWh, outWh, pendingWh: 0 };
  if (Number.isNaN(before.inWh)) return { ...next, advancedMs: atMs };
  const stepWh = Math.abs(inWh - before.inWh) + Math.abs(outWh - before.outWh);
  if (stepWh === 0) return { ...next, owedWh: before.owedWh + before.pendingWh };
  return {
    ...next,
    owedWh: 0,
    advancedMs: atMs,
    advancesCount: before.advancesCount + 1,
    quantumWh: before.quantumWh === 0 ? stepWh : commonStep(before.quantumWh, stepWh),
    longestMs: Math.max(before.longestMs, before.countedMs - before.advancedMs),
  };
}

const NOT_MOVED = { movedMs: Number.NaN, leaptMs: Number.NaN };

/**
 * By how much the devices have moved, quickly and not by themselves; 0 where they did not. What
 * turns its sign alone has not moved: its readings are wrong, or are right again.
 */
function moved(history: readonly Sample[], newest: Sample, sinceMs: number): number {
  const fromMs = Math.max(sinceMs + OWN_LATE_MS, newest.atMs - QUICK_MS);
  let mostW = 0;
  let freeW = 0;
  for (const one of history) {
    if (one.atMs < fromMs || isMirrored(newest.ownW, one.ownW)) continue;
    mostW = Math.max(mostW, Math.abs(newest.ownW - one.ownW));
    freeW = Math.max(freeW, Math.abs(newest.freeW - one.freeW));
  }
  return freeW <= FREE_SHARE * mostW ? mostW : 0;
}

/** One turn on. */
export function stand(
  before: Standstill,
  history: readonly Sample[],
  counters: Counters,
  { stillW, largeW }: { readonly stillW: number; readonly largeW: number },
  dtMs: number,
): Standstill {
  const newest = history[history.length - 1];
  if (newest === undefined) return before;
  const { atMs, meterW } = newest;
  const pendingWh = before.pendingWh + (Math.abs(meterW) * dtMs) / HOUR_MS;
  const next = counted({ ...before, pendingWh }, counters);
  if (meterW !== before.powerW) {
    return { ...next, powerW: meterW, sinceMs: atMs, ...NOT_MOVED };
  }
  if (before.leaptMs >= 0 && before.movedMs >= 0) return next;
  const movedW = moved(history, newest, before.sinceMs);
  return {
    ...next,
    leaptMs: before.leaptMs >= 0 || !(movedW > largeW) ? before.leaptMs : atMs,
    movedMs: before.movedMs >= 0 || !(movedW > stillW) ? before.movedMs : atMs,
  };
}

/** @param lateMs  until a move of a device shows at the meter at the latest */
export function isFrozen(track: Standstill, nowMs: number, lateMs: number): boolean {
  const standsMs = nowMs - track.sinceMs;
  const shownMs = RENEWED_MS + lateMs;
  if (standsMs >= FROZEN_MS && nowMs - track.movedMs >= shownMs) return true;
  if (nowMs - track.leaptMs >= shownMs) return true;
  const owesMs = track.countedMs - track.advancedMs;
  return (
    standsMs >= COUNTED_MS &&
    track.advancesCount >= LEARNT_ADVANCES &&
    owesMs >= Math.max(COUNTED_MS, 2 * track.longestMs) &&
    track.owedWh > Math.max(LEAST_WH, LEAST_STEPS * track.quantumWh)
  );
}
