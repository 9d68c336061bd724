import type {
  OrderDraft,
  PlanParameters,
  Room,
  SiteForecast,
} from '../contracts/values/outlook.ts';
import { type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import { bids } from './consumer/bids.ts';
import type { Planned } from './planning/live.ts';
import { roomOf } from './planning/room.ts';
import type { PriceBook } from './prices.ts';
import { offers } from './producer/offers.ts';
import type { Trading } from './trading.ts';

export interface DraftInput {
  readonly planned: Planned;
  readonly forecast: SiteForecast;
  readonly parameters: PlanParameters;
  readonly nowMs: Instant;
  readonly feeNanoPerWh: number; // on bought energy
}

/** Offers and bids of a plan for the intervals that may be ordered now. */
export function draftsOf(
  trading: Trading,
  prices: PriceBook,
  { planned, forecast, parameters, nowMs, feeNanoPerWh }: DraftInput,
): OrderDraft[] {
  const { problem, outlook } = planned;
  const { sellMarginNanoPerWh, buyMarginNanoPerWh } = parameters;
  if (outlook.source !== 'optimal') return [];
  const rooms = roomOf(problem, outlook, forecast);
  const open = new Set(
    trading.open(
      rooms.map(({ fromMs }) => fromMs),
      nowMs,
    ),
  );
  // What open orders promise out of the store, or into it, is not promised again.
  let promisedWh = trading.promisedWh('sell', nowMs);
  let askedWh = trading.promisedWh('buy', nowMs);
  const drafts: OrderDraft[] = [];
  for (const room of rooms) {
    const { fromMs, durationMs } = room;
    if (!open.has(fromMs) || durationMs !== QUARTER_MS || !prices.isKnown(fromMs)) continue;
    const left: Room = {
      ...room,
      storedWh: Math.max(0, room.storedWh - promisedWh),
      freeWh: Math.max(0, room.freeWh - askedWh),
    };
    const found = [
      ...offers(left, sellMarginNanoPerWh),
      ...bids(left, feeNanoPerWh, buyMarginNanoPerWh),
    ];
    for (const draft of found) {
      drafts.push(draft);
      if (draft.fromStore && draft.side === 'sell') promisedWh += draft.energyWh;
      if (draft.fromStore && draft.side === 'buy') askedWh += draft.energyWh;
    }
  }
  return drafts;
}
