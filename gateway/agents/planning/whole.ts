import { columnAt, type Draft, exchange, INF, type Layout } from './draft.ts';
import type { SwitchedLoad } from './problem.ts';

/** Binary columns and the rows that tie flows to them, where the draft asks for whole decisions. */
export function wholeRows(draft: Draft, layout: Layout): void {
  const { problem, whole } = draft;
  if (whole.loads) {
    problem.switched.forEach((load, i) => {
      runRows(draft, load, layout.switchedIndex[i] ?? []);
    });
    carRows(draft, layout);
  }
  for (const key of whole.apart) apartRows(draft, layout, key);
}

/** Least lengths of runs and rests: a start keeps the load on, a stop keeps it off. */
function runRows({ builder }: Draft, load: SwitchedLoad, on: readonly number[]): void {
  if (load.minRunSteps <= 1 && load.minRestSteps <= 1) return;
  const starts: number[] = [];
  const stops: number[] = [];
  on.forEach((now, t) => {
    const before = on[t - 1];
    const start = builder.column(0, 0, 1);
    const stop = builder.column(0, 0, 1);
    starts.push(start);
    stops.push(stop);
    // start - stop = on now - on before; it was off before the first step.
    builder.row(0, 0, [
      [now, 1],
      ...(before === undefined ? [] : [[before, -1] as const]),
      [start, -1],
      [stop, 1],
    ]);
    const run = starts.slice(Math.max(0, t - load.minRunSteps + 1));
    builder.row(-INF, 0, [...run.map((column) => [column, 1] as const), [now, -1]]);
    const rest = stops.slice(Math.max(0, t - load.minRestSteps + 1));
    builder.row(-INF, 1, [...rest.map((column) => [column, 1] as const), [now, 1]]);
  });
}

function carRows({ problem, builder }: Draft, layout: Layout): void {
  problem.cars.forEach((car, i) => {
    if (car.minW <= 0) return;
    for (let t = 0; t < Math.min(car.untilStep, problem.steps.length); t += 1) {
      const on = builder.column(0, 0, 1, true);
      const power = columnAt(layout.carIndex, i, t);
      builder.row(-INF, 0, [
        [power, 1],
        [on, -car.maxW / 1_000],
      ]);
      builder.row(0, INF, [
        [power, 1],
        [on, -car.minW / 1_000],
      ]);
    }
  });
}

/** Keeps two flows of a step apart, by the key of the breach that they were (breaches.ts). */
function apartRows(draft: Draft, layout: Layout, key: string): void {
  const { problem, builder, mostKw } = draft;
  const [kind, atStep, ofStorage] = key.split(':');
  const t = Number(atStep);
  const s = Number(ofStorage);
  const store = problem.storages[s];
  const { terms, soldKw } = exchange(draft, layout, t);
  const charge: Flow = {
    terms: [[columnAt(layout.chargeIndex, s, t), 1]],
    mostKw: (store?.chargeMaxW ?? 0) / 1_000,
    beyondKw: 0,
  };
  const discharge: Flow = {
    terms: [[columnAt(layout.dischargeIndex, s, t), 1]],
    mostKw: (store?.dischargeMaxW ?? 0) / 1_000,
    beyondKw: 0,
  };
  const net = (sign: 1 | -1): Flow => ({
    terms: terms.map(([column, value]) => [column, sign * value] as const),
    mostKw,
    beyondKw: sign * soldKw,
  });
  const one = (column: number): Flow => ({ terms: [[column, 1]], mostKw, beyondKw: 0 });
  const pairs: Readonly<Record<string, readonly [Flow, Flow]>> = {
    trade: [one(layout.buyIndex[t] ?? 0), one(layout.sellIndex[t] ?? 0)],
    flow: [charge, discharge],
    import: [net(1), charge],
    export: [net(-1), discharge],
  };
  const pair = pairs[kind ?? ''];
  if (pair === undefined) return;
  const [first, second] = pair;
  const which = builder.column(0, 0, 1, true);
  builder.row(-INF, first.beyondKw, [...first.terms, [which, -first.mostKw]]);
  builder.row(-INF, second.mostKw, [...second.terms, [which, second.mostKw]]);
}

interface Flow {
  readonly terms: readonly (readonly [number, number])[];
  readonly mostKw: number;
  readonly beyondKw: number; // what it may be while it is barred
}
