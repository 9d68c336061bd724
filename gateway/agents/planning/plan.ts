import type { Outlook, OutlookStep } from '../../contracts/values/outlook.ts';
import type { Solver } from '../../ports.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { buildModel, type Fixed, readSchedule, readWorth } from './model.ts';
import type { PlanProblem, Schedule } from './problem.ts';
import { roundCar, roundSwitched } from './rounding.ts';
import { rulePlan } from './rules.ts';

const ROUNDS_MAX = 3;
const OPPOSITE_KW = 1e-3;

interface Solved {
  readonly schedule: Schedule;
  readonly worth: number[][];
  readonly x: Float64Array;
  readonly layout: ReturnType<typeof buildModel>['layout'];
}

/**
 * One plan: the linear model, whole decisions by rounding and a second solve, opposite flows barred
 * where they appear, then own arithmetic. What the solver cannot do, or does worse than the rules,
 * the rules do.
 */
export async function makePlan(
  problem: PlanProblem,
  solver: Solver,
  timeLimitMs: number,
): Promise<Outlook> {
  const rules = rulePlan(problem);
  const rulesRun = evaluate(problem, rules);
  const byRules = (detail: string): Outlook =>
    outlookOf(problem, rules, rulesRun, { source: 'rules', detail, rulesNano: rulesRun.costNano });
  if (problem.steps.length === 0) return byRules('nothing to plan');
  let fixed: Fixed = {};
  let rounded = problem.switched.length === 0 && problem.cars.length === 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const solved = await solve(problem, fixed, solver, timeLimitMs);
    if (typeof solved === 'string') return byRules(solved);
    const barred = bar(problem, solved, fixed);
    if (rounded && barred === undefined) {
      const run = evaluate(problem, solved.schedule);
      if (run.faults.length > 0) return byRules(`the plan fails its check: ${run.faults[0]}`);
      if (run.costNano > rulesRun.costNano + 1e-6 * Math.abs(rulesRun.costNano) + 1_000) {
        return byRules('the rules are cheaper than the plan');
      }
      return outlookOf(problem, solved.schedule, run, {
        source: 'optimal',
        detail: '',
        rulesNano: rulesRun.costNano,
        worth: solved.worth,
      });
    }
    fixed = { ...fixed, ...barred, ...(rounded ? {} : roundAll(problem, solved.schedule)) };
    rounded = true;
  }
  return byRules('the plan keeps opposite flows');
}

async function solve(
  problem: PlanProblem,
  fixed: Fixed,
  solver: Solver,
  timeLimitMs: number,
): Promise<Solved | string> {
  const { model, layout } = buildModel(problem, fixed);
  const solution = await solver.solve(model, timeLimitMs);
  if (solution.status !== 'optimal') return `no plan: ${solution.status}, ${solution.detail}`;
  return {
    schedule: readSchedule(solution.x, layout),
    worth: readWorth(solution.rowDual, layout),
    x: solution.x,
    layout,
  };
}

function roundAll(problem: PlanProblem, schedule: Schedule): Fixed {
  return {
    switchedShare: problem.switched.map((load, i) =>
      roundSwitched(problem, load, schedule.switchedShare[i] ?? []),
    ),
    carW: problem.cars.map((car, i) => roundCar(problem, car, schedule.carW[i] ?? [])),
  };
}

/** Bars the smaller of two opposite flows in a step; undefined when there are none. */
function bar(problem: PlanProblem, { x, layout }: Solved, fixed: Fixed): Fixed | undefined {
  const noBuy = new Set(fixed.noBuy);
  const noSell = new Set(fixed.noSell);
  const noCharge = new Set(fixed.noCharge);
  const noDischarge = new Set(fixed.noDischarge);
  let found = false;
  const value = (column: number | undefined): number => x[column ?? -1] ?? 0;
  problem.steps.forEach((_, t) => {
    const buy = value(layout.buyIndex[t]);
    const sell = value(layout.sellIndex[t]);
    if (buy > OPPOSITE_KW && sell > OPPOSITE_KW) {
      found = true;
      (buy < sell ? noBuy : noSell).add(t);
    }
    problem.storages.forEach((_store, s) => {
      const charge = value(layout.chargeIndex[s]?.[t]);
      const discharge = value(layout.dischargeIndex[s]?.[t]);
      if (charge > OPPOSITE_KW && discharge > OPPOSITE_KW) {
        found = true;
        (charge < discharge ? noCharge : noDischarge).add(`${s}:${t}`);
      }
    });
  });
  return found ? { noBuy, noSell, noCharge, noDischarge } : undefined;
}

interface Meta {
  readonly source: Outlook['source'];
  readonly detail: string;
  readonly rulesNano: number;
  readonly worth?: readonly (readonly number[])[];
}

function outlookOf(problem: PlanProblem, schedule: Schedule, run: Evaluation, meta: Meta): Outlook {
  return {
    issuedAtMs: problem.issuedAtMs,
    source: meta.source,
    detail: meta.detail,
    costNano: run.costNano,
    rulesNano: meta.rulesNano,
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
        worthNanoPerWh: byStorage(problem, (i) => meta.worth?.[i]?.[t]),
        importNanoPerWh: step.importNanoPerWh,
        exportNanoPerWh: step.exportNanoPerWh,
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
