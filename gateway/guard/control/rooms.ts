import { PHASE_NAMES } from '../../contracts/values/phases.ts';
import { type Connected, type Phases, sharesOf } from './connected.ts';
import { type PhaseSlot, perPhase, type Room, type Unbalance } from './phases.ts';
import { type Slot, wanted } from './shares.ts';
import type { View } from './types.ts';

/** Aimed at this share of a fuse, so that noise of a meter does not break it. */
const AIM = 0.99;

/**
 * What batteries may give on each phase together, so that its fuse holds; a phase that nobody
 * measures has no bound.
 * @param risenW  by phase: what sun and loads will add to its import
 */
export function roomsOf(phases: Phases, givenW: readonly number[], risenW: readonly number[]) {
  return phases.flowW.map((flowW, n): Room => {
    const restingW = flowW + (givenW[n] ?? 0);
    const fuseW = AIM * (phases.fuseW[n] ?? Number.NaN);
    if (!Number.isFinite(restingW + fuseW)) {
      return { leastW: Number.NEGATIVE_INFINITY, mostW: Number.POSITIVE_INFINITY };
    }
    return { leastW: restingW + (risenW[n] ?? 0) - fuseW, mostW: restingW + fuseW };
  });
}

const SOURCES: readonly string[] = ['pv', 'battery', 'generator', 'converter'];

/**
 * Single-phase sources and stores that are not steered as batteries, by phase (VDE-AR-N 4105, 5.5:
 * 4.6 kVA between phases). @returns undefined where the site file sets no limit
 */
export function unbalanceOf(
  { site, spec }: Pick<View, 'site' | 'spec'>,
  connection: string,
  of: 1 | 3,
): Unbalance | undefined {
  const limitW = spec.control.unbalanceLimitVa;
  if (limitW === undefined || of === 1) return undefined;
  const baseW = PHASE_NAMES.map((name) =>
    site.terminals
      .filter((one) => one.connection === connection && one.spec.control !== 'setpoint')
      .filter(({ spec: own }) => own.phases === 1 && own.phase === name)
      .filter(({ spec: own, powerW }) => SOURCES.includes(own.kind) && Number.isFinite(powerW))
      .reduce((sum, { powerW }) => sum + powerW, 0),
  );
  return { limitW, baseW };
}

/**
 * What each battery gets so that the connection carries `gridW` (W, + import): as a sum, or where
 * nothing is netted between phases, an equal part on each.
 * @param comingW  what it will carry while they rest, W, + import
 * @returns W by slot id; the connection's sum where it is not all on phases that are measured
 */
export function aimed(
  { spec, phases, givenW, ready }: Connected,
  comingW: number,
  gridW: number,
  slots: readonly Slot[],
): Readonly<Record<string, number>> {
  const totalW = comingW - gridW;
  const isByPhase = spec.netting === 'per-phase' && phases !== undefined;
  if (!isByPhase || phases.flowW.some(Number.isNaN)) return wanted(totalW, slots);
  const restingW = phases.flowW.map((flowW, n) => flowW + (givenW[n] ?? 0));
  // Sun and chargers as they will be: what they change of the sum, an equal part on each phase.
  const leftW = (totalW - restingW.reduce((sum, one) => sum + one, 0)) / phases.of;
  const placedOn = slots.map((slot): PhaseSlot => {
    const terminal = ready.find(({ id }) => id === slot.id);
    const shares = terminal === undefined ? [] : sharesOf(terminal, phases.of);
    return { ...slot, atW: 0, shares };
  });
  return perPhase(
    restingW.map((powerW) => powerW + leftW),
    placedOn,
  );
}
