/**
 * Levels of stored energy, and what a store does under them, whatever the meter shows: the same
 * arithmetic in the plan, in the guard and over recordings.
 */

/** A store as the value of its energy is worked out; powers W >= 0 at the ac side. */
export interface ValueStore {
  readonly minWh: number;
  readonly maxWh: number;
  readonly chargeMaxW: number;
  readonly dischargeMaxW: number;
  readonly chargeShare: number; // 0..1, of what is taken, reaches the store
  readonly dischargeShare: number;
  readonly wearNanoPerWh: number; // per Wh into or out of the store
  readonly mayChargeFromGrid?: boolean; // false: filled by a surplus alone
  readonly mayExport?: boolean; // false: nothing of it is sold
}

/** What the connection may carry in a step, Wh >= 0: what the store takes on it. */
export interface Bounds {
  readonly mostImportWh?: number | undefined; // the store gives what is above
  readonly mostExportWh?: number | undefined; // and takes what is above
}

/**
 * What a store is to do in a step, whatever the meter shows: four levels of its energy, Wh. Bought
 * for up to the first, filled by a surplus up to the second, used for the site's need down to the
 * third, sold down to the fourth. buyTo <= storeTo, coverTo <= sellTo, buyTo <= coverTo.
 */
export interface Levels {
  readonly buyToWh: number;
  readonly storeToWh: number;
  readonly coverToWh: number;
  readonly sellToWh: number;
}

/** Where the highest import is paid: what a store keeps, and where it lets the import rise. */
export interface KeptImport {
  /** Mean import of the demand window that the store keeps, W; absent = any. */
  readonly mostImportW?: number;
  /** Instead of it, by rising need of the site; absent = none. */
  readonly rises?: readonly ImportRise[];
}

export interface ImportRise {
  readonly aboveW: number; // mean need in the window without the store, from which on it counts
  readonly mostImportW: number;
}

/**
 * Import that a store keeps once a need shows, W: a little above the highest import so far it
 * gives, far above it the peak may rise and the energy stay for what may follow.
 * @param needW  of the site without the store, mean of the window; NaN = not known: the least
 */
export function keptImportW({ mostImportW, rises = [] }: KeptImport, needW: number): number {
  let keptW = mostImportW ?? Number.POSITIVE_INFINITY;
  for (const rise of rises) if (needW > rise.aboveW) keptW = rise.mostImportW;
  return keptW;
}

/**
 * Levels once a need shows, by rising need: what it says of the sky says what stored energy will be
 * worth. In percent of the band that the plan has of a store, so that one table serves several.
 */
export interface NeedLevels {
  readonly needW: readonly number[]; // of the site without its stores, mean of the step, + deficit
  readonly buyToPct: readonly number[];
  readonly storeToPct: readonly number[];
  readonly coverToPct: readonly number[];
  readonly sellToPct: readonly number[];
}

/** What the running step has shown of the site's need. */
export interface SeenNeed {
  readonly needW: number; // mean so far, + deficit; NaN = not known
  readonly share: number; // 0..1 of the step
}

/**
 * Levels by what the running step has shown so far: at its begin those that the plan has without
 * knowing, at its end those of its mean need.
 */
export function levelsSeen(
  levels: Levels,
  byNeed: NeedLevels | undefined,
  { needW, share }: SeenNeed,
  { minWh, maxWh }: Pick<ValueStore, 'minWh' | 'maxWh'>,
): Levels {
  if (byNeed === undefined || byNeed.needW.length === 0 || !(share > 0)) return levels;
  if (!Number.isFinite(needW)) return levels;
  const at = placeOf(byNeed.needW, needW);
  const weight = Math.min(1, share);
  const seen = (priorWh: number, pct: readonly number[]): number => {
    const low = Math.floor(at);
    const lowPct = pct[low] ?? 0;
    const foundPct = lowPct + (at - low) * ((pct[low + 1] ?? lowPct) - lowPct);
    return priorWh + weight * (minWh + (foundPct / 100) * (maxWh - minWh) - priorWh);
  };
  return {
    buyToWh: seen(levels.buyToWh, byNeed.buyToPct),
    storeToWh: seen(levels.storeToWh, byNeed.storeToPct),
    coverToWh: seen(levels.coverToWh, byNeed.coverToPct),
    sellToWh: seen(levels.sellToWh, byNeed.sellToPct),
  };
}

