import {
  chargeForW,
  dischargeForW,
  intoStoreW,
  type LossCurve,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import type { Breach } from './breaches.ts';
import { hullAtW, hullOf, pieceAt, type Side } from './curves.ts';
import type { FlowWay, FlowWays } from './draft.ts';
import { hoursOf, type PlanProblem, type Schedule, type Storage, storeIndex } from './problem.ts';

/** What curve and hull may differ by before a step is worth a closer look, of the full power. */
const BENT_SHARE = 5e-3;
const FLOWS_W = 1;

const isCurved = ({ chargeCurve, dischargeCurve }: Storage): boolean =>
  chargeCurve !== undefined || dischargeCurve !== undefined;

export const hasCurves = ({ storages }: PlanProblem): boolean => storages.some(isCurved);

/**
 * The schedule as far as its batteries can run it: the model stores a little more and draws a
 * little less than a part-load curve says, so who would leave the band does less. What was
 * discharged into a full converter makes room, never the other way round.
 */
export function asPossible(problem: PlanProblem, schedule: Schedule): Schedule {
  if (!hasCurves(problem)) return schedule;
  const chargeW = schedule.chargeW.map((row) => [...row]);
  const dischargeW = schedule.dischargeW.map((row) => [...row]);
  const curtailW = schedule.curtailW.map((row) => [...row]);
  problem.storages.forEach((store, root) => {
    const ports = problem.storages.flatMap((port, s) =>
      storeIndex(problem, s) === root ? [{ port, s }] : [],
    );
    if (!ports.some(({ port }) => isCurved(port))) return;
    const lowWh = Math.min(store.minWh, store.nowWh);
    const highWh = Math.max(store.maxWh, store.nowWh);
    let socWh = store.nowWh;
    problem.steps.forEach((step, t) => {
      const hours = hoursOf(step);
      for (const { port, s } of ports) {
        const wishW = chargeW[s]?.[t] ?? 0;
        const intoW = Math.min(wishW, chargeForW(port, Math.max(0, highWh - socWh) / hours));
        put(chargeW, s, t, intoW);
        holdBack(problem, curtailW, port.converter, t, wishW - intoW);
        socWh += intoStoreW(port, intoW) * hours;
        const heldW = dischargeForW(port, Math.max(0, socWh - lowWh) / hours);
        const outW = Math.min(dischargeW[s]?.[t] ?? 0, heldW);
        put(dischargeW, s, t, outW);
        socWh -= outOfStoreW(port, outW) * hours;
      }
    });
  });
  return { ...schedule, chargeW, dischargeW, curtailW };
}

function put(rows: readonly number[][], i: number, t: number, value: number): void {
  const row = rows[i];
  if (row) row[t] = value;
}

/** Production behind a converter that a battery no longer takes there. */
function holdBack(
  problem: PlanProblem,
  curtailW: readonly number[][],
  converter: string | undefined,
  t: number,
  surplusW: number,
): void {
  if (converter === undefined) return;
  let leftW = surplusW;
  problem.sources.forEach((source, i) => {
    if (source.converter !== converter || leftW <= 0) return;
    const heldW = curtailW[i]?.[t] ?? 0;
    const moreW = Math.min(leftW, Math.max(0, (source.powerW[t] ?? 0) - heldW));
    put(curtailW, i, t, heldW + moreW);
    leftW -= moreW;
  });
}

/** Ways of a problem's batteries, from one flow's power. */
function waysOf(
  problem: PlanProblem,
  { chargeW, dischargeW }: Schedule,
  way: (store: Storage, side: Side, powerW: number) => FlowWay,
): FlowWays[] {
  return problem.storages.map((store, s) => ({
    charge: problem.steps.map((_, t) => way(store, 'charge', chargeW[s]?.[t] ?? 0)),
    discharge: problem.steps.map((_, t) => way(store, 'discharge', dischargeW[s]?.[t] ?? 0)),
  }));
}

/**
 * Store power per terminal power at each step's own power: with these ratios the model is right
 * about a schedule like this one. A battery at rest counts as at full power.
 */
export const ratiosOf = (problem: PlanProblem, schedule: Schedule): FlowWays[] =>
  waysOf(problem, schedule, (store, side, powerW) => {
    const isCharge = side === 'charge';
    const mostW = isCharge ? store.chargeMaxW : store.dischargeMaxW;
    const ownW = powerW > FLOWS_W ? powerW : Math.max(FLOWS_W, mostW);
    return (isCharge ? intoStoreW(store, ownW) : outOfStoreW(store, ownW)) / ownW;
  });

/**
 * Piece of its curve on which each flow lies. The model is exact there, and the schedule itself
 * stays possible, so what is found on these pieces is no dearer.
 */
export const piecesOf = (problem: PlanProblem, schedule: Schedule): FlowWays[] =>
  waysOf(problem, schedule, (store, side, powerW) => {
    const isCharge = side === 'charge';
    const curve = isCharge ? store.chargeCurve : store.dischargeCurve;
    const mostW = isCharge ? store.chargeMaxW : store.dischargeMaxW;
    return curve === undefined ? 'hull' : { pieceIndex: pieceAt(curve, mostW, powerW) };
  });

/** Steps in which the hull of a curve promises more than the curve holds. */
export function bentSteps(problem: PlanProblem, schedule: Schedule): Breach[] {
  return problem.storages.flatMap((store, s): Breach[] => {
    const { chargeMaxW, dischargeMaxW, chargeCurve, dischargeCurve } = store;
    const into = excessOf(chargeCurve, chargeMaxW, 'charge');
    const out = excessOf(dischargeCurve, dischargeMaxW, 'discharge');
    return problem.steps.flatMap((_, t) => {
      const isBent =
        into(schedule.chargeW[s]?.[t] ?? 0) > BENT_SHARE * chargeMaxW ||
        out(schedule.dischargeW[s]?.[t] ?? 0) > BENT_SHARE * dischargeMaxW;
      return isBent ? [{ kind: 'curve', atStep: t, s }] : [];
    });
  });
}

function excessOf(
  curve: LossCurve | undefined,
  mostW: number,
  side: Side,
): (powerW: number) => number {
  if (curve === undefined) return () => 0;
  const lines = hullOf(curve, mostW, side);
  const truly = { chargeShare: 1, dischargeShare: 1, chargeCurve: curve, dischargeCurve: curve };
  const ofW = side === 'charge' ? intoStoreW : outOfStoreW;
  return (powerW) =>
    powerW > FLOWS_W ? Math.abs(hullAtW(lines, powerW, side) - ofW(truly, powerW)) : 0;
}
