import { breachKey } from './breaches.ts';
import { type FlowColumn, flowColumn, hullOf, type Side } from './curves.ts';
import { type Draft, type FlowWay, INF } from './draft.ts';
import { hoursOf, owedTier, type Storage, storeIndex, TIER } from './problem.ts';

interface Port {
  readonly charge: FlowColumn[]; // by step
  readonly discharge: FlowColumn[];
}

/** Columns and rows of all storages: flows of each, levels of each store, goals and owed charge. */
export function storageColumns(draft: Draft): {
  readonly chargeIndex: number[][];
  readonly dischargeIndex: number[][];
  readonly socIndex: number[][];
  readonly socRow: number[][];
} {
  const { problem } = draft;
  const ports = problem.storages.map((store, s) => portColumns(draft, store, s));
  const levels = problem.storages.map((store, s) => {
    if (storeIndex(problem, s) !== s) return { soc: [], rows: [] };
    const own = ports.filter((_, i) => storeIndex(problem, i) === s);
    const found = levelColumns(draft, store, own);
    goalRows(draft, store, found.soc);
    return found;
  });
  const level = (s: number) => levels[storeIndex(problem, s)] ?? { soc: [], rows: [] };
  return {
    chargeIndex: ports.map(({ charge }) => charge.map(({ column }) => column)),
    dischargeIndex: ports.map(({ discharge }) => discharge.map(({ column }) => column)),
    socIndex: problem.storages.map((_, s) => level(s).soc),
    socRow: problem.storages.map((_, s) => level(s).rows),
  };
}

function portColumns(draft: Draft, store: Storage, s: number): Port {
  const { problem, fixed, whole, builder, scale } = draft;
  const { chargeCurve, dischargeCurve, chargeShare, dischargeShare } = store;
  const chargeLines = chargeCurve ? hullOf(chargeCurve, store.chargeMaxW, 'charge') : [];
  const dischargeLines = dischargeCurve
    ? hullOf(dischargeCurve, store.dischargeMaxW, 'discharge')
    : [];
  const port: Port = { charge: [], discharge: [] };
  problem.steps.forEach((step, t) => {
    const hours = hoursOf(step);
    const wear = store.wearNanoPerWh * 1e-6 * hours;
    // Of equal plans the one that takes a surplus early: a forecast may fail later.
    const early = (1e-5 * scale * hours * t) / problem.steps.length;
    const has = (set: ReadonlySet<string> | undefined): boolean => set?.has(`${s}:${t}`) === true;
    const isExact = whole.apart.has(breachKey({ kind: 'curve', atStep: t, s }));
    const way = (side: Side): FlowWay =>
      isExact ? 'exact' : (fixed.ways?.[s]?.[side][t] ?? 'hull');
    const mostKw = has(fixed.noCharge) ? 0 : store.chargeMaxW / 1_000;
    const leastKw = has(fixed.leastCharge) ? Math.min(mostKw, (store.chargeMinW ?? 0) / 1_000) : 0;
    const charge = {
      curve: chargeCurve,
      lines: chargeLines,
      share: chargeShare,
      costPerKw: early,
      wearPerKw: wear,
    };
    port.charge.push(flowColumn(builder, { ...charge, leastKw, mostKw, way: way('charge') }));
    const outKw = has(fixed.noDischarge) ? 0 : store.dischargeMaxW / 1_000;
    const discharge = { curve: dischargeCurve, lines: dischargeLines, share: 1 / dischargeShare };
    port.discharge.push(
      flowColumn(builder, {
        ...{ ...discharge, costPerKw: 0, wearPerKw: wear, leastKw: 0, mostKw: outKw },
        way: way('discharge'),
      }),
    );
  });
  return port;
}