/** Where a value lies among rising ones, as an index with its fraction; at most at their ends. */
function placeOf(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length - 1;
  if (!(value > (values[low] ?? value))) return low;
  if (!(value < (values[high] ?? value))) return high;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? value) <= value) low = middle;
    else high = middle;
  }
  const fromW = values[low] ?? value;
  const stepW = (values[high] ?? value) - fromW;
  return stepW > 0 ? low + (value - fromW) / stepW : low;
}

/** What a store may do in a step from one energy under its levels, Wh >= 0 at the ac side. */
export interface Reach {
  readonly coversWh: number; // of a need
  readonly storesWh: number; // of a surplus
  readonly buysWh: number; // whatever the meter shows
  readonly sellsWh: number;
  readonly givesMostWh: number; // its power, and what it holds
  readonly takesMostWh: number; // its power, and its room
}

export function reachOf(
  { buyToWh, storeToWh, coverToWh, sellToWh }: Levels,
  nowWh: number,
  store: ValueStore,
  hours: number,
): Reach {
  const { chargeShare, dischargeShare } = store;
  return {
    coversWh: Math.max(0, (nowWh - coverToWh) * dischargeShare),
    storesWh: Math.max(0, (storeToWh - nowWh) / chargeShare),
    buysWh: Math.max(0, (buyToWh - nowWh) / chargeShare),
    sellsWh: Math.max(0, (nowWh - sellToWh) * dischargeShare),
    givesMostWh: Math.min(
      store.dischargeMaxW * hours,
      Math.max(0, nowWh - store.minWh) * dischargeShare,
    ),
    takesMostWh: Math.min(store.chargeMaxW * hours, Math.max(0, store.maxWh - nowWh) / chargeShare),
  };
}

/**
 * Energy that a store gives (+) or takes (-) at the ac side in a step, Wh.
 * @param needWh  of the site without the store, + deficit, - surplus
 */
export function givesOf(
  { coversWh, storesWh, buysWh, sellsWh, givesMostWh, takesMostWh }: Reach,
  needWh: number,
  { mostImportWh = Number.POSITIVE_INFINITY, mostExportWh = Number.POSITIVE_INFINITY }: Bounds,
): number {
  const takenWh = needWh < 0 ? Math.min(-needWh, storesWh) : 0;
  const coveredWh = needWh > 0 ? Math.min(needWh, coversWh) : 0;
  let givesWh = coveredWh - takenWh;
  if (buysWh > takenWh) givesWh = -buysWh;
  else if (sellsWh > coveredWh) givesWh = sellsWh;
  if (givesWh > needWh + mostExportWh) givesWh = needWh + mostExportWh;
  if (givesWh < needWh - mostImportWh) givesWh = needWh - mostImportWh;
  if (givesWh > givesMostWh) return givesMostWh;
  return givesWh < -takesMostWh ? -takesMostWh : givesWh;
}

/** The same, from the energy that is stored now. */
export function answerOf(
  levels: Levels,
  needWh: number,
  nowWh: number,
  store: ValueStore,
  hours: number,
  bounds: Bounds = {},
): number {
  return givesOf(reachOf(levels, nowWh, store, hours), needWh, bounds);
}

const NEAR_WH = 1;

/** What a store is doing, for people. */
export type StoreAct = 'buy' | 'store' | 'cover' | 'sell' | 'peak' | 'rest';

/**
 * Which of its levels an answer comes from.
 * @param freeWh  what it would give if the import had no cap
 */
export function actOf(givesWh: number, needWh: number, freeWh: number): StoreAct {
  if (Math.abs(givesWh) < NEAR_WH) return 'rest';
  if (givesWh < 0) return needWh + NEAR_WH < 0 && -givesWh <= -needWh + NEAR_WH ? 'store' : 'buy';
  if (givesWh > freeWh + NEAR_WH) return 'peak';
  return givesWh <= needWh + NEAR_WH ? 'cover' : 'sell';
}
