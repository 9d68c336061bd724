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

/**
 * Energy that a store gives (+) or takes (-) at the ac side in a step, Wh, under its levels.
 * @param needWh  of the site without the store, + deficit, - surplus
 * @param mostImportWh  what the connection may take in the step; the store gives what is above
 */
export function answerOf(
  { buyToWh, storeToWh, coverToWh, sellToWh }: Levels,
  needWh: number,
  nowWh: number,
  store: ValueStore,
  hours: number,
  mostImportWh = Number.POSITIVE_INFINITY,
): number {
  const { chargeShare, dischargeShare } = store;
  const coversWh = Math.max(0, Math.min(needWh, (nowWh - coverToWh) * dischargeShare));
  const storesWh = Math.max(0, Math.min(-needWh, (storeToWh - nowWh) / chargeShare));
  const buysWh = Math.max(0, (buyToWh - nowWh) / chargeShare);
  const sellsWh = Math.max(0, (nowWh - sellToWh) * dischargeShare);
  let givesWh = coversWh - storesWh;
  if (buysWh > 0 && buysWh > storesWh) givesWh = -buysWh;
  else if (sellsWh > 0 && sellsWh > coversWh) givesWh = sellsWh;
  givesWh = Math.max(givesWh, needWh - mostImportWh);
  const mostWh = Math.min(
    store.dischargeMaxW * hours,
    Math.max(0, nowWh - store.minWh) * dischargeShare,
  );
  const leastWh = -Math.min(
    store.chargeMaxW * hours,
    Math.max(0, store.maxWh - nowWh) / chargeShare,
  );
  return Math.min(mostWh, Math.max(leastWh, givesWh));
}
