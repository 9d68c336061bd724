import type { PlanParameters } from '../../contracts/values/outlook.ts';
import type { PlanProblem } from './problem.ts';

/**
 * The problem under other parameters. They only ever keep more back than the site does itself, and
 * never leave the battery's own band.
 */
export function under(
  problem: PlanProblem,
  { reservePct, marginPct }: Pick<PlanParameters, 'reservePct' | 'marginPct'>,
): PlanProblem {
  return {
    ...problem,
    storages: problem.storages.map((store) => ({
      ...store,
      minWh: Math.min(store.maxWh, Math.max(store.minWh, (store.usableWh * reservePct) / 100)),
    })),
    steps: problem.steps.map((step) => ({
      ...step,
      marginW: Math.max(step.marginW, (step.loadW * marginPct) / 100),
    })),
  };
}
