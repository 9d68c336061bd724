import type { AuctionOrder, PriceBounds } from './auction.ts';

/**
 * What a clearing claims, in the form that anyone's result can be put in. Integers as in the
 * auction.
 */
export interface Claim {
  readonly volumeWh: bigint;
  readonly priceMicroPerKwh: number | null;
  readonly fills: ReadonlyMap<string, bigint>;
}

/**
 * Judges a clearing by the rules of a uniform-price market, without clearing it: fills within their
 * orders, both sides equal, nobody beyond the own limit, nobody strictly better left out, no
 * crossing rest. Together these mean most surplus, and the largest volume with it. Owners' own
 * crossings must be netted before.
 * @returns one line for each broken rule; empty when the market is cleared
 */
export function brokenRules(
  orders: readonly AuctionOrder[],
  claim: Claim,
  bounds: PriceBounds,
): string[] {
  const broken: string[] = [];
  const sum = { buy: 0n, sell: 0n };
  const left = { buy: Number.NEGATIVE_INFINITY, sell: Number.POSITIVE_INFINITY };
  const price = claim.priceMicroPerKwh;
  const known = new Set(orders.map((order) => order.id));
  for (const id of claim.fills.keys()) {
    if (!known.has(id)) broken.push(`FILL_WITHOUT_ORDER ${id}`);
  }
  for (const order of orders) {
    const fill = claim.fills.get(order.id) ?? 0n;
    const limit = limitOf(order, bounds);
    sum[order.side] += fill;
    if (fill < 0n || fill > BigInt(order.energyWh)) broken.push(`FILL_OUTSIDE_ORDER ${order.id}`);
    const better = price === null ? 0 : order.side === 'buy' ? limit - price : price - limit;
    if (fill > 0n && better < 0) broken.push(`BEYOND_LIMIT ${order.id}`);
    if (fill < BigInt(order.energyWh)) {
      if (price !== null && better > 0) broken.push(`BETTER_ORDER_LEFT_OUT ${order.id}`);
      if (order.side === 'buy') left.buy = Math.max(left.buy, limit);
      else left.sell = Math.min(left.sell, limit);
    }
  }
  if (sum.buy !== sum.sell) broken.push(`SIDES_DIFFER ${sum.buy} ${sum.sell}`);
  if (sum.buy !== claim.volumeWh) broken.push(`VOLUME_IS_NOT_THE_FILLS ${claim.volumeWh}`);
  if (left.buy >= left.sell) broken.push(`CROSSED_REST ${left.buy} ${left.sell}`);
  if (claim.volumeWh > 0n && price === null) broken.push('VOLUME_WITHOUT_PRICE');
  if (claim.volumeWh === 0n && price !== null) broken.push('PRICE_WITHOUT_VOLUME');
  return broken;
}

/** A market order stands at the bound; a limit beyond a bound counts as at it. */
function limitOf(order: AuctionOrder, bounds: PriceBounds): number {
  const { floorMicroPerKwh: floor, capMicroPerKwh: cap } = bounds;
  const wanted = order.priceMicroPerKwh ?? (order.side === 'buy' ? cap : floor);
  return Math.min(cap, Math.max(floor, wanted));
}
