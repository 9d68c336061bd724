/** A store as the value of its energy is worked out; powers W >= 0 at the ac side. */
export interface ValueStore {
  readonly minWh: number;
  readonly maxWh: number;
  readonly chargeMaxW: number;
  readonly dischargeMaxW: number;
  readonly chargeShare: number; // 0..1, of what is taken, reaches the store
  readonly dischargeShare: number;
  readonly wearNanoPerWh: number; // per Wh into or out of the store
}

/** Prices of a step, nano-currency per Wh; what is sold never earns more than what is bought. */
export interface StepPrices {
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
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

/**
 * Levels that follow from the worth of the next Wh: each lies where storing, or giving, stops to
 * pay. The worth falls as the store fills, so a search by halves finds them.
 * @param worth  of the next Wh at each rung of the ladder minWh..maxWh, falling, nano per Wh
 */
export function levelsOf(
  worth: (rung: number) => number,
  rungs: number,
  store: ValueStore,
  { importNanoPerWh, exportNanoPerWh }: StepPrices,
): Levels {
  const { minWh, maxWh, chargeShare, dischargeShare, wearNanoPerWh } = store;
  const level = (leastNano: number): number => {
    let low = 0;
    let high = rungs;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (worth(middle) > leastNano) low = middle + 1;
      else high = middle;
    }
    return minWh + (low * (maxWh - minWh)) / rungs;
  };
  const soldNano = Math.min(exportNanoPerWh, importNanoPerWh);
  return {
    buyToWh: level(importNanoPerWh / chargeShare + wearNanoPerWh),
    storeToWh: level(soldNano / chargeShare + wearNanoPerWh),
    coverToWh: level(importNanoPerWh * dischargeShare - wearNanoPerWh),
    sellToWh: level(soldNano * dischargeShare - wearNanoPerWh),
  };
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
 * @param mostImportWh  what the connection may take in the step; the store gives what is above
 */
export function givesOf(
  { coversWh, storesWh, buysWh, sellsWh, givesMostWh, takesMostWh }: Reach,
  needWh: number,
  mostImportWh: number,
): number {
  const takenWh = needWh < 0 ? Math.min(-needWh, storesWh) : 0;
  const coveredWh = needWh > 0 ? Math.min(needWh, coversWh) : 0;
  let givesWh = coveredWh - takenWh;
  if (buysWh > takenWh) givesWh = -buysWh;
  else if (sellsWh > coveredWh) givesWh = sellsWh;
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
  mostImportWh = Number.POSITIVE_INFINITY,
): number {
  return givesOf(reachOf(levels, nowWh, store, hours), needWh, mostImportWh);
}
