import type { Solver } from '../../ports.ts';
import { type Breach, breachKey } from './breaches.ts';
import { dive, refined } from './dive.ts';
import type { Fixed } from './draft.ts';
import type { Evaluation } from './evaluate.ts';
import { hoursOf, type PlanMemory, type PlanProblem } from './problem.ts';
import { settled } from './settle.ts';
import { type Effort, type Found, type Solved, solve } from './solve.ts';

const POLISHES_MAX = 6;
const NEAR_WHOLE = 1e-6;
/** What part-load losses may add before the plan is made again with those that it met. */
const BENT_NEAR_SHARE = 1e-3;

/**
 * The best plan that is found: the linear relaxation first; where it is not possible as it stands,
 * whole decisions by rounding and opposite flows barred (the dive); where that is too far from the
 * bound, branch and bound with only the binaries that something has broken, more of them as they
 * show. Nothing is believed that own arithmetic does not confirm.
 * @returns why there is no plan, in words
 */
export async function search(
  problem: PlanProblem,
  solver: Solver,
  effort: Effort,
  memory: PlanMemory = {},
): Promise<Found | string> {
  const relaxed = await solve(problem, solver, effort, {}, undefined, memory.basis);
  if (typeof relaxed === 'string') return relaxed;
  memory.basis = relaxed.basis;
  const { faults } = relaxed.run;
  if (faults.length > relaxed.breaches.length) return `the plan fails its check: ${faults[0]}`;
  let boundNano = relaxed.boundNano;
  let best: Solved | undefined = isWhole(problem, relaxed) ? relaxed : undefined;
  const apart = new Set(
    [...relaxed.breaches, ...relaxed.bent, ...inverted(problem)].map(breachKey),
  );
  const isNear = (share: number): boolean =>
    best !== undefined && best.run.costNano - boundNano <= share * stakeNano(problem, best.run);
  const isDone = (): boolean => isNear(effort.polishFromShare);
  let fixed: Fixed = {};
  if (best === undefined) {
    const dived = await dive(problem, solver, effort, relaxed);
    for (const breach of dived.breaches) apart.add(breachKey(breach));
    best = dived.found;
    fixed = dived.fixed;
  }
  if (best !== undefined && relaxed.bent.length > 0 && !isNear(BENT_NEAR_SHARE)) {
    best = await refined(problem, solver, effort, best, fixed);
  }
  let why = 'the plan keeps opposite flows';
  for (let round = 0; round < POLISHES_MAX && !isDone(); round += 1) {
    const whole = { loads: true, apart };
    const polished = await solve(problem, solver, effort, {}, whole);
    if (typeof polished === 'string') {
      why = polished;
      break;
    }
    boundNano = Math.max(boundNano, polished.boundNano);
    best = cheaper(best, await settled(problem, solver, effort, polished, apart, relaxed.basis));
    const more = [...polished.breaches, ...polished.bent]
      .map(breachKey)
      .filter((key) => !apart.has(key));
    if (more.length === 0 || (best !== undefined && !polished.isComplete)) break;
    for (const key of more) apart.add(key);
  }
  if (best === undefined) return why;
  const { schedule, run, worthNano } = best;
  return { schedule, run, worthNano, boundNano: Math.min(boundNano, run.costNano) };
}

/** What is at stake in a plan: the money that flows, whichever way; nano. */
function stakeNano(problem: PlanProblem, run: Evaluation): number {
  return problem.steps.reduce((sum, step, t) => {
    const grid = run.gridW[t] ?? 0;
    const price = grid > 0 ? step.importNanoPerWh : step.exportNanoPerWh;
    return sum + Math.abs(grid * price) * hoursOf(step);
  }, 1_000);
}

/** Steps in which buying to sell would pay: apart from the beginning. */
const inverted = ({ steps }: PlanProblem): Breach[] =>
  steps.flatMap((step, atStep) =>
    step.exportNanoPerWh > step.importNanoPerWh ? [{ kind: 'trade' as const, atStep, s: 0 }] : [],
  );

const isWhole = (problem: PlanProblem, { run, schedule }: Solved): boolean =>
  run.faults.length === 0 &&
  schedule.switchedShare.every((shares) =>
    shares.every((share) => Math.abs(share - Math.round(share)) < NEAR_WHOLE),
  ) &&
  problem.cars.every(({ minW }, i) =>
    (schedule.carW[i] ?? []).every((powerW) => powerW < 1 || powerW > minW - 1),
  );

function cheaper(best: Solved | undefined, other: Solved): Solved | undefined {
  if (other.run.faults.length > 0) return best;
  return best === undefined || other.run.costNano < best.run.costNano ? other : best;
}
