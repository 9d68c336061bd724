import type { AuctionOrder } from './auction.ts';

/** Why an order is not taken. The sender gets the code; the book does not change. */
export type RejectCode =
  | 'INVALID_ORDER' // not an object
  | 'INVALID_ID'
  | 'INVALID_OWNER'
  | 'INVALID_SIDE'
  | 'INVALID_QUANTITY' // not a whole number of Wh above zero
  | 'QUANTITY_OVERFLOW' // above what is counted exactly
  | 'INVALID_PRICE' // neither a whole number of micro-currency per kWh nor null (market order)
  | 'PRICE_OVERFLOW'
  | 'UNKNOWN_FIELD' // an order is a command: what is not understood is refused
  | 'DUPLICATE_ID_DIFFERENT' // the first one with this id stands
  | 'INTERVAL_UNKNOWN' // no delivery interval of the zone starts there, or it is too far ahead
  | 'INTERVAL_CLOSED'
  | 'ABOVE_LIMIT' // more than connection or envelope can carry in the interval
  | 'WRONG_ZONE';

export interface Rejection {
  readonly orderId: string;
  readonly code: RejectCode;
}

const FIELDS = new Set(['id', 'owner', 'side', 'energyWh', 'priceMicroPerKwh']);
const TEXT_MAX = 256;

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_MAX;

function quantityCode(value: unknown): RejectCode | undefined {
  if (typeof value !== 'number' || !(value > 0)) return 'INVALID_QUANTITY';
  if (value > Number.MAX_SAFE_INTEGER) return 'QUANTITY_OVERFLOW';
  return Number.isInteger(value) ? undefined : 'INVALID_QUANTITY';
}

function priceCode(value: unknown): RejectCode | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'number' || Number.isNaN(value)) return 'INVALID_PRICE';
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'PRICE_OVERFLOW';
  return Number.isInteger(value) ? undefined : 'INVALID_PRICE';
}

/** Checks one order on its own. @param value anything, as it came in */
export function readOrder(value: unknown): AuctionOrder | RejectCode {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'INVALID_ORDER';
  const order = value as Record<string, unknown>;
  const { id, owner, side, energyWh, priceMicroPerKwh } = order;
  if (!isText(id)) return 'INVALID_ID';
  if (!isText(owner)) return 'INVALID_OWNER';
  if (side !== 'buy' && side !== 'sell') return 'INVALID_SIDE';
  const code = quantityCode(energyWh) ?? priceCode(priceMicroPerKwh);
  if (code !== undefined) return code;
  if (Object.keys(order).some((key) => !FIELDS.has(key))) return 'UNKNOWN_FIELD';
  return {
    id,
    owner,
    side,
    energyWh: energyWh as number,
    priceMicroPerKwh: priceMicroPerKwh as number | null,
  };
}

/** Same content is the same order sent again; anything else under its id is another order. */
export function isSameOrder(a: AuctionOrder, b: AuctionOrder): boolean {
  return (
    a.owner === b.owner &&
    a.side === b.side &&
    a.energyWh === b.energyWh &&
    a.priceMicroPerKwh === b.priceMicroPerKwh
  );
}

/**
 * Takes the good orders of a list and names the others. The first order with an id stands; a
 * repetition has no effect. An order without a usable id is named by its place.
 */
export function readOrders(values: readonly unknown[]): {
  readonly orders: readonly AuctionOrder[];
  readonly rejected: readonly Rejection[];
} {
  const book = new Map<string, AuctionOrder>();
  const rejected: Rejection[] = [];
  values.forEach((value, at) => {
    const order = readOrder(value);
    if (typeof order === 'string') {
      rejected.push({ orderId: nameOf(value, at), code: order });
      return;
    }
    const known = book.get(order.id);
    if (known === undefined) book.set(order.id, order);
    else if (!isSameOrder(known, order)) {
      rejected.push({ orderId: order.id, code: 'DUPLICATE_ID_DIFFERENT' });
    }
  });
  return { orders: [...book.values()], rejected };
}

function nameOf(value: unknown, at: number): string {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return isText(id) ? id : `orders[${at}]`;
}
