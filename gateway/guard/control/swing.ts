import type { Connected } from './connected.ts';
import type { View } from './types.ts';

/** Where the batteries' orders turned, and how far they had gone since the turn before. */
interface Turn {
  readonly atMs: number;
  readonly edgeW: number;
  readonly swingW: number; // from the edge of the turn before
}

/** Of one connection. A share below 1 damps what is wished of its batteries. */
export interface Swing {
  readonly share: number; // of the way to what is wished that is gone in a cycle
  readonly edgeW: number; // farthest order since the last turn
  readonly rising: boolean;
  readonly turns: readonly Turn[];
  readonly otherLowW: number; // sun and measured loads since the first of these turns
  readonly otherHighW: number;
  readonly gridSumW: number; // exchange of these cycles, without its sign
  readonly cyclesCount: number;
  readonly calmSinceMs: number;
  readonly waitCycles: number; // calm, before more is tried
}

export type SwingState = Readonly<Record<string, Swing>>;

const NO_SWING: Swing = {
  share: 1,
  edgeW: Number.NaN,
  rising: true,
  turns: [],
  otherLowW: Number.POSITIVE_INFINITY,
  otherHighW: Number.NEGATIVE_INFINITY,
  gridSumW: 0,
  cyclesCount: 0,
  calmSinceMs: Number.NaN,
  waitCycles: 300,
};

const TURNS = 6; // three periods
/** A swing is more than this share of the batteries' nameplate, and than so many watts. */
const LEAST_SHARE = 0.04;
const LEAST_W = 300;
/** Turns of a limit cycle are alike in size and in time; a period takes so many cycles at most. */
const ALIKE = 0.35;
const PERIOD_CYCLES = 60;
/** What the sun or a measured load does so much of is no limit cycle of ours. */
const STILL_SHARE = 0.3;
/** A loop that follows a beating load leaves little at the meter; one that makes the beat, much. */
const LEFT_SHARE = 0.2;
const LEAST = 1 / 8;
const WAIT_MOST_CYCLES = 3_600;

const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.max(...values.map((one) => Math.abs(one - mean))) / mean;
};

const meanSwingW = ({ turns }: Swing): number =>
  turns.reduce((sum, { swingW }) => sum + swingW, 0) / Math.max(1, turns.length);

/** The same swing, again and again, although nothing that is measured beside it moves so. */
function isCycle(swing: Swing, cycleMs: number): boolean {
  const { turns, otherLowW, otherHighW, gridSumW, cyclesCount } = swing;
  if (turns.length < TURNS) return false;
  const gapsMs = turns.slice(1).map(({ atMs }, n) => atMs - (turns[n]?.atMs ?? atMs));
  const isAlike = spread(turns.map(({ swingW }) => swingW)) <= ALIKE && spread(gapsMs) <= 2 * ALIKE;
  const isQuick = Math.max(...gapsMs) <= (PERIOD_CYCLES * cycleMs) / 2;
  const isLeft = gridSumW / cyclesCount >= LEFT_SHARE * meanSwingW(swing);
  return isAlike && isQuick && isLeft && otherHighW - otherLowW <= STILL_SHARE * meanSwingW(swing);
}

/** Production and measured loads at a connection, W; what is derived would show our own swing. */
function othersW({ site, spec }: View, connection: string): number {
  let sum = 0;
  for (const { id, connection: own, spec: terminal, powerW } of site.terminals) {
    if (own !== connection || terminal.control === 'setpoint' || !Number.isFinite(powerW)) continue;
    if (!spec.residuals.some((residual) => residual.terminal === id)) sum += powerW;
  }
  return sum;
}

/** One cycle further: has the sum of orders turned? */
function turned(before: Swing, powerW: number, leastW: number, nowMs: number): Swing {
  const { edgeW, rising, turns } = before;
  if (!Number.isFinite(edgeW)) return { ...before, edgeW: powerW, calmSinceMs: nowMs };
  const isFarther = rising ? powerW >= edgeW : powerW <= edgeW;
  if (isFarther) return { ...before, edgeW: powerW };
  if (Math.abs(powerW - edgeW) < leastW) return before;
  const swingW = Math.abs(edgeW - (turns.at(-1)?.edgeW ?? powerW));
  return {
    ...before,
    edgeW: powerW,
    rising: !rising,
    turns: [...turns, { atMs: nowMs, edgeW, swingW }].slice(-TURNS),
  };
}

function next(before: Swing, powerW: number, leastW: number, view: View, at: Connected) {
  const otherW = othersW(view, at.spec.id);
  const { nowMs } = view.site;
  const { cycleMs } = view.times;
  const isOld = nowMs - (before.turns.at(-1)?.atMs ?? nowMs) > PERIOD_CYCLES * cycleMs;
  const base = isOld ? { ...before, turns: [] } : before;
  const moved = turned(base, powerW, leastW, nowMs);
  const gridW = Math.abs(at.state.powerW);
  const from = base.turns.length === 0 ? NO_SWING : base;
  const seen: Swing = {
    ...moved,
    otherLowW: Math.min(from.otherLowW, otherW),
    otherHighW: Math.max(from.otherHighW, otherW),
    gridSumW: from.gridSumW + (Number.isFinite(gridW) ? gridW : 0),
    cyclesCount: from.cyclesCount + 1,
  };
  if (isCycle(seen, cycleMs)) {
    const share = Math.max(LEAST, seen.share / 2);
    // Swinging again soon after more was tried: the next trial waits longer.
    const waitCycles = Math.min(WAIT_MOST_CYCLES, 2 * seen.waitCycles);
    return { ...seen, share, waitCycles, turns: [], calmSinceMs: nowMs };
  }
  if (seen.share < 1 && nowMs - seen.calmSinceMs >= seen.waitCycles * cycleMs) {
    return { ...seen, share: Math.min(1, 2 * seen.share), calmSinceMs: nowMs };
  }
  return seen;
}

/**
 * Watches for a limit cycle of our own: a loop that answers what it did itself. Then batteries go
 * half the way to what is wished in a cycle, and half of that if it goes on; limits are held at
 * once all the same. After a calm while more is tried again.
 */
export function watchSwing(before: SwingState, view: View): SwingState {
  const state: Record<string, Swing> = {};
  for (const at of view.connected) {
    const { batteries } = at;
    const { id } = at.spec;
    if (batteries.length === 0) continue;
    const powerW = batteries.reduce((sum, one) => sum + (view.sent[one.id] ?? 0), 0);
    const ratedW = batteries.reduce((sum, { spec }) => sum + spec.ratedInW, 0);
    const leastW = Math.max(LEAST_W, LEAST_SHARE * ratedW);
    state[id] = next(before[id] ?? NO_SWING, powerW, leastW, view, at);
  }
  return state;
}

/** The order that goes only a share of the way to `aimW`, W. */
export const damped = (
  swing: Swing | undefined,
  sentW: number | undefined,
  aimW: number,
): number =>
  swing === undefined || swing.share === 1 || sentW === undefined
    ? aimW
    : sentW + swing.share * (aimW - sentW);
