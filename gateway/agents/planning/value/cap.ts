import type { ValueStore } from '../../../contracts/values/levels.ts';

const HALVINGS = 30;

/**
 * Lowest import that a store, full at first and doing nothing else, could have kept over needs as
 * they came, W: what may be aimed at where the highest import costs.
 * @param needsWh  of the site by step, + deficit; NaN = not known, and nothing happens
 */
export function lowestCapW(needsWh: readonly number[], hours: number, store: ValueStore): number {
  let lowW = 0;
  let highW = needsWh.reduce((mostW, needWh) => Math.max(mostW, (needWh || 0) / hours), 0);
  for (let n = 0; n < HALVINGS; n += 1) {
    const middleW = (lowW + highW) / 2;
    if (isKept(middleW * hours, needsWh, hours, store)) highW = middleW;
    else lowW = middleW;
  }
  return highW;
}

function isKept(
  mostWh: number,
  needsWh: readonly number[],
  hours: number,
  store: ValueStore,
): boolean {
  const { minWh, maxWh, chargeShare, dischargeShare } = store;
  let nowWh = maxWh;
  for (const needWh of needsWh) {
    if (Number.isNaN(needWh)) continue;
    const roomWh = mostWh - needWh;
    if (roomWh >= 0) {
      nowWh = Math.min(maxWh, nowWh + Math.min(roomWh, store.chargeMaxW * hours) * chargeShare);
    } else {
      nowWh += roomWh / dischargeShare;
      if (-roomWh > store.dischargeMaxW * hours || nowWh < minWh) return false;
    }
  }
  return true;
}
