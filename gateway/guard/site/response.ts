import { isMirrored, type Sample } from './history.ts';

/**
 * Whether the meter answers what the devices behind it do: each move of theirs is an experiment. It
 * begins when they move, ends once they rest and the meter has had its time, and says that the
 * meter is right, turned, or nothing.
 */
export interface Response {
  readonly from: Sample | undefined; // the turn before the running move began
  readonly restsMs: number; // since when the devices have not moved
  readonly turnedCount: number; // experiments in a row that say turned, a large one counts double
  readonly rightCount: number; // and right
}

export const NO_RESPONSE: Response = {
  from: undefined,
  restsMs: Number.NaN,
  turnedCount: 0,
  rightCount: 0,
};

/** A move that takes longer says nothing: too much else happens meanwhile. */
const LONGEST_MS = 10_000;
/** The meter's way there and back, as a share of what it came to: more is a load beside it. */
const WAY_SHARE = 1.3;
/** What the load did meanwhile may be this share of the move. */
const RIGHT_SHARE = 0.4;
const TURNED_SHARE = 0.15;
const FREE_SHARE = 0.2;

export interface Moves {
  readonly leastW: number; // what counts as a move
  readonly largeW: number;
  readonly lateMs: number; // until a move shows at the meter at the latest
}

/** The running experiment is given up. */
export const idle = (before: Response): Response => ({
  ...before,
  from: undefined,
  restsMs: Number.NaN,
});

type Finding = 'right' | 'turned' | 'large-turned' | undefined;

/** All the way that the meter went since an instant, W. */
function way(history: readonly Sample[], fromMs: number): number {
  let sumW = 0;
  history.forEach(({ atMs, meterW }, n) => {
    if (atMs > fromMs) sumW += Math.abs(meterW - (history[n - 1]?.meterW ?? meterW));
  });
  return sumW;
}

function judged(
  history: readonly Sample[],
  from: Sample,
  to: Sample,
  { leastW, largeW }: Moves,
): Finding {
  const ownW = to.ownW - from.ownW;
  const meterW = to.meterW - from.meterW;
  const sizeW = Math.abs(ownW);
  if (sizeW < leastW || Math.abs(to.freeW - from.freeW) > FREE_SHARE * sizeW) return undefined;
  if (Math.abs(meterW + ownW) <= RIGHT_SHARE * sizeW) return 'right';
  if (Math.abs(meterW - ownW) > TURNED_SHARE * sizeW) return undefined;
  if (way(history, from.atMs) > WAY_SHARE * Math.abs(meterW)) return undefined;
  return sizeW >= largeW ? 'large-turned' : 'turned';
}

function ended(before: Response, finding: Finding): Response {
  const rest = { from: undefined, restsMs: Number.NaN };
  if (finding === 'right') return { ...rest, turnedCount: 0, rightCount: before.rightCount + 1 };
  if (finding === undefined) return idle(before);
  const weightCount = finding === 'turned' ? 1 : 2;
  return { ...rest, rightCount: 0, turnedCount: before.turnedCount + weightCount };
}

/** One turn on. */
export function respond(before: Response, history: readonly Sample[], moves: Moves): Response {
  const [last, newest] = history.slice(-2);
  if (newest === undefined || last === undefined) return before;
  const isMoving = Math.abs(newest.ownW - last.ownW) > moves.leastW / 4;
  if (before.from === undefined) {
    return isMoving ? { ...before, from: last, restsMs: newest.atMs } : before;
  }
  if (newest.atMs - before.from.atMs > LONGEST_MS + moves.lateMs) return ended(before, undefined);
  if (isMoving) return { ...before, restsMs: newest.atMs };
  if (newest.atMs - before.restsMs < moves.lateMs) return before;
  return ended(before, judged(history, before.from, newest, moves));
}

/**
 * Whether the meter shows, from one reading to the next, the same power the other way round while
 * hardly any device moves: what was turned has been put right, or the other way.
 */
export function showsMirrored(history: readonly Sample[], leastW: number): boolean {
  const [last, newest] = history.slice(-2);
  if (newest === undefined || last === undefined) return false;
  const stepW = Math.abs(newest.meterW - last.meterW);
  const isStill = Math.abs(newest.ownW - last.ownW) <= TURNED_SHARE * stepW;
  return isStill && stepW >= leastW && isMirrored(newest.meterW, last.meterW);
}
