import type { Solver } from '../../ports.ts';
import type { Breach } from './breaches.ts';
import type { Fixed, FlowWays } from './draft.ts';
import { hasCurves, piecesOf, ratiosOf } from './losses.ts';
import { hoursOf, type PlanProblem } from './problem.ts';
import { roundCar, roundSwitched } from './rounding.ts';
import { type Effort, type Solved, solve } from './solve.ts';

const BARS_MAX = 4;
const RATIO_ROUNDS = 2;
const DEAR = 10; // times the price, beyond the peak of a site without a store

export interface Dived {
  readonly found: Solved | undefined;
  readonly fixed: Fixed; // what was decided
  readonly breaches: readonly Breach[];
}

/**
 * Whole decisions near the relaxed ones, then opposite flows barred until none is left: with
 * nothing to bar this is one linear model more.
 */
export async function dive(
  problem: PlanProblem,
  solver: Solver,
  effort: Effort,
  relaxed: Solved,
): Promise<Dived> {
  const breaches: Breach[] = [];
  let fixed: Fixed = {};
  let solved = relaxed;
  for (let round = 0; round < BARS_MAX; round += 1) {
    fixed = bar(problem, solved, fixed);
    if (round === 0) fixed = { ...fixed, ...decided(problem, solved) };
    if (hasCurves(problem)) fixed = { ...fixed, ways: ratiosOf(problem, solved.schedule) };
    const next = await solve(problem, solver, effort, fixed, undefined, solved.basis);
    if (typeof next === 'string') break;
    breaches.push(...next.breaches);
    solved = next;
    if (next.run.faults.length === 0) return { found: next, fixed, breaches };
  }
  return { found: undefined, fixed, breaches };
}

/**
 * The same decisions with the part-load losses that they meet: first with those of the last
 * schedule, then each flow on the piece of its curve where the best one left it.
 */
export async function refined(
  problem: PlanProblem,
  solver: Solver,
  effort: Effort,
  start: Solved,
  fixed: Fixed,
): Promise<Solved> {
  let best = start;
  let last = start;
  const attempt = async (ways: readonly FlowWays[]): Promise<boolean> => {
    const bases = { ...fixed, ways };
    const next = await solve(problem, solver, effort, bases, undefined, last.basis);
    if (typeof next === 'string') return false;
    last = next;
    if (next.run.faults.length === 0 && next.run.costNano < best.run.costNano) best = next;
    return true;
  };
  for (let round = 0; round < RATIO_ROUNDS; round += 1) {
    if (!(await attempt(ratiosOf(problem, last.schedule)))) break;
  }
  await attempt(piecesOf(problem, best.schedule));
  return best;
}

/** Loads by the cost of their whole power, twice around; cars where the relaxed plan has them. */
function decided(problem: PlanProblem, relaxed: Solved): Fixed {
  const switchedShare: (readonly number[])[] = problem.switched.map(() => []);
  const order = problem.switched
    .map((load, i) => ({ load, i }))
    .sort((a, b) => b.load.powerW - a.load.powerW);
  for (const { load, i } of [...order, ...order]) {
    switchedShare[i] = [];
    const costs = wholeCosts(problem, relaxed, load.powerW, switchedShare);
    const most = Math.max(1, ...costs.map(Math.abs));
    const worths = costs.map((cost) => 1 - cost / most);
    switchedShare[i] = roundSwitched(problem, load, worths);
  }
  const { carW } = relaxed.schedule;
  const carOn = problem.cars.map((car, i) => roundCar(problem, car, carW[i] ?? []));
  return { switchedShare, carOn };
}

/**
 * What the whole power of an on-off load would cost in each step, nano: out of a surplus at the
 * export price, up to the peak of the relaxed plan at the import price, beyond it out of a store. A
 * marginal price alone would pile loads up where only the first watt is cheap.
 */
function wholeCosts(
  problem: PlanProblem,
  solved: Solved,
  powerW: number,
  shares: readonly (readonly number[])[],
): number[] {
  return problem.steps.map((step, t) => {
    const fromW = needW(problem, solved, shares, t);
    const capW = problem.demand ? solved.run.peakW - step.marginW : step.importLimitW;
    const stored = problem.storages.map(
      (store, s) => ((solved.worthNano[s]?.[t] ?? 0) + store.wearNanoPerWh) / store.dischargeShare,
    );
    const withinNano = Math.min(step.importNanoPerWh, ...stored);
    const least = stored.length > 0 ? Math.min(...stored) : DEAR * step.importNanoPerWh;
    const beyondNano = Math.max(step.importNanoPerWh, least);
    const untilW = fromW + powerW;
    const surplusW = Math.max(0, Math.min(0, untilW) - fromW);
    const gridW = Math.max(0, Math.min(capW, untilW) - Math.max(0, fromW));
    const restW = powerW - surplusW - gridW;
    const nanoPerH = surplusW * step.exportNanoPerWh + gridW * withinNano + restW * beyondNano;
    return nanoPerH * hoursOf(step);
  });
}

/** Import before any store, with what is decided so far. */
function needW(
  { steps, sources, switched }: PlanProblem,
  { schedule }: Solved,
  shares: readonly (readonly number[])[],
  t: number,
): number {
  const madeW = sources.reduce((sum, { powerW }) => sum + (powerW[t] ?? 0), 0);
  const decidedW = switched.reduce((sum, { powerW }, i) => sum + powerW * (shares[i]?.[t] ?? 0), 0);
  const carsW = schedule.carW.reduce((sum, powers) => sum + (powers[t] ?? 0), 0);
  return (steps[t]?.loadW ?? 0) + decidedW + carsW - madeW;
}

/** Bars the smaller of two flows that exclude each other; a charge below its least: one or none. */
function bar(problem: PlanProblem, { breaches, schedule, run }: Solved, fixed: Fixed): Fixed {
  const noBuy = new Set(fixed.noBuy);
  const noSell = new Set(fixed.noSell);
  const noCharge = new Set(fixed.noCharge);
  const noDischarge = new Set(fixed.noDischarge);
  const leastCharge = new Set(fixed.leastCharge);
  for (const { kind, atStep, s } of breaches) {
    const charge = schedule.chargeW[s]?.[atStep] ?? 0;
    const discharge = schedule.dischargeW[s]?.[atStep] ?? 0;
    const key = `${s}:${atStep}`;
    if (kind === 'trade') ((run.gridW[atStep] ?? 0) < 0 ? noBuy : noSell).add(atStep);
    else if (kind === 'flow') (charge < discharge ? noCharge : noDischarge).add(key);
    else if (kind === 'import') noCharge.add(key);
    else if (kind === 'export') noDischarge.add(key);
    else if (charge < (problem.storages[s]?.chargeMinW ?? 0) / 2) noCharge.add(key);
    else leastCharge.add(key);
  }
  return { ...fixed, noBuy, noSell, noCharge, noDischarge, leastCharge };
}
