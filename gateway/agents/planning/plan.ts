import type { Outlook, OutlookStep } from '../../contracts/values/outlook.ts';
import type { Solver } from '../../ports.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { levelPlan } from './levels.ts';
import type { PlanMemory, PlanProblem, Schedule } from './problem.ts';
import { rulePlan } from './rules.ts';
import { search } from './search.ts';
import type { Effort } from './solve.ts';

export type PlanEffort = Omit<Effort, 'timeLimitMs'>;

/** Branch and bound only where nothing else finds a plan: the same on every machine. */
const USUAL_EFFORT: PlanEffort = {
  gapShare: 1e-3,
  nodesMax: 20,
  polishFromShare: Number.POSITIVE_INFINITY,
  polishLimitMs: 2_000,
};

/** For who has a core to spare: what is more than half a percent off is polished. */
export const POLISHED_EFFORT: PlanEffort = {
  ...USUAL_EFFORT,
  nodesMax: 1_000,
  polishFromShare: 5e-3,
};

/**
 * One plan: the search over linear models, then own arithmetic. What the solver cannot do, a search
 * over the battery's levels does; what is worse than the rules, the rules do.
 * @param timeLimitMs  of one solve
 * @param memory  of the plans of this site, one after the other
 */
export async function makePlan(
  problem: PlanProblem,
  solver: Solver,
  timeLimitMs: number,
  effort: PlanEffort = USUAL_EFFORT,
  memory: PlanMemory = {},
): Promise<Outlook> {
  const rules = rulePlan(problem);
  const rulesRun = evaluate(problem, rules);
  const rulesNano = rulesRun.costNano;
  const byRules = (detail: string): Outlook =>
    outlookOf(problem, rules, rulesRun, { source: 'rules', detail, rulesNano });
  if (problem.steps.length === 0) return byRules('nothing to plan');
  const found = await search(problem, solver, { ...effort, timeLimitMs }, memory);
  if (typeof found === 'string') {
    const schedule = levelPlan(problem, rules);
    const run = evaluate(problem, schedule);
    if (run.faults.length > 0 || run.costNano >= rulesNano) return byRules(found);
    return outlookOf(problem, schedule, run, { source: 'levels', detail: found, rulesNano });
  }
  const { schedule, run, worthNano, boundNano } = found;
  if (run.costNano > rulesNano + 1e-6 * Math.abs(rulesNano) + 1_000) {
    return byRules('the rules are cheaper than the plan');
  }
  const meta = { source: 'optimal', detail: '', rulesNano, worthNano, boundNano } as const;
  return outlookOf(problem, schedule, run, meta);
}

/** The plan that needs neither forecast nor solver. */
export function planByRules(problem: PlanProblem, detail: string): Outlook {
  const rules = rulePlan(problem);
  const run = evaluate(problem, rules);
  return outlookOf(problem, rules, run, { source: 'rules', detail, rulesNano: run.costNano });
}

/** How far a plan may be from the best one; undefined = nothing proves it. */
export const gapNano = ({ costNano, boundNano }: Outlook): number | undefined =>
  boundNano === undefined ? undefined : Math.round(costNano - boundNano);

interface Meta {
  readonly source: Outlook['source'];
  readonly detail: string;
  readonly rulesNano: number;
  readonly worthNano?: readonly (readonly number[])[];
  readonly boundNano?: number;
}

export function outlookOf(
  problem: PlanProblem,
  schedule: Schedule,
  run: Evaluation,
  meta: Meta,
): Outlook {
  return {
    issuedAtMs: problem.issuedAtMs,
    source: meta.source,
    detail: meta.detail,
    costNano: run.costNano,
    rulesNano: meta.rulesNano,
    ...(meta.boundNano !== undefined && { boundNano: meta.boundNano }),
    peakW: run.peakW,
    steps: problem.steps.map((step, t): OutlookStep => {
      const terminals: Record<string, number> = {};
      const curtailedW = problem.sources.reduce((sum, source, i) => {
        const heldW = schedule.curtailW[i]?.[t] ?? 0;
        if (source.curtailable) terminals[source.terminal] = (source.powerW[t] ?? 0) - heldW;
        return sum + heldW;
      }, 0);
      problem.storages.forEach((store, i) => {
        terminals[store.terminal] =
          (schedule.dischargeW[i]?.[t] ?? 0) - (schedule.chargeW[i]?.[t] ?? 0);
      });
      problem.switched.forEach((load, i) => {
        terminals[load.terminal] = 0 - load.powerW * (schedule.switchedShare[i]?.[t] ?? 0);
      });
      problem.cars.forEach((car, i) => {
        terminals[car.terminal] = 0 - (schedule.carW[i]?.[t] ?? 0);
      });
      return {
        fromMs: step.fromMs,
        durationMs: step.durationMs,
        pvW: run.pvW[t] ?? 0,
        curtailedW,
        loadW: 0 - step.loadW,
        flexW: 0 - (run.flexW[t] ?? 0),
        batteryW: run.batteryW[t] ?? 0,
        gridW: run.gridW[t] ?? 0,
        terminals,
        socWh: byStorage(problem, (i) => run.socWh[i]?.[t]),
        worthNanoPerWh: byStorage(problem, (i) => meta.worthNano?.[i]?.[t]),
        importNanoPerWh: step.importNanoPerWh,
        exportNanoPerWh: step.exportNanoPerWh,
        ...(step.isPriceForecast === true && { isPriceForecast: true }),
      };
    }),
  };
}

function byStorage(
  problem: PlanProblem,
  value: (i: number) => number | undefined,
): Record<string, number> {
  const found: Record<string, number> = {};
  problem.storages.forEach((store, i) => {
    const one = value(i);
    if (one !== undefined) found[store.terminal] = one;
  });
  return found;
}
