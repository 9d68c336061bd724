import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuctionOrder, clearAuction } from '../../../../cloud/market/auction.ts';
import { brokenRules } from '../../../../cloud/market/invariants.ts';
import { readOrders } from '../../../../cloud/market/order.ts';
import { hash } from '../../../../gateway/adapters/crypto.ts';

interface Vector {
  readonly id: string;
  readonly orders: readonly {
    id: string;
    side: 'buy' | 'sell';
    qty: number;
    price: number | null;
  }[];
  readonly expected: {
    readonly volume: number;
    readonly competitiveVolume?: number;
    readonly price: number | null;
    readonly priceInterval: readonly [number, number] | null;
    readonly midpointOfInterval?: number;
    readonly volumeIsCompetitive: boolean;
    readonly priceIsCompetitive: boolean;
    readonly mechanism?: string;
    readonly trades?: readonly { buy: string; sell: string; qty: number }[];
    readonly fills?: Readonly<Record<string, number>>;
  };
}

const FOLDER = new URL('../../../../../shared/vectors/market/', import.meta.url);
const here = existsSync(FOLDER);
if (!here)
  console.warn('../shared/vectors/market is absent: the published auction cases are skipped');

const read = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
const vectors: Vector[] = here
  ? readdirSync(FOLDER)
      .map((name) => read(name))
      .filter((file) => file.schema === 'market-vector/1')
      .flatMap((file) => file.vectors)
  : [];

/** One factor for all cases: nine decimals of quantity, six of price. */
const wh = (qty: number): number => Math.round(qty * 1e9);
const micro = (price: number): number => Math.round(price * 1e6);
const BOUNDS = { floorMicroPerKwh: -1e10, capMicroPerKwh: 1e10 };

/** Owners apart: the published results do not net an owner's own crossing orders. */
function ordersOf(vector: Vector): AuctionOrder[] {
  return vector.orders.map((order) => ({
    id: order.id,
    owner: `owner-of-${order.id}`,
    side: order.side,
    energyWh: wh(order.qty),
    priceMicroPerKwh: order.price === null ? null : micro(order.price),
  }));
}

/** The source's own split where it states one; otherwise ours, on which price alone is judged. */
function claimOf(vector: Vector): Map<string, bigint> {
  const { trades, fills } = vector.expected;
  const claim = new Map<string, bigint>();
  const add = (id: string, qty: number) => claim.set(id, (claim.get(id) ?? 0n) + BigInt(wh(qty)));
  if (fills) for (const [id, qty] of Object.entries(fills)) add(id, qty);
  else if (trades) {
    for (const trade of trades) {
      add(trade.buy, trade.qty);
      add(trade.sell, trade.qty);
    }
  }
  return claim;
}

describe.skipIf(!here)('published call-auction cases', () => {
  it('are all there', () => {
    expect(vectors.length).toBe(31);
  });

  it.each(vectors.map((vector) => [vector.id, vector] as const))(
    '%s: volume and interval',
    (_, vector) => {
      const { expected } = vector;
      const orders = ordersOf(vector);
      const result = clearAuction(vector.id, orders, hash, BOUNDS);
      const volume = expected.volumeIsCompetitive ? expected.volume : expected.competitiveVolume;
      // Long decimals of one case are sums of rounded ones: its note allows 1e-6.
      expect(Math.abs(Number(result.volumeWh) - wh(volume!))).toBeLessThanOrEqual(1_000);
      if (expected.priceInterval !== null) {
        expect(result.priceInterval).toEqual(expected.priceInterval.map(micro));
        expect(result.priceMicroPerKwh).toBe(
          Math.floor((micro(expected.priceInterval[0]) + micro(expected.priceInterval[1])) / 2),
        );
      }
      if (volume === 0)
        expect([result.priceMicroPerKwh, result.priceInterval]).toEqual([null, null]);
      if (expected.price !== null && expected.price === expected.midpointOfInterval) {
        expect(result.priceMicroPerKwh).toBe(micro(expected.price));
      }
      const fills = new Map(result.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
      expect(brokenRules(orders, { ...result, fills }, BOUNDS)).toEqual([]);
    },
  );

  it('two-sided market orders alone have a volume and no price without price limits', () => {
    const vector = vectors.find((one) => one.id === 'ptac-marketClear')!;
    const result = clearAuction(vector.id, ordersOf(vector), hash);
    expect(result).toMatchObject({
      volumeWh: 1_000_000_000n,
      priceMicroPerKwh: null,
      priceInterval: null,
    });
  });

  const wrong = vectors.filter(
    (vector) => !(vector.expected.volumeIsCompetitive && vector.expected.priceIsCompetitive),
  );

  it.each(wrong.map((vector) => [vector.id, vector] as const))(
    '%s: the published flaw is noticed',
    (_, vector) => {
      const orders = ordersOf(vector);
      const right = clearAuction(vector.id, orders, hash, BOUNDS);
      const claimed = claimOf(vector);
      const fills =
        claimed.size > 0
          ? claimed
          : new Map(right.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
      const sold = orders
        .filter((order) => order.side === 'sell')
        .map((order) => fills.get(order.id) ?? 0n);
      const claim = {
        volumeWh: sold.reduce((sum, energy) => sum + energy, 0n),
        priceMicroPerKwh:
          vector.expected.price === null ? right.priceMicroPerKwh : micro(vector.expected.price),
        fills,
      };
      const broken = brokenRules(orders, claim, BOUNDS);
      expect(broken.join(' ')).toMatch(/BETTER_ORDER_LEFT_OUT|BEYOND_LIMIT|CROSSED_REST/);
    },
  );
});

describe.skipIf(!here)('published order checks', () => {
  const cases: {
    id: string;
    order: Record<string, unknown>;
    expect: string;
    minQty?: number;
    openIntervals?: string[];
  }[] = here ? read('order-validation.json').vectors : [];
  // A smallest quantity and closed intervals belong to the supervisor; a file has neither.
  const alone = cases.filter((one) => one.minQty === undefined && one.openIntervals === undefined);
  const plain = (value: unknown): unknown => {
    if (value === 'NaN') return Number.NaN;
    if (value === 'Infinity') return Number.POSITIVE_INFINITY;
    if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
    if (typeof value === 'string') return value.replace(/^"|"$/g, '');
    return typeof value === 'number' ? Math.round(value * 1_000) : value;
  };

  it('are all there', () => {
    expect(alone.length).toBe(11);
  });

  it.each(alone.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const { qty, price, side, ...more } = one.order;
    const order = {
      id: 'o',
      owner: 'a',
      side,
      energyWh: plain(qty),
      priceMicroPerKwh: plain(price),
      ...more,
    };
    const { orders, rejected } = readOrders([order]);
    expect([orders.length, rejected.length]).toEqual(one.expect === 'ACCEPT' ? [1, 0] : [0, 1]);
  });
});
