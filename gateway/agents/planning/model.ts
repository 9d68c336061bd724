import type { LinearModel } from '../../ports.ts';
import { hoursOf, type PlanProblem, priceScale, type Schedule, TIER } from './problem.ts';

/** Decisions that rounding has taken: the linear model is solved around them. */
export interface Fixed {
  readonly switchedShare?: readonly (readonly number[])[];
  readonly carW?: readonly (readonly number[])[];
  /** By step: which of two opposite flows is barred. */
  readonly noBuy?: ReadonlySet<number>;
  readonly noSell?: ReadonlySet<number>;
  readonly noCharge?: ReadonlySet<string>; // 'storage:step'
  readonly noDischarge?: ReadonlySet<string>;
}

const INF = Number.POSITIVE_INFINITY;

/** Collects columns and rows; powers in kW and energies in kWh keep the coefficients near 1. */
class Builder {
  private readonly cost: number[] = [];
  private readonly lower: number[] = [];
  private readonly upper: number[] = [];
  private readonly rowLower: number[] = [];
  private readonly rowUpper: number[] = [];
  private readonly rowStart: number[] = [0];
  private readonly columnIndex: number[] = [];
  private readonly value: number[] = [];

  column(cost: number, lower: number, upper: number): number {
    this.lower.push(lower);
    this.upper.push(Math.max(lower, upper));
    return this.cost.push(cost) - 1;
  }

  row(lower: number, upper: number, terms: readonly (readonly [number, number])[]): number {
    for (const [column, value] of terms) {
      this.columnIndex.push(column);
      this.value.push(value);
    }
    this.rowStart.push(this.value.length);
    this.rowLower.push(lower);
    return this.rowUpper.push(upper) - 1;
  }

  build(): LinearModel {
    return {
      columns: this.cost.length,
      rows: this.rowLower.length,
      cost: Float64Array.from(this.cost),
      lower: Float64Array.from(this.lower),
      upper: Float64Array.from(this.upper),
      integer: new Uint8Array(this.cost.length),
      rowLower: Float64Array.from(this.rowLower),
      rowUpper: Float64Array.from(this.rowUpper),
      rowStart: Int32Array.from(this.rowStart),
      columnIndex: Int32Array.from(this.columnIndex),
      value: Float64Array.from(this.value),
    };
  }
}

/** Where the decisions stand in the model's columns. */
export interface Layout {
  readonly buyIndex: readonly number[];
  readonly sellIndex: readonly number[];
  readonly curtailIndex: readonly (readonly number[])[];
  readonly chargeIndex: readonly (readonly number[])[];
  readonly dischargeIndex: readonly (readonly number[])[];
  readonly switchedIndex: readonly (readonly number[])[];
  readonly carIndex: readonly (readonly number[])[];
  readonly socRow: readonly (readonly number[])[]; // rows, for the worth of stored energy
}

interface Draft {
  readonly problem: PlanProblem;
  readonly fixed: Fixed;
  readonly builder: Builder;
  readonly scale: number; // currency per kWh
}

/**
 * The linear model: balance and limits at the connection, storage, converters, quotas, deadlines,
 * demand peak. Soft in tiers, so it always has a solution. Prices become currency per kWh (nano per
 * Wh times 1e-6).
 */
export function buildModel(
  problem: PlanProblem,
  fixed: Fixed = {},
): { readonly model: LinearModel; readonly layout: Layout } {
  const builder = new Builder();
  const scale = priceScale(problem) * 1e-6;
  const draft: Draft = { problem, fixed, builder, scale };
  const mostKw = reach(problem);
  const columns = {
    buyIndex: problem.steps.map((step, t) =>
      builder.column(money(step.importNanoPerWh, step), 0, fixed.noBuy?.has(t) ? 0 : mostKw),
    ),
    sellIndex: problem.steps.map((step, t) =>
      builder.column(-money(step.exportNanoPerWh, step), 0, fixed.noSell?.has(t) ? 0 : mostKw),
    ),
    curtailIndex: problem.sources.map((source) =>
      problem.steps.map((_, t) => {
        const most = source.curtailable || source.converter ? (source.powerW[t] ?? 0) / 1_000 : 0;
        return builder.column(1e-7 * scale, 0, most);
      }),
    ),
    switchedIndex: flexible(draft, 'switched'),
    carIndex: flexible(draft, 'car'),
  };
  const stores = problem.storages.map((_, s) => storage(draft, s));
  const layout: Layout = {
    ...columns,
    chargeIndex: stores.map((store) => store.charge),
    dischargeIndex: stores.map((store) => store.discharge),
    socRow: stores.map((store) => store.rows),
  };
  connectionRows(draft, layout);
  converterRows(draft, layout);
  promises(draft, layout);
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
  const { problem, fixed, builder } = draft;
  if (kind === 'switched') {
    return problem.switched.map((_, i) =>
      problem.steps.map((_step, t) => {
        const share = fixed.switchedShare?.[i]?.[t];
        return builder.column(0, share ?? 0, share ?? 1);
      }),
    );
  }
  return problem.cars.map((car, i) =>
    problem.steps.map((_step, t) => {
      const kw = fixed.carW?.[i]?.[t];
      const most = t < car.untilStep ? car.maxW / 1_000 : 0;
      return builder.column(
        0,
        kw === undefined ? 0 : kw / 1_000,
        kw === undefined ? most : kw / 1_000,
      );
    }),
  );
}

