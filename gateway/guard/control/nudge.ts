import { nameplateW } from '../../contracts/values/site.ts';
import type { Connected } from './connected.ts';
import type { Point } from './placing.ts';
import { clamp } from './shares.ts';
import type { Open, Range, View } from './types.ts';

/**
 * A meter that shows the same for long is still or frozen, and nothing tells which while nothing
 * behind it moves. So a battery is moved a little, inside all that limits and people leave, until
 * the meter shows another value; where it does not, the site stage has its proof (site/frozen.ts).
 * A meter that answers is asked less and less often, until it lives again.
 */
export interface Nudge {
  readonly stillSinceMs: number; // of the value that the meter shows
  readonly terminal: string | undefined; // moved now
  readonly powerW: number; // where to: what it was asked for, and a little
  readonly atMs: number; // when the newest one began
  readonly waitMs: number; // from one to the next
  readonly changesCount: number; // other values since the newest one
  readonly ways: Readonly<Record<string, number>>; // by battery, 1 or -1: how it last went
}

/** By connection. */
export type NudgeState = Readonly<Record<string, Nudge>>;

const NO_NUDGE: Nudge = {
  stillSinceMs: Number.NaN,
  terminal: undefined,
  powerW: Number.NaN,
  atMs: Number.NEGATIVE_INFINITY,
  waitMs: 0,
  changesCount: 0,
  ways: {},
};

/** The move must be seen before a standing meter's minute is over (fault 10). */
const STILL_MS = 42_000;
/** At a site that is still by itself. */
const LONGEST_WAIT_MS = 300_000;
/** A meter that shows so many other values in between lives. */
const ALIVE_CHANGES = 30;
/** Of what counts as a move: a device that takes 4 s for its way has covered this by then. */
const MOVES = 1.5;
/** A move that is a larger share of a battery than this is none that nobody notices. */
const MOST_SHARE = 0.1;
/** After that it has been seen, or it is not seen any more. */
const LASTS_MS = 15_000;

/**
 * Whether a limit of the grid that is tighter than the contract hangs on this meter: what it alone
 * measures would pass it at its rating, beside what batteries give and everything else does now.
 */
function isAtStake(view: View, { spec, batteries }: Connected): boolean {
  const grid = view.gridLimits.find(({ connection }) => connection === spec.id);
  const { importLimitW = Infinity, exportLimitW = Infinity } = grid ?? {};
  let drawnW = 0;
  let madeW = 0;
  for (const one of view.site.terminals) {
    if (one.connection !== spec.id) continue;
    const isRest = view.spec.residuals.some(({ terminal }) => terminal === one.id);
    if (isRest || !one.measured) {
      drawnW += one.spec.ratedOutW;
      madeW += one.spec.ratedInW;
    } else if (one.powerW < 0) drawnW -= one.powerW;
    else if (Number.isFinite(one.powerW)) madeW += one.powerW;
  }
  const givenW = batteries.reduce((sum, { powerW }) => sum + Math.max(0, powerW), 0);
  const isImportTight = importLimitW < spec.contractedImportW;
  const isExportTight = exportLimitW < spec.contractedExportW;
  return (
    (isImportTight && drawnW - givenW > importLimitW) || (isExportTight && madeW > exportLimitW)
  );
}

/**
 * Towards rest where there is room, never through it, and from rest as it last went: after a turn
 * it would have to wait before it may turn back.
 */
function offsetOf(aimW: number, way: number, sizeW: number, { minW, maxW }: Range): number {
  const offsetsW = aimW > 0 || (aimW === 0 && way < 0) ? [-sizeW, sizeW] : [sizeW, -sizeW];
  const found = offsetsW.find((offsetW) => {
    const powerW = aimW + offsetW;
    return powerW * (aimW || way) >= 0 && powerW >= minW && powerW <= maxW;
  });
  return found ?? 0;
}

/** How each battery last went, by its orders. */
function waysOf(before: Nudge['ways'], { sent }: View, { batteries }: Connected): Nudge['ways'] {
  let ways = before;
  for (const { id } of batteries) {
    const way = Math.sign(sent[id] ?? 0);
    if (way !== 0 && way !== ways[id]) ways = { ...ways, [id]: way };
  }
  return ways;
}

const waitOf = ({ changesCount, waitMs }: Nudge): number =>
  changesCount >= ALIVE_CHANGES ? 0 : waitMs;

function begun(before: Nudge, view: View, at: Connected, aims: readonly Point[], limited: Open) {
  const sizeW = MOVES * (at.state.still?.moveW ?? Number.NaN);
  for (const { id, spec, deaf } of at.ready) {
    const aimW = aims.find(({ terminal }) => terminal.id === id)?.powerW;
    const range = limited[id];
    if (deaf || view.wearing?.includes(id) || aimW === undefined || range === undefined) continue;
    if (!(sizeW <= MOST_SHARE * nameplateW(spec))) continue;
    const offsetW = offsetOf(aimW, before.ways[id] ?? -1, sizeW, range);
    if (offsetW === 0) continue;
    const waitMs = Math.max(STILL_MS, Math.min(LONGEST_WAIT_MS, 2 * waitOf(before)));
    const more = { changesCount: 0, waitMs };
    return { ...before, terminal: id, powerW: aimW + offsetW, atMs: view.site.nowMs, ...more };
  }
  return before;
}

function next(before: Nudge, view: View, at: Connected, aims: readonly Point[], limited: Open) {
  const { nowMs } = view.site;
  const { still, doubt, ageMs } = at.state;
  const stillSinceMs = still?.sinceMs ?? Number.NaN;
  const isOther = !Object.is(stillSinceMs, before.stillSinceMs);
  const changesCount = before.changesCount + (isOther ? 1 : 0);
  const ways = waysOf(before.ways, view, at);
  const now: Nudge = { ...before, stillSinceMs, changesCount, ways };
  const rested: Nudge = { ...now, terminal: undefined };
  const isBlind = doubt !== undefined || !(ageMs <= view.times.freshMs.control);
  if (isBlind || view.trial !== undefined) return rested;
  if (before.terminal !== undefined) {
    return isOther || nowMs - before.atMs > LASTS_MS ? rested : now;
  }
  const isDue = nowMs - stillSinceMs >= STILL_MS && nowMs - before.atMs >= waitOf(now);
  return isDue && isAtStake(view, at) ? begun(rested, view, at, aims, limited) : rested;
}

/** One cycle on. @param limited what limits and people leave */
export function nudged(
  before: NudgeState,
  view: View,
  aims: readonly Point[],
  limited: Open,
): NudgeState {
  const found: Record<string, Nudge> = {};
  for (const at of view.connected) {
    found[at.spec.id] = next(before[at.spec.id] ?? NO_NUDGE, view, at, aims, limited);
  }
  return found;
}

/** Where a battery stands while it is moved; undefined where it is not. W, + into the node */
export function besideW(state: NudgeState, { terminal }: Point, limited: Open) {
  const range = limited[terminal.id];
  const own = state[terminal.connection];
  if (own?.terminal !== terminal.id || range === undefined) return undefined;
  return clamp(own.powerW, range.minW, range.maxW);
}
