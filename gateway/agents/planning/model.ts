import type { LinearModel } from '../../contracts/values/linear-model.ts';
import { Builder } from './builder.ts';
import { connectionRows, converterRows } from './connection.ts';
import type { Draft, Fixed, Layout, Whole } from './draft.ts';
import { hoursOf, type PlanProblem, priceScale, type Schedule } from './problem.ts';
import { promises } from './promises.ts';
import { chargeRows, storageColumns } from './stores.ts';
import { wholeRows } from './whole.ts';

const RELAXED: Whole = { loads: false, apart: new Set() };

/**
 * The model: balance and limits at the connection, storage, converters, quotas, deadlines, goals,
 * commitments, demand peak; linear unless `whole` asks for whole decisions. Soft in tiers, so it
 * always has a solution. Prices become currency per kWh (nano per Wh times 1e-6).
 */
export function buildModel(
  problem: PlanProblem,
  fixed: Fixed = {},
  whole: Whole = RELAXED,
): { readonly model: LinearModel; readonly layout: Layout } {
  const builder = new Builder();
  const scale = priceScale(problem) * 1e-6;
  const mostKw = reach(problem);
  const draft: Draft = { problem, fixed, whole, builder, scale, mostKw };
  const columns = {
    buyIndex: problem.steps.map((step, t) =>
      builder.column(money(step.importNanoPerWh, step), 0, fixed.noBuy?.has(t) ? 0 : mostKw),
    ),
    sellIndex: problem.steps.map((step, t) =>
      builder.column(-money(step.exportNanoPerWh, step), 0, fixed.noSell?.has(t) ? 0 : mostKw),
    ),
    curtailIndex: problem.sources.map((source) =>
      problem.steps.map((step, t) => {
        const most = source.curtailable || source.converter ? (source.powerW[t] ?? 0) / 1_000 : 0;
        const lost = money(source.curtailNanoPerWh ?? 0, step);
        return builder.column(lost + 1e-7 * scale, 0, most);
      }),
    ),
    switchedIndex: flexible(draft, 'switched'),
    carIndex: flexible(draft, 'car'),
  };
  const { socIndex, ...stores } = storageColumns(draft);
  const layout: Layout = { ...columns, ...stores };
  connectionRows(draft, layout);
  converterRows(draft, layout);
  promises(draft, layout);
  chargeRows(draft, layout.chargeIndex, socIndex);
  wholeRows(draft, layout);
  return { model: builder.build(), layout };
}

const money = (nanoPerWh: number, step: { durationMs: number }): number =>
  (nanoPerWh * 1e-6 * step.durationMs) / 3_600_000;

/** More than can ever flow at the connection, kW. */
function reach(problem: PlanProblem): number {
  let most = 1;
  for (const step of problem.steps) {
    most = Math.max(most, step.loadW + Math.abs(step.soldWh) / hoursOf(step));
  }
  for (const source of problem.sources) most += Math.max(0, ...source.powerW);
  for (const one of problem.storages) most += one.chargeMaxW + one.dischargeMaxW;
  for (const load of problem.switched) most += load.powerW;
  for (const car of problem.cars) most += car.maxW;
  return most / 1_000;
}

function flexible(draft: Draft, kind: 'switched' | 'car'): number[][] {
  const { problem, fixed, whole, builder } = draft;
  if (kind === 'switched') {
    return problem.switched.map((_, i) =>
      problem.steps.map((_step, t) => {
        const share = fixed.switchedShare?.[i]?.[t];
        return builder.column(0, share ?? 0, share ?? 1, whole.loads);
      }),
    );
  }
  return problem.cars.map((car, i) =>
    problem.steps.map((_step, t) => {
      const isOn = fixed.carOn?.[i]?.[t];
      const most = t < car.untilStep && isOn !== false ? car.maxW / 1_000 : 0;
      return builder.column(0, isOn === true ? Math.min(most, car.minW / 1_000) : 0, most);
    }),
  );
}

/** Decisions of a solution, in W. */
export function readSchedule(x: Float64Array, layout: Layout): Schedule {
  const watts = (rows: readonly (readonly number[])[]): number[][] =>
    rows.map((columns) => columns.map((column) => Math.max(0, (x[column] ?? 0) * 1_000)));
  return {
    curtailW: watts(layout.curtailIndex),
    chargeW: watts(layout.chargeIndex),
    dischargeW: watts(layout.dischargeIndex),
    switchedShare: layout.switchedIndex.map((columns) =>
      columns.map((column) => Math.max(0, Math.min(1, x[column] ?? 0))),
    ),
    carW: watts(layout.carIndex),
  };
}

/** Worth of one Wh more in each store at each step, nano-currency per Wh. */
export function readWorth(rowDual: Float64Array, layout: Layout): number[][] {
  return layout.socRow.map((rows) => rows.map((row) => -(rowDual[row] ?? 0) * 1e6));
}
