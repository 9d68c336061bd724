import type { OrderDraft, Room } from '../../contracts/values/outlook.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';

/** Of the room in the store only so much is asked for at once: several intervals may be awarded. */
const FREE_SHARE = 0.5;
const LEAST_WH = 50;

/**
 * Bids of one interval: what the plan imports anyway, below the tariff; and what the store could
 * take beyond it, at no more than that is worth. A market price below the limit leaves the site
 * better off than its tariff.
 * @param feeNanoPerWh  grid fee on bought energy, which the limit leaves room for
 * @param marginNanoPerWh  >= 0, that a price must lie below what is worth it, on advice
 */
export function bids(room: Room, feeNanoPerWh = 0, marginNanoPerWh = 0): OrderDraft[] {
  const leaveNano = feeNanoPerWh + marginNanoPerWh;
  const hours = room.durationMs / HOUR_MS;
  const mostW = Math.min(room.mostImportW, room.importLimitW);
  const shortW = Math.max(0, room.uncertainW - room.moreChargeW); // of load, where it may stay away
  const sureW = Math.max(0, Math.min(room.plannedGridW - shortW, mostW));
  const sureWh = Math.floor(sureW * hours);
  const base = { fromMs: room.fromMs, durationMs: room.durationMs, side: 'buy' as const };
  const drafts: OrderDraft[] = [];
  if (sureWh >= LEAST_WH) {
    drafts.push({
      ...base,
      energyWh: sureWh,
      priceMicroPerKwh: Math.ceil(room.importNanoPerWh - leaveNano) - 1,
      fromStore: false,
      why: 'planned import, for less than the tariff asks',
    });
  }
  const limit =
    room.takeNanoPerWh === undefined ? undefined : Math.floor(room.takeNanoPerWh - leaveNano) - 1;
  if (limit === undefined || limit <= room.exportNanoPerWh || limit >= room.importNanoPerWh) {
    return drafts;
  }
  const extraWh = Math.floor(
    Math.min(
      mostW * hours - sureWh,
      Math.max(0, room.moreChargeW - room.uncertainW) * hours,
      FREE_SHARE * room.freeWh,
    ),
  );
  if (extraWh >= LEAST_WH && room.plannedGridW >= 0) {
    drafts.push({
      ...base,
      energyWh: extraWh,
      priceMicroPerKwh: limit,
      fromStore: true,
      why: 'cheap energy for the store, for less than it saves later',
    });
  }
  return drafts;
}
