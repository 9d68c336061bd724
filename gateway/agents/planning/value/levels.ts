import type { Levels, ValueStore } from '../../../contracts/values/levels.ts';

/** Prices of a step, nano-currency per Wh. */
export interface StepPrices {
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
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
  const { mayChargeFromGrid = true, mayExport = true } = store;
  const buyToWh = mayChargeFromGrid ? level(importNanoPerWh / chargeShare + wearNanoPerWh) : minWh;
  return {
    buyToWh,
    // Where selling pays more than buying, a surplus is kept for what its sale would pay, or where
    // even bought energy would be kept.
    storeToWh: Math.max(buyToWh, level(exportNanoPerWh / chargeShare + wearNanoPerWh)),
    coverToWh: level(importNanoPerWh * dischargeShare - wearNanoPerWh),
    sellToWh: mayExport ? level(soldNano * dischargeShare - wearNanoPerWh) : maxWh,
  };
}
