import type { Hash } from '../../gateway/ports.ts';
import { compareText } from '../canonical.ts';

/**
 * Uniform-price call auction of one zone and delivery interval, in exact integers. A lone pure
 * function: the same orders give the same bytes, in whatever order they came.
 */
export type Side = 'buy' | 'sell';

export interface AuctionOrder {
  readonly id: string; // unique in the book
  readonly owner: string;
  readonly side: Side;
  readonly energyWh: number; // safe integer > 0
  /** Limit, micro-currency per kWh = nano-currency per Wh, safe integer; null = market order. */
  readonly priceMicroPerKwh: number | null;
}

/**
 * Price limits of the interval. A limit beyond them counts as at them: orders are clamped, never
 * the price.
 */
export interface PriceBounds {
  readonly floorMicroPerKwh: number;
  readonly capMicroPerKwh: number;
}

export interface Fill {
  readonly orderId: string;
  readonly energyWh: number; // > 0; an order without a fill is not listed
}

/**
 * Quantity that an owner's own orders would have traded with each other: taken out before the
 * sweep.
 */
export interface Netted {
  readonly owner: string;
  readonly buyId: string;
  readonly sellId: string;
  readonly energyWh: number;
}

export interface Clearing {
  readonly volumeWh: bigint;
  /**
   * floor((L + U) / 2); null without volume, or when nothing but unbounded market orders traded.
   */
  readonly priceMicroPerKwh: number | null;
  /** [L, U]: every uniform price that clears the market. */
  readonly priceInterval: readonly [number, number] | null;
  readonly fills: readonly Fill[]; // by order id
  readonly netted: readonly Netted[];
}

interface Lot {
  readonly id: string;
  readonly owner: string;
  readonly price: number;
  left: bigint;
}

interface Level {
  readonly price: number;
  readonly total: bigint;
  readonly lots: readonly Lot[];
}

/**
 * @param intervalId  names zone and interval; only breaks ties between equal remainders
 * @param bounds  where market orders stand; without bounds they stand one tick outside the book's
 *   limits
 */
export function clearAuction(
  intervalId: string,
  orders: readonly AuctionOrder[],
  hash: Hash,
  bounds?: PriceBounds,
): Clearing {
  const limits = bounds ?? boundsOfBook(orders);
  const lots = { buy: [] as Lot[], sell: [] as Lot[] };
  for (const order of orders) lots[order.side].push(lot(order, limits));
  const netted = netOwnCrossings(lots.buy, lots.sell);
  const buys = levels(lots.buy, (a, b) => b - a);
  const sells = levels(lots.sell, (a, b) => a - b);
  const { volumeWh, interval } = sweep(buys, sells);
  const tieKey = (id: string): string => hash.sha256(JSON.stringify([intervalId, id]));
  const fills = [...fillSide(buys, volumeWh, tieKey), ...fillSide(sells, volumeWh, tieKey)].sort(
    (a, b) => compareText(a.orderId, b.orderId),
  );
  const open = limits === undefined; // market orders only: any price would do
  return {
    volumeWh,
    priceMicroPerKwh: interval === null || open ? null : floorMidpoint(interval[0], interval[1]),
    priceInterval: open ? null : interval,
    fills,
    netted,
  };
}

/** Rounds down, also below zero: the midpoint of -3 and 0 is -2. */
export function floorMidpoint(lower: number, upper: number): number {
  return Number((BigInt(lower) + BigInt(upper)) >> 1n);
}

/** One tick outside every limit of the book; undefined when there is no limit at all. */
function boundsOfBook(orders: readonly AuctionOrder[]): PriceBounds | undefined {
  let lowest: number | undefined;
  let highest: number | undefined;
  for (const { priceMicroPerKwh: price } of orders) {
    if (price === null) continue;
    lowest = lowest === undefined ? price : Math.min(lowest, price);
    highest = highest === undefined ? price : Math.max(highest, price);
  }
  if (lowest === undefined || highest === undefined) return undefined;
  return {
    floorMicroPerKwh: Math.max(lowest - 1, Number.MIN_SAFE_INTEGER),
    capMicroPerKwh: Math.min(highest + 1, Number.MAX_SAFE_INTEGER),
  };
}

function lot(order: AuctionOrder, limits: PriceBounds | undefined): Lot {
  const floor = limits?.floorMicroPerKwh ?? 0;
  const cap = limits?.capMicroPerKwh ?? 0;
  const wanted = order.priceMicroPerKwh ?? (order.side === 'buy' ? cap : floor);
  return {
    id: order.id,
    owner: order.owner,
    price: Math.min(cap, Math.max(floor, wanted)) + 0, // + 0: no negative zero
    left: BigInt(order.energyWh),
  };
}

/**
 * Takes what an owner's best bid and best ask would trade with each other out of both, at no price.
 */
