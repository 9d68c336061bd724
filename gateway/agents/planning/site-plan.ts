import { type KeptImport, keptImportW } from '../../contracts/values/levels.ts';
import type {
  Outlook,
  OutlookStep,
  Band as PowerBand,
  SiteForecast,
} from '../../contracts/values/outlook.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../contracts/values/time.ts';
import type { Solver } from '../../ports.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { liveRun } from './live.ts';
import { makePlan, outlookOf, type PlanEffort, planByRules } from './plan.ts';
import {
  hoursOf,
  type PlanMemory,
  type PlanProblem,
  priceScale,
  type StepInput,
  type Storage,
  TIER,
} from './problem.ts';
import {
  type Ahead,
  type Foreseen,
  type ForeseenStep,
  HORIZON_HOURS,
  planAhead,
} from './value/ahead.ts';
import type { Band } from './value/chances.ts';
import type { PastDays } from './value/days.ts';
import type { StepPrices } from './value/levels.ts';
import { goalOf, ownStores, poolOf, socLevels } from './value/pool.ts';

/** All that a plan of a site rests on. */
export interface PlanInput {
  readonly problem: PlanProblem;
  readonly forecast: SiteForecast; // may reach beyond the problem
  /** Nothing is known of the load: there is no forecast to plan by. */
  readonly isBlind?: boolean;
  /** Prices of the forecast's steps after those of the problem. */
  readonly later?: readonly StepPrices[];
  /** Where the highest import costs. */
  readonly past?: ChargedPast | undefined;
}

/** Days of a site whose highest import costs. */
export interface ChargedPast {
  readonly days: PastDays;
  readonly lowestW: number; // import that they would have allowed
  readonly daysLeft: number; // after today, of the period whose highest import is paid
  readonly midnightMs: Instant; // of today
}

/** Days from which on the past says what import can be kept. */
const KNOWN_DAYS = 7;

/**
 * The plan of a site. Loads, cars, limits and positions by the linear programme; the batteries by
 * what stored energy is worth over all that may come, as levels that the guard follows against the
 * live meter; what the programme decided is need to them. What the plan expects is those levels on
 * the day as forecast.
 */
export async function planSite(
  input: PlanInput,
  solver: Solver,
  timeLimitMs: number,
  effort?: PlanEffort,
  memory: PlanMemory = {},
): Promise<Outlook> {
  if (input.isBlind === true) return planByRules(input.problem, 'nothing is known of the load yet');
  const problem = withKnownPeak(input);
  const base = await makePlan(problem, solver, timeLimitMs, effort, memory);
  const pool = poolOf(problem);
  if (pool === undefined) return base;
  const foreseen = foreseenOf({ ...input, problem }, base, keptW(input, problem, base));
  const found = planAhead(foreseen, pool, memory.day);
  const needs = problem.steps.slice(0, NEED_STEPS).map((_, t) => found.needLevels?.(t));
  const led = (worthOf: (t: number) => number, keptIn: (t: number) => KeptImport): Outlook => ({
    ...base,
    source: base.source === 'optimal' ? 'optimal' : 'levels',
    steps: base.steps.map((step, t) => {
      const levels = found.levels[t];
      if (levels === undefined) return step;
      const byNeed = needs[t];
      const one = (store: Storage) =>
        socLevels(levels, worthOf(t), pool, store, byNeed !== undefined);
      const led = { levels: byTerminal(problem, one), ...(byNeed !== undefined && { byNeed }) };
      return { ...step, ...keptIn(t), ...led };
    }),
  });
  const runOf = (outlook: Outlook) => {
    const schedule = liveRun({ problem, outlook }, problem);
    return { schedule, run: evaluate(problem, schedule) };
  };
  // What is kept depends on what is stored then: once as now, and again as that run has it.
  const nowWh = ownStores(problem).reduce((sum, store) => sum + store.nowWh, 0);
  const first = runOf(led(nothing, (t) => keptImport(foreseen, found, t, nowWh))).run;
  const kept = problem.steps.map((_, t) =>
    keptImport(foreseen, found, t, t === 0 ? nowWh : storedWh(problem, first, t - 1)),
  );
  const keptIn = (t: number): KeptImport => kept[t] ?? {};
  const { schedule, run } = runOf(led(nothing, keptIn));
  const worths = problem.steps.map((_, t) => found.worthNanoPerWh(t, storedWh(problem, run, t)));
  const { source, detail, rulesNano, boundNano, steps } = led((t) => worths[t] ?? 0, keptIn);
  const worthNano = problem.storages.map(() => worths);
  const known = { ...(boundNano !== undefined && { boundNano }), worthNano };
  const outlook = outlookOf(problem, schedule, run, { source, detail, rulesNano, ...known });
  return { ...outlook, steps: outlook.steps.map((step, t) => ({ ...step, ...ledIn(steps[t]) })) };
}

