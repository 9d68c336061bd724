import type { Levels, ValueStore } from '../../../contracts/values/levels.ts';
import type { SocLevels } from '../../../contracts/values/plan.ts';
import { type PlanProblem, priceScale, type Storage, storeIndex, TIER } from '../problem.ts';
import type { ValueStep } from './value.ts';

const LEAST_WH = 1; // a band without room holds nothing that could be worth anything

/** Stores of their own: a further port of another one adds nothing. */
export const ownStores = (problem: PlanProblem): readonly Storage[] =>
  problem.storages.filter((_, s) => storeIndex(problem, s) === s);

/** All stores of a site as one; undefined where there is none to lead. */
export function poolOf(problem: PlanProblem): ValueStore | undefined {
  const stores = ownStores(problem);
  const sum = (of: (one: Storage) => number): number =>
    stores.reduce((total, one) => total + of(one), 0);
  const usableWh = sum((one) => one.usableWh);
  const mean = (of: (one: Storage) => number): number =>
    sum((one) => of(one) * one.usableWh) / usableWh;
  const minWh = sum((one) => one.minWh);
  const maxWh = sum((one) => one.maxWh);
  const chargeMaxW = throughConverters(problem, stores, 'chargeMaxW');
  const dischargeMaxW = throughConverters(problem, stores, 'dischargeMaxW');
  if (!(maxWh - minWh > LEAST_WH) || chargeMaxW + dischargeMaxW <= 0) return undefined;
  return {
    minWh,
    maxWh,
    chargeMaxW,
    dischargeMaxW,
    chargeShare: mean((one) => one.chargeShare),
    dischargeShare: mean((one) => one.dischargeShare),
    wearNanoPerWh: mean((one) => one.wearNanoPerWh),
    mayChargeFromGrid: stores.some((one) => one.mayChargeFromGrid !== false),
    mayExport:
      problem.exportOnlyFromSources !== true && stores.some((one) => one.mayExport !== false),
  };
}

/** What the pool is to hold after a step, where some store has a goal then, or is to end full. */
export function goalOf(problem: PlanProblem, atStep: number): ValueStep['goal'] {
  let isAny = false;
  let leastWh = 0;
  let missedNanoPerWh = 0;
  for (const store of ownStores(problem)) {
    const isEnd = atStep === problem.steps.length - 1;
    const full = { minWh: store.maxWh, missedNanoPerWh: store.endNanoPerWh };
    const own = store.goals?.find((one) => one.atStep === atStep);
    const goal = isEnd && store.isFilling === true ? full : own;
    leastWh += Math.max(store.minWh, Math.min(store.maxWh, goal?.minWh ?? store.minWh));
    if (goal === undefined) continue;
    isAny = true;
    const lateNano = goal.missedNanoPerWh ?? TIER.car * priceScale(problem);
    missedNanoPerWh = Math.max(missedNanoPerWh, lateNano);
  }
  return isAny ? { leastWh, missedNanoPerWh } : undefined;
}

/** Power of all, as far as what stands before them lets it through. */
function throughConverters(
  { converters, sources }: PlanProblem,
  stores: readonly Storage[],
  of: 'chargeMaxW' | 'dischargeMaxW',
): number {
  const byConverter = new Map<string | undefined, number>();
  for (const one of stores) {
    byConverter.set(one.converter, (byConverter.get(one.converter) ?? 0) + one[of]);
  }
  let sumW = 0;
  for (const [id, powerW] of byConverter) {
    const converter = converters.find((one) => one.id === id);
    // Its own sun reaches a store without passing the converter.
    const isFree = of === 'chargeMaxW' && sources.some((one) => one.converter === id);
    const mostW = of === 'chargeMaxW' ? converter?.outOfW : converter?.intoW;
    sumW += isFree ? powerW : Math.min(powerW, mostW ?? powerW);
  }
  return sumW;
}

/**
 * Levels of the pool as those of one store: all stand at the same share of their bands.
 * @param isByNeed  whether the step's need will change them
 */
export function socLevels(
  levels: Levels,
  worthNanoPerWh: number,
  pool: ValueStore,
  one: Storage,
  isByNeed: boolean,
): SocLevels {
  const pct = (wh: number): number => {
    const share = (wh - pool.minWh) / (pool.maxWh - pool.minWh);
    const ownWh = one.minWh + share * (one.maxWh - one.minWh);
    return Math.round((10_000 * ownWh) / one.usableWh) / 100;
  };
  return {
    leastPct: pct(pool.minWh),
    buyToPct: pct(levels.buyToWh),
    storeToPct: pct(levels.storeToWh),
    coverToPct: pct(levels.coverToWh),
    sellToPct: pct(levels.sellToWh),
    ...(isByNeed && { mostPct: pct(pool.maxWh) }),
    worthNanoPerWh: Math.round(worthNanoPerWh),
  };
}

/** And back: levels of some stores, in percent of each, as those of the pool. */
export function pooledLevels(
  stores: readonly Storage[],
  of: Readonly<Record<string, SocLevels>>,
): (Levels & { readonly leastWh: number }) | undefined {
  if (stores.some(({ terminal }) => of[terminal] === undefined)) return undefined;
  const sum = (pct: (levels: SocLevels) => number): number =>
    stores.reduce((total, one) => {
      const levels = of[one.terminal];
      return levels === undefined ? total : total + (pct(levels) * one.usableWh) / 100;
    }, 0);
  return {
    leastWh: sum(({ leastPct }) => leastPct),
    buyToWh: sum(({ buyToPct }) => buyToPct),
    storeToWh: sum(({ storeToPct }) => storeToPct),
    coverToWh: sum(({ coverToPct }) => coverToPct),
    sellToWh: sum(({ sellToPct }) => sellToPct),
  };
}