function storage(draft: Draft, s: number) {
  const { problem, fixed, builder, scale } = draft;
  const store = problem.storages[s];
  const charge: number[] = [];
  const discharge: number[] = [];
  const rows: number[] = [];
  if (store === undefined) return { charge, discharge, rows };
  const outside = store.nowWh < store.minWh || store.nowWh > store.maxWh;
  const low = Math.min(store.minWh, store.nowWh) / 1_000;
  const high = Math.max(store.maxWh, store.nowWh) / 1_000;
  let before = -1;
  problem.steps.forEach((step, t) => {
    const hours = hoursOf(step);
    const wear = store.wearNanoPerWh * 1e-6 * hours;
    // Of equal plans the one that takes a surplus early: a forecast may fail later.
    const early = (1e-5 * scale * hours * t) / problem.steps.length;
    const barred = (set: ReadonlySet<string> | undefined): boolean =>
      set?.has(`${s}:${t}`) === true;
    const c = builder.column(
      wear * store.chargeShare + early,
      0,
      barred(fixed.noCharge) ? 0 : store.chargeMaxW / 1_000,
    );
    const d = builder.column(
      wear / store.dischargeShare,
      0,
      barred(fixed.noDischarge) ? 0 : store.dischargeMaxW / 1_000,
    );
    const last = t === problem.steps.length - 1;
    const soc = builder.column(last ? -store.endNanoPerWh * 1e-6 : 0, low, high);
    const terms: [number, number][] = [
      [soc, 1],
      [c, -hours * store.chargeShare],
      [d, hours / store.dischargeShare],
    ];
    if (before >= 0) terms.push([before, -1]);
    const start = before >= 0 ? 0 : store.nowWh / 1_000;
    rows.push(builder.row(start, start, terms));
    if (outside) {
      const penalty = scale * TIER.band * hours;
      const under = builder.column(penalty, 0, INF);
      const over = builder.column(penalty, 0, INF);
      builder.row(store.minWh / 1_000, INF, [
        [soc, 1],
        [under, 1],
      ]);
      builder.row(-INF, store.maxWh / 1_000, [
        [soc, 1],
        [over, -1],
      ]);
    }
    charge.push(c);
    discharge.push(d);
    before = soc;
  });
  return { charge, discharge, rows };
}

/** buy - sell = load + flexible + charge - discharge - production + sold, and its limits. */
function connectionRows(draft: Draft, layout: Layout): void {
  const { problem, builder, scale } = draft;
  const { demand } = problem;
  const peak = demand
    ? builder.column(demand.nanoPerW * 1e-6, demand.soFarW / 1_000, INF) // currency per kW
    : -1;
  problem.steps.forEach((step, t) => {
    const hours = hoursOf(step);
    const column = (rows: readonly (readonly number[])[], i: number): number => rows[i]?.[t] ?? 0;
    const buy = layout.buyIndex[t] ?? 0;
    const sell = layout.sellIndex[t] ?? 0;
    const soldKw = step.soldWh / hours / 1_000;
    const madeKw = problem.sources.reduce((sum, one) => sum + (one.powerW[t] ?? 0), 0) / 1_000;
    const needKw = step.loadW / 1_000 - madeKw + soldKw;
    builder.row(needKw, needKw, [
      [buy, 1],
      [sell, -1],
      ...problem.sources.map((_, i) => [column(layout.curtailIndex, i), -1] as const),
      ...problem.storages.map((_, i) => [column(layout.chargeIndex, i), -1] as const),
      ...problem.storages.map((_, i) => [column(layout.dischargeIndex, i), 1] as const),
      ...problem.switched.map(
        (load, i) => [column(layout.switchedIndex, i), -load.powerW / 1_000] as const,
      ),
      ...problem.cars.map((_, i) => [column(layout.carIndex, i), -1] as const),
    ]);
    const penalty = scale * TIER.limit * hours;
    const over = builder.column(penalty, 0, INF);
    const under = builder.column(penalty, 0, INF);
    builder.row(-step.exportLimitW / 1_000 + soldKw, step.importLimitW / 1_000 + soldKw, [
      [buy, 1],
      [sell, -1],
      [over, -1],
      [under, 1],
    ]);
    if (Number.isFinite(step.softImportW)) {
      const above = builder.column(scale * TIER.peak * hours, 0, INF);
      builder.row(-INF, step.softImportW / 1_000 + soldKw, [
        [buy, 1],
        [sell, -1],
        [above, -1],
      ]);
    }
    if (peak >= 0) {
      builder.row(-INF, soldKw - step.marginW / 1_000, [
        [buy, 1],
        [sell, -1],
        [peak, -1],
      ]);
    }
  });
}

function converterRows(draft: Draft, layout: Layout): void {
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

function promises(draft: Draft, layout: Layout): void {
  const { problem, builder, scale } = draft;
  problem.switched.forEach((load, i) => {
    for (const { fromStep, untilStep, energyWh } of load.quotas) {
      const short = builder.column(scale * TIER.quota, 0, INF);
      const terms: [number, number][] = [[short, 1]];
      for (let t = fromStep; t < untilStep; t += 1) {
        const step = problem.steps[t];
        if (step)
          terms.push([layout.switchedIndex[i]?.[t] ?? 0, (load.powerW / 1_000) * hoursOf(step)]);
      }
      builder.row(energyWh / 1_000, INF, terms);
    }
  });
  problem.cars.forEach((car, i) => {
    const short = builder.column(scale * TIER.car, 0, INF);
    const terms: [number, number][] = [[short, 1]];
    problem.steps.slice(0, car.untilStep).forEach((step, t) => {
      terms.push([layout.carIndex[i]?.[t] ?? 0, hoursOf(step)]);
    });
    builder.row(car.needWh / 1_000, INF, terms);
  });
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
