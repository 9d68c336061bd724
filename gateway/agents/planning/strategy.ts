import type { Strategy } from '../../contracts/advice.ts';
import type { OrderDraft, PlanParameters } from '../../contracts/values/outlook.ts';
import { HOUR_MS, MINUTE_MS } from '../../contracts/values/time.ts';
import type { Solver } from '../../ports.ts';
import { evaluate } from './evaluate.ts';
import { liveRun, type Planned } from './live.ts';
import { under } from './parameters.ts';
import type { PlanProblem } from './problem.ts';
import { SWANSON, scenariosOf } from './scenarios.ts';
import { type PlanInput, planSite } from './site-plan.ts';

/** What a site's parameters are tried on. */
export interface Trying extends PlanInput {
  /** At which orders of this site were cleared lately, nano per Wh; fewer than 4 say nothing. */
  readonly prices: readonly number[];
  readonly feeNanoPerWh: number; // on bought energy
  readonly drafts: (planned: Planned, parameters: PlanParameters) => readonly OrderDraft[];
  readonly solver: Solver;
  readonly limitMs: number; // of one solve, real
}

/** A plan under other parameters, and what it would cost on the likely days. */
export interface Tried extends Planned {
  readonly costNano: number;
}

const NEAR_W = 100;
const PRICES_MIN = 4;
/** A thousandth of the currency: less is no difference. */
export const NEAR_NANO = 1_000_000;

/**
 * Simulates parameters by the planner: the plan made under them, run through a worse, an expected
 * and a better day as the guard would run it. Prices, limits and the battery's band are those of
 * the real problem.
 * @param withOrders  also through cheap, usual and dear clearings of the orders it would place
 * @returns why there is no such plan, in words
 */
export async function tryOut(
  parameters: PlanParameters,
  trying: Trying,
  withOrders: boolean,
): Promise<Tried | string> {
  const problem = under(trying.problem, parameters);
  const outlook = await planSite({ ...trying, problem }, trying.solver, trying.limitMs);
  if (outlook.source !== 'optimal') return outlook.detail;
  const planned = { problem, outlook };
  if (!withOrders) return { ...planned, costNano: costOf(planned, trying, trying.problem) };
  const prices = quantiles(trying.prices);
  if (prices === undefined) return 'too few cleared prices are known to try an order margin on';
  const drafts = trying.drafts(planned, parameters);
  let costNano = 0;
  for (const [n, priceNano] of prices.entries()) {
    const filled = drafts.filter(({ side, priceMicroPerKwh }) =>
      side === 'sell' ? priceMicroPerKwh <= priceNano : priceMicroPerKwh >= priceNano,
    );
    costNano += (SWANSON[n] ?? 0) * (await costFilled(planned, trying, filled, priceNano));
  }
  return { ...planned, costNano };
}

/** Mean cost of a plan over the likely days, at the real problem's prices and limits. */
function costOf(planned: Planned, { forecast }: Trying, real: PlanProblem): number {
  return scenariosOf(real, forecast).reduce((sum, { share, problem }) => {
    // The days deviate themselves: nothing is kept beside for it.
    const day = { ...problem, steps: problem.steps.map((step) => ({ ...step, marginW: 0 })) };
    return sum + share * evaluate(day, liveRun(planned, day)).costNano;
  }, 0);
}

/** The same after some orders were awarded: planned again, as the agent does, and paid. */
async function costFilled(
  planned: Planned,
  trying: Trying,
  filled: readonly OrderDraft[],
  priceNano: number,
): Promise<number> {
  if (filled.length === 0) return costOf(planned, trying, trying.problem);
  const sold = (problem: PlanProblem): PlanProblem => ({
    ...problem,
    steps: problem.steps.map((step) => ({
      ...step,
      soldWh: step.soldWh + soldWh(filled.filter(({ fromMs }) => fromMs === step.fromMs)),
    })),
  });
  const problem = sold(planned.problem);
  const outlook = await planSite({ ...trying, problem }, trying.solver, trying.limitMs);
  const boughtWh = -soldWh(filled.filter(({ side }) => side === 'buy'));
  const paidNano = boughtWh * trying.feeNanoPerWh - soldWh(filled) * priceNano;
  return costOf({ problem, outlook }, trying, sold(trying.problem)) + paidNano;
}

const soldWh = (drafts: readonly OrderDraft[]): number =>
  drafts.reduce((sum, { side, energyWh }) => sum + (side === 'sell' ? energyWh : -energyWh), 0);

/** 10, 50 and 90 percent points; undefined where there is too little to tell. */
function quantiles(values: readonly number[]): readonly [number, number, number] | undefined {
  if (values.length < PRICES_MIN) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(0.1), at(0.5), at(0.9)];
}

export type Offer = NonNullable<Strategy['demandResponse']>;

/**
 * Whether a plan can take so much less in the window of an offer, and what is left of its price.
 * @returns why not, in words
 */
export async function tryOffer(
  offer: Offer,
  { problem, outlook }: Planned,
  trying: Trying,
): Promise<{ readonly gainNano: number } | string> {
  const fromMs = problem.issuedAtMs + offer.startsInMin * MINUTE_MS;
  const untilMs = fromMs + offer.minutes * MINUTE_MS;
  let reducedWh = 0;
  const steps = problem.steps.map((step, t) => {
    const planned = outlook.steps[t]?.gridW ?? 0;
    if (step.fromMs < fromMs || step.fromMs >= untilMs) return step;
    reducedWh += (offer.reduceW * step.durationMs) / HOUR_MS;
    return { ...step, importLimitW: Math.min(step.importLimitW, planned - offer.reduceW) };
  });
  if (reducedWh === 0) return 'its window is not in the plan';
  if (steps.some(({ importLimitW }) => importLimitW < 0)) {
    return 'the plan does not take so much in that window';
  }
  const reduced: Planned = {
    problem: { ...problem, steps },
    outlook: await planSite(
      { ...trying, problem: { ...problem, steps } },
      trying.solver,
      trying.limitMs,
    ),
  };
  if (reduced.outlook.source !== 'optimal') return reduced.outlook.detail;
  if (!keeps(reduced)) return 'loads and battery cannot give so much in that window';
  const extraNano =
    costOf(reduced, trying, trying.problem) - costOf({ problem, outlook }, trying, trying.problem);
  const gainNano = Math.round(reducedWh * offer.priceMicroPerKwh - extraNano);
  return gainNano < -NEAR_NANO ? 'its price does not cover what the reduction costs' : { gainNano };
}

const keeps = ({ problem, outlook }: Planned): boolean =>
  outlook.steps.every(
    ({ gridW }, t) => gridW <= (problem.steps[t]?.importLimitW ?? gridW) + NEAR_W,
  );
