import type { BiasHint, Strategy } from '../../contracts/advice.ts';
import type { SiteForecast } from '../../contracts/values/outlook.ts';
import type { Instant } from '../../contracts/values/time.ts';
import { localTime } from '../../contracts/values/time.ts';
import type { Document } from '../../ports.ts';

/** A proposal beside its twin, as it is kept. `score`: lower is better, absent = not known yet. */
export interface Advice {
  readonly agent: 'forecasting' | 'producer' | 'consumer';
  readonly atMs: Instant;
  readonly model: string;
  readonly promptHash: string;
  readonly none?: string; // why there is no proposal
  readonly proposal?: unknown;
  readonly bounded?: Strategy; // inside the site file's bounds, where those are narrower
  readonly accepted?: boolean; // by the simulation
  readonly detail?: string; // why not, or why it does not lean
  readonly offer?: string; // what came of a demand-response offer
  readonly score?:
    | { readonly proposedNano: number; readonly twinNano: number } // simulated cost of the day
    | { readonly proposedW: number; readonly twinW: number }; // mean error
  readonly lean?: Leaning; // on the plan; absent = in the shadow
  /** Cost of both plans over the quarter-hours of its time, as measured. */
  readonly measured?: {
    readonly proposedNano: number;
    readonly twinNano: number;
    readonly quarters: number;
  };
}

export interface Leaning {
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly withdrawn?: { readonly atMs: Instant; readonly why: string };
}

export interface Score {
  readonly agent: string;
  readonly askedCount: number;
  readonly answeredCount: number;
  readonly scoredCount: number;
  readonly betterCount: number; // than the twin
  readonly equalCount: number;
  readonly worseCount: number;
  readonly leanedCount: number; // on the plan
  readonly withdrawnCount: number;
  readonly measuredCount: number; // by what happened, leaning or in the shadow
  readonly measuredGainNano: number; // + is cheaper than the twin
}

/** Model against twin, by agent. */
export function scoreboard(documents: readonly Document[]): Score[] {
  const byAgent = new Map<string, Advice[]>();
  for (const { body } of documents) {
    const advice = body as Advice; // own document
    byAgent.set(advice.agent, [...(byAgent.get(advice.agent) ?? []), advice]);
  }
  return [...byAgent.keys()].sort().map((agent) => {
    const all = byAgent.get(agent) ?? [];
    const signs = all.flatMap(({ score }) => (score === undefined ? [] : [signOf(score)]));
    const count = (sign: number): number => signs.filter((one) => one === sign).length;
    const measured = all.flatMap((one) => one.measured ?? []);
    return {
      agent,
      askedCount: all.length,
      answeredCount: all.filter(({ none }) => none === undefined).length,
      scoredCount: signs.length,
      betterCount: count(-1),
      equalCount: count(0),
      worseCount: count(1),
      leanedCount: all.filter(({ lean }) => lean !== undefined).length,
      withdrawnCount: all.filter(({ lean }) => lean?.withdrawn !== undefined).length,
      measuredCount: measured.length,
      measuredGainNano: measured.reduce((sum, one) => sum + one.twinNano - one.proposedNano, 0),
    };
  });
}

function signOf(score: NonNullable<Advice['score']>): number {
  return Math.sign(
    'twinNano' in score ? score.proposedNano - score.twinNano : score.proposedW - score.twinW,
  );
}

/** What is measured of a quarter-hour, W; undefined = not known. */
export type Measured = (fromMs: Instant) => {
  readonly pvW: number | undefined;
  readonly loadW: number | undefined;
};

/** Mean errors of the forecast with the hint and without it, over `steps` quarter-hours. */
export function hintErrors(
  hint: BiasHint,
  forecast: SiteForecast,
  steps: number,
  zone: string,
  measured: Measured,
): { readonly proposedW: number; readonly twinW: number } | undefined {
  let proposedW = 0;
  let twinW = 0;
  let count = 0;
  const add = (actual: number | undefined, midW: number | undefined, pct: number): void => {
    if (actual === undefined || midW === undefined) return;
    count += 1;
    twinW += Math.abs(actual - midW);
    proposedW += Math.abs(actual - midW * (1 + pct / 100));
  };
  for (let n = 0; n < steps; n += 1) {
    const atMs = forecast.fromMs + n * forecast.stepMs;
    const hour = localTime(atMs, zone).minuteOfDay / 60;
    const inside = hint.fromHour <= hour && hour < hint.untilHour;
    const { pvW, loadW } = measured(atMs);
    add(pvW, forecast.pv[n]?.midW, inside ? hint.pvPct : 0);
    add(loadW, forecast.load[n]?.midW, inside ? hint.loadPct : 0);
  }
  if (count < steps) return undefined; // half of the figures are missing
  return { proposedW: Math.round(proposedW / count), twinW: Math.round(twinW / count) };
}