const nothing = (): number => 0;

/**
 * Steps whose import is kept by what the meter will show, as the guard executes them: a plan runs
 * out long before the others, where the need that is expected says it.
 */
const LIVE_STEPS = 8;

/** Steps whose levels depend on the need that shows: a plan without a planner lives two of them. */
const NEED_STEPS = 4;

/** Import that batteries keep in a step. */
function keptImport({ outlook, cap }: Foreseen, found: Ahead, t: number, nowWh: number) {
  const step = outlook[t];
  if (step === undefined || cap === undefined) return {};
  const kept = found.keptImport?.(t, nowWh) ?? { mostImportW: cap.mostImportWh / step.hours };
  if (t < LIVE_STEPS) return kept;
  const needW = (step.load.mid - (step.pv?.mid ?? 0)) / step.hours;
  return { mostImportW: keptImportW(kept, needW) };
}

const ledIn = ({ levels, byNeed, mostImportW, rises }: Partial<OutlookStep> = {}) => ({
  ...(levels !== undefined && { levels }),
  ...(byNeed !== undefined && { byNeed }),
  ...(mostImportW !== undefined && { mostImportW }),
  ...(rises !== undefined && { rises }),
});

function byTerminal<T>(problem: PlanProblem, of: (store: Storage) => T): Record<string, T> {
  return Object.fromEntries(ownStores(problem).map((store) => [store.terminal, of(store)]));
}

/** In all batteries at the end of a step, Wh. */
const storedWh = (problem: PlanProblem, run: Evaluation, t: number): number =>
  ownStores(problem).reduce(
    (sum, store) => sum + (run.socWh[problem.storages.indexOf(store)]?.[t] ?? store.nowWh),
    0,
  );

/** What the last weeks would have needed anyway is no new peak to the linear programme either. */
function withKnownPeak({ problem, past }: PlanInput): PlanProblem {
  const { demand } = problem;
  if (demand === undefined || past === undefined || past.days.days < KNOWN_DAYS) return problem;
  return { ...problem, demand: { ...demand, soFarW: Math.max(demand.soFarW, past.lowestW) } };
}

/**
 * Import that is no new peak where the highest costs: what was reached. Of a site without a past,
 * and where loads that can wait raise it, what the programme expects.
 */
function keptW(
  { past, problem: { demand: reached } }: PlanInput,
  { switched, cars }: PlanProblem,
  base: Outlook,
): number | undefined {
  if (reached === undefined) return undefined;
  const isKnown = past !== undefined && past.days.days >= KNOWN_DAYS;
  const isFlexible = base.source === 'optimal' && switched.length + cars.length > 0;
  return isKnown && !isFlexible ? reached.soFarW : base.peakW;
}

/**
 * The steps as they may come: whole ones, since the worth after the running one is asked; beyond
 * those that are planned, as a day before.
 */
