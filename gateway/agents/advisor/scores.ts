import type { BiasHint } from '../../contracts/advice.ts';
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
  readonly accepted?: boolean; // by the simulation; nothing is done in either case
  readonly detail?: string;
  readonly score?: { readonly unit: string; readonly proposed: number; readonly twin: number };
}

export interface Score {
  readonly agent: string;
  readonly asked: number;
  readonly answered: number;
  readonly scored: number;
  readonly better: number; // than the twin
  readonly equal: number;
  readonly worse: number;
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
    const signs = all.flatMap(({ score }) =>
      score === undefined ? [] : [Math.sign(score.proposed - score.twin)],
    );
    const count = (sign: number): number => signs.filter((one) => one === sign).length;
    return {
      agent,
      asked: all.length,
      answered: all.filter(({ none }) => none === undefined).length,
      scored: signs.length,
      better: count(-1),
      equal: count(0),
      worse: count(1),
    };
  });
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
): { readonly proposed: number; readonly twin: number } | undefined {
  let proposed = 0;
  let twin = 0;
  let count = 0;
  const add = (actual: number | undefined, midW: number | undefined, pct: number): void => {
    if (actual === undefined || midW === undefined) return;
    count += 1;
    twin += Math.abs(actual - midW);
    proposed += Math.abs(actual - midW * (1 + pct / 100));
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
  return { proposed: Math.round(proposed / count), twin: Math.round(twin / count) };
}
