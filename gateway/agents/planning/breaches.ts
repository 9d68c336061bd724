import { type PlanProblem, type Schedule, type Storage, storeIndex } from './problem.ts';

/**
 * Two flows of a step that exclude each other, a charge below its least power, or a flow for which
 * a part-load curve and its convex hull differ: that one alone breaks nothing.
 */
export interface Breach {
  readonly kind: 'flow' | 'import' | 'export' | 'least' | 'trade' | 'curve';
  readonly atStep: number;
  readonly s: number; // storage
}

const TEXT: Readonly<Record<Breach['kind'], string>> = {
  flow: 'charges and discharges',
  import: 'charges from the grid, which it may not,',
  export: 'discharges into the grid, which it may not,',
  least: 'charges below its least power',
  trade: 'buys and sells',
  curve: 'is less efficient than assumed',
};

export const breachKey = ({ kind, atStep, s }: Breach): string => `${kind}:${atStep}:${s}`;

export const breachText = (problem: PlanProblem, { kind, atStep, s }: Breach): string =>
  `${problem.storages[s]?.terminal ?? 'storage'} ${TEXT[kind]} in step ${atStep}`;

/** What is no more than the solver's rounding, W. */
const nearW = (store: Storage): number =>
  Math.max(1, 1e-5 * Math.max(store.chargeMaxW, store.dischargeMaxW));
const FULL_NEAR_WH = 1;

/** Level from which a storage's store counts as full. */
export const fullWhOf = (problem: PlanProblem, s: number): number =>
  (problem.storages[storeIndex(problem, s)]?.maxWh ?? 0) - FULL_NEAR_WH;

/**
 * Where a schedule does two things at once that exclude each other.
 * @param gridW  + import, by step
 * @param socWh  at the end of each step, by storage
 */
export function breachesOf(
  problem: PlanProblem,
  schedule: Pick<Schedule, 'chargeW' | 'dischargeW'>,
  gridW: readonly number[],
  socWh: readonly (readonly number[])[],
): Breach[] {
  const found: Breach[] = [];
  problem.storages.forEach((store, s) => {
    const near = nearW(store);
    problem.steps.forEach((_, atStep) => {
      const charge = schedule.chargeW[s]?.[atStep] ?? 0;
      const discharge = schedule.dischargeW[s]?.[atStep] ?? 0;
      const grid = gridW[atStep] ?? 0;
      const add = (kind: Breach['kind']): void => {
        found.push({ kind, atStep, s });
      };
      if (charge > near && discharge > near) add('flow');
      if (store.mayChargeFromGrid === false && charge > near && grid > near) add('import');
      if (store.mayExport === false && discharge > near && -grid > near) add('export');
      const isFilling =
        (store.owedWh?.[atStep] ?? 0) > 0 && (socWh[s]?.[atStep] ?? 0) >= fullWhOf(problem, s);
      if (charge > near && charge < (store.chargeMinW ?? 0) - near && !isFilling) add('least');
    });
  });
  return found;
}
