import type { Strategy } from '../../contracts/advice.ts';
import type { Outlook, Simulated, SiteForecast } from '../../contracts/values/outlook.ts';
import { HOUR_MS, MINUTE_MS } from '../../contracts/values/time.ts';
import type { Solver } from '../../ports.ts';
import { evaluate } from './evaluate.ts';
import { makePlan } from './plan.ts';
import type { PlanProblem, Schedule } from './problem.ts';

const NEAR_W = 100;
const NEAR_NANO = 1_000_000; // a thousandth of the currency

/**
 * What a strategy would bring: a plan made under it and the plan in force, both run through the
 * day as expected and through a worse one (more load, less sun). Means of the two are compared;
 * prices, limits and the battery's band are those of the real problem.
 */
export async function simulate(
  strategy: Strategy,
  now: { problem: PlanProblem; outlook: Outlook; forecast: SiteForecast },
  solver: Solver,
  limitMs: number,
): Promise<Simulated> {
  const { problem, outlook, forecast } = now;
  const worse = worseDay(problem, forecast);
  const cost = (plan: Outlook): number => {
    const schedule = scheduleOf(problem, plan);
    return (evaluate(problem, schedule).costNano + evaluate(worse, schedule).costNano) / 2;
  };
  const twinNano = Math.round(cost(outlook));
  const plan = await makePlan(reserved(problem, strategy), solver, limitMs);
  const refused = (detail: string, proposedNano: number | null = null): Simulated => ({
    accepted: false,
    twinNano,
    proposedNano,
    detail,
  });
  if (plan.source !== 'optimal') return refused(plan.detail);
  let proposedNano = Math.round(cost(plan));
  if (strategy.demandResponse !== null) {
    const offer = await offered(problem, strategy, plan, solver, limitMs);
    if (typeof offer === 'string') return refused(offer, proposedNano);
    proposedNano += Math.round(offer.costNano - offer.earnedNano);
  }
  if (proposedNano > twinNano + NEAR_NANO) {
    return refused('it costs more than the plan without it', proposedNano);
  }
  return { accepted: true, twinNano, proposedNano, detail: '' };
}

/** The problem with a higher reserve and more margin; neither leaves the battery's own band. */
function reserved(problem: PlanProblem, { reservePct, marginPct }: Strategy): PlanProblem {
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

function worseDay(problem: PlanProblem, forecast: SiteForecast): PlanProblem {
  const bandAt = (of: 'pv' | 'load', atMs: number) =>
    forecast[of][Math.floor((atMs - forecast.fromMs) / forecast.stepMs)];
  return {
    ...problem,
    steps: problem.steps.map((step) => {
      const band = bandAt('load', step.fromMs);
      return { ...step, loadW: step.loadW + (band ? band.highW - band.midW : 0) };
    }),
    sources: problem.sources.map((source) => ({
      ...source,
      powerW: source.powerW.map((powerW, t) => {
        const band = bandAt('pv', problem.steps[t]?.fromMs ?? 0);
        return band && band.midW > 0 ? (powerW * band.lowW) / band.midW : powerW;
      }),
    })),
  };
}

/** Whether the plan can take so much less in the window, what that costs, and what it earns. */
async function offered(
  problem: PlanProblem,
  strategy: Strategy,
  plan: Outlook,
  solver: Solver,
  limitMs: number,
): Promise<{ costNano: number; earnedNano: number } | string> {
  const offer = strategy.demandResponse;
  if (offer === null) return 'nothing is offered';
  const fromMs = problem.issuedAtMs + offer.startsInMin * MINUTE_MS;
  const untilMs = fromMs + offer.minutes * MINUTE_MS;
  const base = reserved(problem, strategy);
  let reducedWh = 0;
  const steps = base.steps.map((step, t) => {
    const planned = plan.steps[t]?.gridW ?? 0;
    if (step.fromMs < fromMs || step.fromMs >= untilMs) return step;
    reducedWh += (offer.reduceW * step.durationMs) / HOUR_MS;
    return { ...step, importLimitW: Math.min(step.importLimitW, planned - offer.reduceW) };
  });
  if (reducedWh === 0) return 'its window is not in the plan';
  if (steps.some(({ importLimitW }) => importLimitW < 0)) {
    return 'the plan does not take so much in that window';
  }
  const without = await makePlan({ ...base, steps }, solver, limitMs);
  if (without.source !== 'optimal') return without.detail;
  const kept = without.steps.every(
    ({ gridW }, t) => gridW <= (steps[t]?.importLimitW ?? gridW) + NEAR_W,
  );
  if (!kept) return 'loads and battery cannot give so much in that window';
  const run = (one: Outlook): number => evaluate(base, scheduleOf(base, one)).costNano;
  return {
    costNano: run(without) - run(plan),
    earnedNano: reducedWh * offer.priceMicroPerKwh,
  };
}

/** The decisions of a plan, read back from its steps. */
function scheduleOf(problem: PlanProblem, plan: Outlook): Schedule {
  const of = (terminal: string, t: number): number => plan.steps[t]?.terminals[terminal] ?? 0;
  const each = (value: (t: number) => number): number[] =>
    problem.steps.map((_, t) => Math.max(0, value(t)));
  return {
    curtailW: problem.sources.map((source) =>
      each((t) => (source.curtailable ? (source.powerW[t] ?? 0) - of(source.terminal, t) : 0)),
    ),
    chargeW: problem.storages.map(({ terminal }) => each((t) => -of(terminal, t))),
    dischargeW: problem.storages.map(({ terminal }) => each((t) => of(terminal, t))),
    switchedShare: problem.switched.map(({ terminal, powerW }) =>
      each((t) => (powerW > 0 ? -of(terminal, t) / powerW : 0)),
    ),
    carW: problem.cars.map(({ terminal }) => each((t) => -of(terminal, t))),
  };
}