function levelColumns(
  { problem, builder, scale }: Draft,
  store: Storage,
  own: readonly Port[], // all that work on this store
): { readonly soc: number[]; readonly rows: number[] } {
  const soc: number[] = [];
  const rows: number[] = [];
  const isOutside = store.nowWh < store.minWh || store.nowWh > store.maxWh;
  const low = Math.min(store.minWh, store.nowWh) / 1_000;
  const high = Math.max(store.maxWh, store.nowWh) / 1_000;
  problem.steps.forEach((step, t) => {
    const hours = hoursOf(step);
    const isLast = t === problem.steps.length - 1;
    const level = builder.column(isLast ? -store.endNanoPerWh * 1e-6 : 0, low, high);
    const terms: [number, number][] = [[level, 1]];
    for (const port of own) {
      for (const [column, ratio] of port.charge[t]?.terms ?? [])
        terms.push([column, -hours * ratio]);
      for (const [column, ratio] of port.discharge[t]?.terms ?? []) {
        terms.push([column, hours * ratio]);
      }
    }
    const before = soc[t - 1];
    if (before !== undefined) terms.push([before, -1]);
    const offsetKw = own.reduce(
      (sum, { charge, discharge }) =>
        sum + (charge[t]?.offsetKw ?? 0) - (discharge[t]?.offsetKw ?? 0),
      0,
    );
    const startKwh = (before === undefined ? store.nowWh / 1_000 : 0) + hours * offsetKw;
    rows.push(builder.row(startKwh, startKwh, terms));
    if (isOutside) {
      const penalty = scale * TIER.band * hours;
      const under = builder.column(penalty, 0, INF);
      const over = builder.column(penalty, 0, INF);
      builder.row(store.minWh / 1_000, INF, [
        [level, 1],
        [under, 1],
      ]);
      builder.row(-INF, store.maxWh / 1_000, [
        [level, 1],
        [over, -1],
      ]);
    }
    soc.push(level);
  });
  return { soc, rows };
}

function goalRows({ builder, scale }: Draft, store: Storage, soc: readonly number[]): void {
  for (const { atStep, minWh, maxWh, missedNanoPerWh } of store.goals ?? []) {
    const level = soc[atStep];
    if (level === undefined) continue;
    const penalty = missedNanoPerWh === undefined ? scale * TIER.car : missedNanoPerWh * 1e-6;
    builder.row(minWh / 1_000, INF, [
      [level, 1],
      [builder.column(penalty, 0, INF), 1],
    ]);
    if (maxWh === INF) continue;
    builder.row(-INF, maxWh / 1_000, [
      [level, 1],
      [builder.column(penalty, 0, INF), -1],
    ]);
  }
}

/** What a storage is able to take of an owed charge in a step, Wh at the terminal. */
export const owedOf = (store: Storage, t: number, hours: number): number =>
  Math.min(store.owedWh?.[t] ?? 0, store.chargeMaxW * hours);

/**
 * Least powers and owed charge. A charge below the minimum is allowed where it fills the store
 * under an owed charge; nothing is owed once it is full.
 */
export function chargeRows(
  draft: Draft,
  chargeIndex: readonly (readonly number[])[],
  socIndex: readonly (readonly number[])[],
): void {
  const { problem, whole, builder, scale } = draft;
  problem.storages.forEach((store, s) => {
    const root = problem.storages[storeIndex(problem, s)] ?? store;
    const lowKwh = Math.min(root.minWh, root.nowWh) / 1_000;
    const leastKw = (store.chargeMinW ?? 0) / 1_000;
    problem.steps.forEach((step, t) => {
      const charge = chargeIndex[s]?.[t] ?? 0;
      const owedKwh = owedOf(store, t, hoursOf(step)) / 1_000;
      let full = -1;
      if (owedKwh > 0) {
        full = builder.column(0, 0, 1, whole.loads);
        builder.row(lowKwh, INF, [
          [socIndex[s]?.[t] ?? 0, 1],
          [full, lowKwh - root.maxWh / 1_000],
        ]);
        builder.row(owedKwh, INF, [
          [builder.column(scale * owedTier(problem, t), 0, INF), 1],
          [charge, hoursOf(step)],
          [full, owedKwh],
        ]);
      }
      if (!whole.loads || leastKw <= 0) return;
      const on = builder.column(0, 0, 1, true);
      builder.row(-INF, 0, [
        [charge, 1],
        [on, -store.chargeMaxW / 1_000],
      ]);
      const least: [number, number][] = [
        [charge, 1],
        [on, -leastKw],
      ];
      if (full >= 0) least.push([full, leastKw]);
      builder.row(0, INF, least);
    });
  });
}
