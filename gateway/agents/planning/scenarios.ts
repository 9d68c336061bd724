import type { SiteForecast } from '../../contracts/values/outlook.ts';
import type { PlanProblem } from './problem.ts';

/** A day as it may come, and how much it counts; the shares sum to 1. */
export interface Scenario {
  readonly share: number;
  readonly problem: PlanProblem;
}

/**
 * Weights of the 10, 50 and 90 percent points that stand for a whole distribution (Swanson's rule;
 * Hurst, Brown and Swanson 2000).
 */
export const SWANSON = [0.3, 0.4, 0.3] as const;

/**
 * The day as expected, a worse one with more load and less sun, and a better one. Load and sun
 * deviate together: the two outer days are the far ends of what the forecast thinks likely.
 */
export function scenariosOf(problem: PlanProblem, forecast: SiteForecast): Scenario[] {
  return [
    { share: SWANSON[0], problem: deviating(problem, forecast, 'highW', 'lowW') },
    { share: SWANSON[1], problem },
    { share: SWANSON[2], problem: deviating(problem, forecast, 'lowW', 'highW') },
  ];
}

type Point = 'lowW' | 'highW';

function deviating(
  problem: PlanProblem,
  forecast: SiteForecast,
  load: Point,
  pv: Point,
): PlanProblem {
  const bandAt = (of: 'pv' | 'load', atMs: number) =>
    forecast[of][Math.floor((atMs - forecast.fromMs) / forecast.stepMs)];
  return {
    ...problem,
    steps: problem.steps.map((step) => {
      const band = bandAt('load', step.fromMs);
      return { ...step, loadW: Math.max(0, step.loadW + (band ? band[load] - band.midW : 0)) };
    }),
    sources: problem.sources.map((source) => ({
      ...source,
      powerW: source.powerW.map((powerW, t) => {
        const band = bandAt('pv', problem.steps[t]?.fromMs ?? 0);
        return band && band.midW > 0 ? (powerW * band[pv]) / band.midW : powerW;
      }),
    })),
  };
}