function netOwnCrossings(buys: Lot[], sells: Lot[]): Netted[] {
  const asksOf = Map.groupBy(sells, (one) => one.owner);
  const bidsOf = Map.groupBy(buys, (one) => one.owner);
  const netted: Netted[] = [];
  for (const owner of [...bidsOf.keys()].sort(compareText)) {
    const asks = asksOf.get(owner);
    if (asks === undefined) continue;
    const bids = [...(bidsOf.get(owner) ?? [])].sort(
      (a, b) => b.price - a.price || compareText(a.id, b.id),
    );
    asks.sort((a, b) => a.price - b.price || compareText(a.id, b.id));
    let at = 0;
    for (const bid of bids) {
      for (let ask = asks[at]; ask !== undefined && bid.left > 0n; ask = asks[at]) {
        if (bid.price < ask.price) break;
        const energy = bid.left < ask.left ? bid.left : ask.left;
        bid.left -= energy;
        ask.left -= energy;
        netted.push({ owner, buyId: bid.id, sellId: ask.id, energyWh: Number(energy) });
        if (ask.left === 0n) at += 1;
      }
    }
  }
  return netted;
}

function levels(lots: readonly Lot[], order: (a: number, b: number) => number): Level[] {
  const live = lots.filter((one) => one.left > 0n);
  const byPrice = Map.groupBy(live, (one) => one.price);
  return [...byPrice.entries()]
    .sort(([a], [b]) => order(a, b))
    .map(([price, some]) => ({
      price,
      lots: some,
      total: some.reduce((sum, one) => sum + one.left, 0n),
    }));
}

/**
 * Matches level by level while the bid is not below the ask, so that a bid equal to an ask trades:
 * the largest of the quantities with most surplus. L and U follow from the last levels that traded
 * and the first with a rest.
 */
function sweep(buys: readonly Level[], sells: readonly Level[]) {
  let volumeWh = 0n;
  let buyAt = 0;
  let sellAt = 0;
  let buyLeft = buys[0]?.total ?? 0n;
  let sellLeft = sells[0]?.total ?? 0n;
  let lastBid = Number.POSITIVE_INFINITY;
  let lastAsk = Number.NEGATIVE_INFINITY;
  for (;;) {
    const bid = buys[buyAt];
    const ask = sells[sellAt];
    if (bid === undefined || ask === undefined || bid.price < ask.price) break;
    const energy = buyLeft < sellLeft ? buyLeft : sellLeft;
    volumeWh += energy;
    buyLeft -= energy;
    sellLeft -= energy;
    lastBid = bid.price;
    lastAsk = ask.price;
    if (buyLeft === 0n) {
      buyAt += 1;
      buyLeft = buys[buyAt]?.total ?? 0n;
    }
    if (sellLeft === 0n) {
      sellAt += 1;
      sellLeft = sells[sellAt]?.total ?? 0n;
    }
  }
  if (volumeWh === 0n) return { volumeWh, interval: null };
  const lower = Math.max(lastAsk, buys[buyAt]?.price ?? Number.NEGATIVE_INFINITY);
  const upper = Math.min(lastBid, sells[sellAt]?.price ?? Number.POSITIVE_INFINITY);
  return { volumeWh, interval: [lower, upper] as const };
}

/** Fills from the best level on; the last one shares what is left pro rata to quantity. */
function fillSide(
  side: readonly Level[],
  volumeWh: bigint,
  tieKey: (id: string) => string,
): Fill[] {
  const fills: Fill[] = [];
  let rest = volumeWh;
  for (const level of side) {
    if (rest === 0n) break;
    if (level.total <= rest) {
      for (const one of level.lots) fills.push({ orderId: one.id, energyWh: Number(one.left) });
      rest -= level.total;
    } else {
      fills.push(...proRata(level, rest, tieKey));
      rest = 0n;
    }
  }
  return fills;
}

/**
 * Whole Wh by largest remainder; equal remainders by hash, so that neither speed nor a name gives
 * an edge.
 */
function proRata(level: Level, rest: bigint, tieKey: (id: string) => string): Fill[] {
  const shares = level.lots.map((one) => {
    const product = one.left * rest;
    return { id: one.id, energy: product / level.total, remainder: product % level.total, key: '' };
  });
  let spare = rest - shares.reduce((sum, share) => sum + share.energy, 0n);
  const keyOf = (share: (typeof shares)[number]): string => {
    if (share.key === '') share.key = tieKey(share.id);
    return share.key;
  };
  const ranked = [...shares].sort((a, b) =>
    a.remainder === b.remainder
      ? compareText(keyOf(a), keyOf(b))
      : a.remainder > b.remainder
        ? -1
        : 1,
  );
  for (const share of ranked) {
    if (spare === 0n) break;
    share.energy += 1n;
    spare -= 1n;
  }
  return shares
    .filter((share) => share.energy > 0n)
    .map((share) => ({ orderId: share.id, energyWh: Number(share.energy) }));
}
