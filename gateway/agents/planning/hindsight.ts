import { QUARTER_MS } from '../../contracts/values/time.ts';
import { evaluate } from './evaluate.ts';
import { liveRun, type Planned } from './live.ts';
import { hoursOf, type PlanProblem } from './problem.ts';

/** Mean powers of a quarter-hour as measured, W >= 0; undefined = not known, or held back. */
export type MeasuredPower = (fromMs: number) => {
  readonly pvW: number | undefined;
  readonly loadW: number | undefined;
  readonly curtailed: boolean;
};

/**
 * What two plans of one instant would have cost over the quarter-hours that are measured by now:
 * each run against the measured load and sun, what is left in the batteries at what it was worth
 * to the second one. Energy of flexible loads counts at the mean price, whenever it is used.
 * @returns undefined while no whole step is measured
 */
export function hindsight(
  mine: Planned,
  twin: Planned,
  untilMs: number,
  measured: MeasuredPower,
): { readonly mineNano: number; readonly twinNano: number; readonly steps: number } | undefined {
  const day = measuredDay(twin, untilMs, measured);
  if (day === undefined) return undefined;
  const meanNano =
    day.steps.reduce((sum, { importNanoPerWh }) => sum + importNanoPerWh, 0) / day.steps.length;
  const cost = (planned: Planned): number => {
    const run = evaluate(day, liveRun(planned, day));
    const flexWh = day.steps.reduce((sum, step, t) => sum + (run.flexW[t] ?? 0) * hoursOf(step), 0);
    return Math.round(run.costNano - flexWh * meanNano);
  };
  return { mineNano: cost(mine), twinNano: cost(twin), steps: day.steps.length };
}

/** The steps before `untilMs`, up to the first that is not measured, as they came. */
function measuredDay(
  { problem, outlook }: Planned,
  untilMs: number,
  measured: MeasuredPower,
): PlanProblem | undefined {
  const powers = problem.steps.map(({ fromMs }) =>
    measured(Math.floor(fromMs / QUARTER_MS) * QUARTER_MS),
  );
  const open = problem.steps.findIndex(
    (step, t) =>
      step.fromMs >= untilMs ||
      powers[t]?.pvW === undefined ||
      powers[t]?.loadW === undefined ||
      powers[t]?.curtailed === true,
  );
  const count = open < 0 ? problem.steps.length : open;
  if (count === 0) return undefined;
  const plannedPvW = (t: number): number =>
    problem.sources.reduce((sum, { powerW }) => sum + (powerW[t] ?? 0), 0);
  const last = outlook.steps[count - 1];
  return {
    ...problem,
    steps: problem.steps
      .slice(0, count)
      .map((step, t) => ({ ...step, loadW: powers[t]?.loadW ?? 0, marginW: 0 })),
    sources: problem.sources.map((source) => ({
      ...source,
      powerW: source.powerW.slice(0, count).map((powerW, t) => {
        const allW = plannedPvW(t);
        const share = allW > 0 ? powerW / allW : 1 / problem.sources.length;
        return share * (powers[t]?.pvW ?? 0);
      }),
    })),
    storages: problem.storages.map((store) => ({
      ...store,
      endNanoPerWh: last?.worthNanoPerWh[store.terminal] ?? store.endNanoPerWh,
    })),
    switched: problem.switched.map((load) => ({ ...load, quotas: [] })),
    cars: problem.cars.map((car) => ({ ...car, needWh: 0 })),
  };
}
