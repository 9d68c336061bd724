import type { Basis, SolveEffort } from '../../contracts/values/linear-model.ts';
import type { Solver } from '../../ports.ts';
import { type Breach, breachesOf } from './breaches.ts';
import type { Fixed, Layout, Whole } from './draft.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { asPossible, bentSteps } from './losses.ts';
import { buildModel, readSchedule, readWorth } from './model.ts';
import type { PlanProblem, Schedule } from './problem.ts';

const OPPOSITE_KW = 1e-3;

/** A schedule that passed its own arithmetic, with the least that any plan could cost. */
export interface Found {
  readonly schedule: Schedule;
  readonly run: Evaluation;
  readonly worthNano: number[][]; // of a Wh more in each store, by step
  readonly boundNano: number;
}

/** How far the search goes beyond the dive. */
export interface Effort extends SolveEffort {
  readonly timeLimitMs: number; // of one solve
  readonly polishFromShare: number; // gap, as a share of what is at stake, that is worth a polish
  readonly polishLimitMs: number; // of one branch and bound
}

export interface Solved extends Omit<Found, 'boundNano'> {
  readonly boundNano: number; // of this model alone
  readonly breaches: readonly Breach[];
  readonly bent: readonly Breach[]; // where part-load curves cost more than the model says
  readonly basis: Basis | undefined; // of a linear model
  readonly isComplete: boolean; // not stopped by a limit
}

/**
 * One model, solved and checked by own arithmetic; why there is no solution, in words.
 * @param start  of a model that differs in bounds and figures alone
 */
export async function solve(
  problem: PlanProblem,
  solver: Solver,
  effort: Effort,
  fixed: Fixed,
  whole?: Whole,
  start?: Basis,
): Promise<Solved | string> {
  const { model, layout } = buildModel(problem, fixed, whole);
  const { timeLimitMs, polishLimitMs } = effort;
  const limitMs = whole === undefined ? timeLimitMs : Math.min(timeLimitMs, polishLimitMs);
  const solution = await solver.solve(model, limitMs, effort, start);
  if (solution.status !== 'optimal' && solution.status !== 'feasible') {
    return `no plan: ${solution.status}, ${solution.detail}`;
  }
  const schedule = asPossible(problem, readSchedule(solution.x, layout));
  const run = evaluate(problem, schedule);
  const soFarNano = (problem.demand?.soFarW ?? 0) * (problem.demand?.nanoPerW ?? 0);
  return {
    schedule,
    run,
    basis: solution.basis,
    isComplete: solution.status === 'optimal',
    worthNano: readWorth(solution.rowDual, layout),
    boundNano: solution.bound * 1e9 - soFarNano,
    bent: bentSteps(problem, schedule),
    breaches: [
      ...breachesOf(problem, schedule, run.gridW, run.socWh),
      ...tradesBothWays(problem, solution.x, layout),
    ],
  };
}

/** Own arithmetic nets the two, so only a price that pays for the circle makes them a breach. */
function tradesBothWays({ steps }: PlanProblem, x: Float64Array, layout: Layout): Breach[] {
  return steps.flatMap((step, atStep): Breach[] => {
    const buy = x[layout.buyIndex[atStep] ?? -1] ?? 0;
    const sell = x[layout.sellIndex[atStep] ?? -1] ?? 0;
    const pays = step.exportNanoPerWh > step.importNanoPerWh;
    return pays && Math.min(buy, sell) > OPPOSITE_KW ? [{ kind: 'trade', atStep, s: 0 }] : [];
  });
}
