import type { OrderDraft, Room } from '../../contracts/values/outlook.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';

/**
 * Of the energy that is stored beyond the plan only so much is promised at once: several intervals
 * may be awarded.
 */
const STORED_SHARE = 0.5;
const LEAST_WH = 50;

/**
 * Offers of one interval: what the plan exports anyway, at the tariff or better; and what the
 * battery could give beyond it, at no less than its worth. A market price above the limit leaves
 * the site better off than its tariff.
 * @param marginNanoPerWh  >= 0, that a price must lie beyond what is worth it, on advice
 */
export function offers(room: Room, marginNanoPerWh = 0): OrderDraft[] {
  const hours = room.durationMs / HOUR_MS;
  const mostW = Math.min(room.mostExportW, room.exportLimitW);
  // What the battery cannot make good.
  const shortW = Math.max(0, room.uncertainW - room.moreDischargeW);
  const sureW = Math.max(0, Math.min(-room.plannedGridW - shortW, mostW));
  const sureWh = Math.floor(sureW * hours);
  const base = { fromMs: room.fromMs, durationMs: room.durationMs, side: 'sell' as const };
  const drafts: OrderDraft[] = [];
  if (sureWh >= LEAST_WH) {
    drafts.push({
      ...base,
      energyWh: sureWh,
      priceMicroPerKwh: Math.floor(room.exportNanoPerWh + marginNanoPerWh) + 1,
      fromStore: false,
      why: 'planned export, for more than the tariff pays',
    });
  }
  const limit =
    room.giveNanoPerWh === undefined
      ? undefined
      : Math.ceil(room.giveNanoPerWh + marginNanoPerWh) + 1;
  if (limit === undefined || limit >= room.importNanoPerWh || limit <= room.exportNanoPerWh) {
    return drafts;
  }
  const extraWh = Math.floor(
    Math.min(
      mostW * hours - sureWh,
      Math.max(0, room.moreDischargeW - room.uncertainW) * hours,
      STORED_SHARE * room.storedWh,
    ),
  );
  if (extraWh >= LEAST_WH && room.plannedGridW <= 0) {
    drafts.push({
      ...base,
      energyWh: extraWh,
      priceMicroPerKwh: limit,
      fromStore: true,
      why: 'stored energy, for more than it is worth later',
    });
  }
  return drafts;
}
