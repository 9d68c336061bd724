import type { Basis } from '../../contracts/values/linear-model.ts';
import type { Solver } from '../../ports.ts';
import type { Fixed } from './draft.ts';
import { hasCurves, piecesOf } from './losses.ts';
import { hoursOf, type PlanProblem, type Schedule } from './problem.ts';
import { type Effort, type Solved, solve } from './solve.ts';

/**
 * The same decisions in a linear model: what is left free may still gain, and the worth of stored
 * energy is known, which no branch and bound tells.
 */
export async function settled(
  problem: PlanProblem,
  solver: Solver,
  effort: Effort,
  polished: Solved,
  apart: ReadonlySet<string>,
  start: Basis | undefined,
): Promise<Solved> {
  if (polished.run.faults.length > 0) return polished;
  const fixed = {
    ...decisionsOf(problem, polished.schedule),
    ...keptApart(problem, polished, apart),
    ...(hasCurves(problem) && { ways: piecesOf(problem, polished.schedule) }),
  };
  const solved = await solve(problem, solver, effort, fixed, undefined, start);
  if (typeof solved === 'string' || solved.run.faults.length > 0)
    return { ...polished, worthNano: [] };
  return solved.run.costNano <= polished.run.costNano + 1_000
    ? solved
    : { ...polished, worthNano: solved.worthNano };
}

function decisionsOf(problem: PlanProblem, schedule: Schedule): Fixed {
  const noCharge = new Set<string>();
  const leastCharge = new Set<string>();
  problem.storages.forEach(({ chargeMinW = 0 }, s) => {
    if (chargeMinW <= 0) return;
    schedule.chargeW[s]?.forEach((chargeW, t) => {
      if (chargeW <= 1) noCharge.add(`${s}:${t}`);
      else if (chargeW >= chargeMinW - 1) leastCharge.add(`${s}:${t}`);
    });
  });
  const switchedShare = schedule.switchedShare.map((shares) => shares.map(Math.round));
  const carOn = schedule.carW.map((powers) => powers.map((powerW) => powerW > 1));
  return { switchedShare, carOn, noCharge, leastCharge };
}

/** The sides that a solved plan took wherever flows were kept apart. */
function keptApart(
  problem: PlanProblem,
  { schedule, run }: Solved,
  apart: ReadonlySet<string>,
): Fixed {
  const { noCharge } = decisionsOf(problem, schedule);
  const bars = {
    noBuy: new Set<number>(),
    noSell: new Set<number>(),
    noCharge: new Set(noCharge),
    noDischarge: new Set<string>(),
  };
  for (const breach of apart) {
    const [kind, atStep, s] = breach.split(':');
    const t = Number(atStep);
    const key = `${s}:${t}`;
    const charge = schedule.chargeW[Number(s)]?.[t] ?? 0;
    const discharge = schedule.dischargeW[Number(s)]?.[t] ?? 0;
    const step = problem.steps[t];
    const tradedW = (run.gridW[t] ?? 0) + (step ? step.soldWh / hoursOf(step) : 0);
    if (kind === 'flow') (charge < discharge ? bars.noCharge : bars.noDischarge).add(key);
    if (kind === 'trade') (tradedW < 0 ? bars.noBuy : bars.noSell).add(t);
    if (kind === 'import' && charge <= 1) bars.noCharge.add(key);
    else if (kind === 'import') bars.noBuy.add(t);
    if (kind === 'export' && discharge <= 1) bars.noDischarge.add(key);
    else if (kind === 'export') bars.noSell.add(t);
  }
  return bars;
}
