import { columnAt, type Draft, exchange, INF, type Layout } from './draft.ts';
import { hoursOf, type PlanProblem, TIER } from './problem.ts';

const madeKwOf = (problem: PlanProblem, t: number): number =>
  problem.sources.reduce((sum, one) => sum + (one.powerW[t] ?? 0), 0) / 1_000;

/** buy - sell = load + flexible + charge - discharge - production + sold, and its limits. */
export function connectionRows(draft: Draft, layout: Layout): void {
  const { problem, builder } = draft;
  const { demand } = problem;
  const peak = demand
    ? builder.column(demand.nanoPerW * 1e-6, demand.soFarW / 1_000, INF) // currency per kW
    : -1;
  problem.steps.forEach((step, t) => {
    const { terms, soldKw } = exchange(draft, layout, t);
    const needKw = step.loadW / 1_000 - madeKwOf(problem, t) + soldKw;
    builder.row(needKw, needKw, [
      ...terms,
      ...problem.sources.map((_, i) => [columnAt(layout.curtailIndex, i, t), -1] as const),
      ...problem.storages.map((_, i) => [columnAt(layout.chargeIndex, i, t), -1] as const),
      ...problem.storages.map((_, i) => [columnAt(layout.dischargeIndex, i, t), 1] as const),
      ...problem.switched.map(
        (load, i) => [columnAt(layout.switchedIndex, i, t), -load.powerW / 1_000] as const,
      ),
      ...problem.cars.map((_, i) => [columnAt(layout.carIndex, i, t), -1] as const),
    ]);
    limitRows(draft, layout, t);
    if (peak >= 0) builder.row(-INF, soldKw - step.marginW / 1_000, [...terms, [peak, -1]]);
    if (problem.exportOnlyFromSources !== true) return;
    builder.row(-INF, madeKwOf(problem, t) - soldKw, [
      ...terms.map(([column, value]) => [column, -value] as const),
      ...problem.sources.map((_, i) => [columnAt(layout.curtailIndex, i, t), 1] as const),
    ]);
  });
  commitmentRows(draft, layout);
}

function limitRows(draft: Draft, layout: Layout, t: number): void {
  const { problem, builder, scale } = draft;
  const step = problem.steps[t];
  if (step === undefined) return;
  const { terms, soldKw } = exchange(draft, layout, t);
  const hours = hoursOf(step);
  const penalty = scale * TIER.limit * hours;
  builder.row(-step.exportLimitW / 1_000 + soldKw, step.importLimitW / 1_000 + soldKw, [
    ...terms,
    [builder.column(penalty, 0, INF), -1],
    [builder.column(penalty, 0, INF), 1],
  ]);
  if (!Number.isFinite(step.softImportW)) return;
  const above = builder.column(scale * TIER.peak * hours, 0, INF);
  builder.row(-INF, step.softImportW / 1_000 + soldKw, [...terms, [above, -1]]);
}

function commitmentRows(draft: Draft, layout: Layout): void {
  const { problem, builder } = draft;
  for (const { side, beyondW, worstNanoPerW, eachNanoPerWh } of problem.commitments ?? []) {
    const sign = side === 'import' ? 1 : -1;
    const worst = worstNanoPerW === undefined ? -1 : builder.column(worstNanoPerW * 1e-6, 0, INF);
    problem.steps.forEach((step, t) => {
      const { terms, soldKw } = exchange(draft, layout, t);
      const signed = terms.map(([column, value]) => [column, sign * value] as const);
      const mostKw = beyondW / 1_000 + sign * soldKw;
      if (worst >= 0) builder.row(-INF, mostKw, [...signed, [worst, -1]]);
      if (eachNanoPerWh === undefined) return;
      const each = builder.column(eachNanoPerWh * 1e-6 * hoursOf(step), 0, INF);
      builder.row(-INF, mostKw, [...signed, [each, -1]]);
    });
  }
}

export function converterRows(draft: Draft, layout: Layout): void {
  const { problem, builder } = draft;
  for (const converter of problem.converters) {
    problem.steps.forEach((_, t) => {
      const terms: [number, number][] = [];
      let madeKw = 0;
      problem.sources.forEach((source, i) => {
        if (source.converter !== converter.id) return;
        madeKw += (source.powerW[t] ?? 0) / 1_000;
        terms.push([layout.curtailIndex[i]?.[t] ?? 0, -1]);
      });
      problem.storages.forEach((store, i) => {
        if (store.converter !== converter.id) return;
        terms.push([layout.dischargeIndex[i]?.[t] ?? 0, 1], [layout.chargeIndex[i]?.[t] ?? 0, -1]);
      });
      builder.row(-converter.outOfW / 1_000 - madeKw, converter.intoW / 1_000 - madeKw, terms);
    });
  }
}