function foreseenOf(input: PlanInput, base: Outlook, capW = Number.POSITIVE_INFINITY): Foreseen {
  const { problem, forecast, past } = input;
  const isCharged = Number.isFinite(capW) && past !== undefined;
  const hours = forecast.stepMs / HOUR_MS;
  const chargeNano = (problem.demand?.nanoPerW ?? 0) / hours;
  const brokenNano = TIER.peak * priceScale(problem);
  const isCurtailable = problem.sources.every(({ curtailable }) => curtailable);
  const outlook = stepsOf(input).map((step, t): ForeseenStep => {
    const at = Math.floor((step.fromMs - forecast.fromMs) / forecast.stepMs);
    const pv = forecast.pv[at];
    const like = base.steps[t] ?? base.steps[t - DAY_MS / forecast.stepMs];
    const goal = goalOf(problem, t);
    const isPaid = isCurtailable && step.importNanoPerWh < 0; // to use it: the sun is held back
    return {
      hours,
      importNanoPerWh: step.importNanoPerWh,
      exportNanoPerWh: isCurtailable ? Math.max(0, step.exportNanoPerWh) : step.exportNanoPerWh,
      load: energies(loadBand(forecast.load[at], step), hours, -(like?.flexW ?? 0)),
      pv: pv === undefined || isPaid ? undefined : energies(pv, hours),
      soldWh: (step.soldWh * hours) / hoursOf(step),
      ...(goal !== undefined && { goal }),
      // A charge is in the days' own costs: beside it stands what the connection may carry.
      bounds: boundsOf(step, hours, isCharged ? Infinity : capW, chargeNano, brokenNano),
    };
  });
  const cap = { mostImportWh: capW * hours, overNanoPerWh: chargeNano };
  return {
    outlook,
    dailySteps: DAY_MS / forecast.stepMs,
    ...(Number.isFinite(capW) && { cap }),
    ...(isCharged && { past: past.days, daysLeft: past.daysLeft, midnightMs: past.midnightMs }),
  };
}

/** Those of the problem, and after them as far as forecast and prices reach. */
function stepsOf({ problem, forecast, later = [] }: PlanInput): readonly StepInput[] {
  const { stepMs } = forecast;
  const first = problem.steps[0];
  if (first === undefined) return [];
  const count = Math.floor((HORIZON_HOURS * HOUR_MS) / stepMs) - problem.steps.length;
  const startMs = forecast.fromMs + Math.floor((first.fromMs - forecast.fromMs) / stepMs) * stepMs;
  const after = later.slice(0, Math.max(0, count)).flatMap((prices, n): StepInput[] => {
    const t = problem.steps.length + n;
    const fromMs = startMs + t * stepMs;
    const band = forecast.load[Math.floor((fromMs - forecast.fromMs) / stepMs)];
    const like = problem.steps[t - DAY_MS / stepMs];
    if (band === undefined || like === undefined) return [];
    const load = { loadW: band.midW, marginW: 0, soldWh: 0 };
    return [{ ...like, ...prices, ...load, fromMs, durationMs: stepMs }];
  });
  return [...problem.steps, ...after];
}

/** As forecast, or as far up as the margin of the plan asks: half of the way is kept for it. */
function loadBand(band: PowerBand | undefined, { loadW, marginW }: StepInput): PowerBand {
  const { lowW, midW, highW } = band ?? { lowW: loadW, midW: loadW, highW: loadW };
  return { lowW, midW, highW: Math.max(highW, midW + 2 * marginW) };
}

function energies(band: PowerBand | undefined, hours: number, moreW = 0): Band {
  const { lowW = 0, midW = 0, highW = 0 } = band ?? {};
  return {
    low: (lowW + moreW) * hours,
    mid: (midW + moreW) * hours,
    high: (highW + moreW) * hours,
  };
}

/** What the connection may carry beyond what was sold, and what import beyond it costs. */
function boundsOf(
  step: StepInput,
  hours: number,
  capW: number,
  chargeNano: number,
  brokenNano: number,
): NonNullable<ForeseenStep['bounds']> {
  const soldWh = (step.soldWh * hours) / hoursOf(step);
  const limitW = Math.min(step.importLimitW, step.softImportW);
  return {
    mostImportWh: Math.max(0, Math.min(capW, limitW) * hours + soldWh),
    mostExportWh: Math.max(0, step.exportLimitW * hours - soldWh),
    overNanoPerWh: capW <= limitW ? chargeNano : brokenNano,
  };
}
