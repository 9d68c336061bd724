import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuctionOrder,
  type Clearing,
  clearAuction,
  type Side,
} from '../../../../cloud/market/auction.ts';
import { brokenRules } from '../../../../cloud/market/invariants.ts';
import { hash } from '../../../../gateway/adapters/crypto.ts';

const BOUNDS = { floorMicroPerKwh: -1_000, capMicroPerKwh: 1_000 };
const clear = (orders: readonly AuctionOrder[]): Clearing =>
  clearAuction('z/1', orders, hash, BOUNDS);
const fillsOf = (result: Clearing) =>
  new Map(result.fills.map((fill) => [fill.orderId, fill.energyWh]));

/** Books with few prices, so that ties and touching limits are common; all owners differ. */
function books(most: { orders: number; energyWh: number }) {
  const one = fc.record({
    side: fc.constantFrom<Side>('buy', 'sell'),
    energyWh: fc.integer({ min: 1, max: most.energyWh }),
    priceMicroPerKwh: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -4, max: 6 }) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
  });
  return fc
    .array(one, { maxLength: most.orders })
    .map((list): AuctionOrder[] =>
      list.map((order, at) => ({ ...order, id: `o${at}`, owner: `p${at}` })),
    );
}
const wide = books({ orders: 40, energyWh: 500 });

const limitOf = (order: AuctionOrder): number =>
  order.priceMicroPerKwh ??
  (order.side === 'buy' ? BOUNDS.capMicroPerKwh : BOUNDS.floorMicroPerKwh);

/** Every way to fill every order: the most surplus there is, and the largest quantity with it. */
function bruteForce(orders: readonly AuctionOrder[]): { surplus: number; volume: number } {
  let best = { surplus: 0, volume: 0 };
  const visit = (at: number, bought: number, sold: number, surplus: number): void => {
    const order = orders[at];
    if (order === undefined) {
      if (bought !== sold) return;
      if (surplus > best.surplus || (surplus === best.surplus && bought > best.volume))
        best = { surplus, volume: bought };
      return;
    }
    for (let fill = 0; fill <= order.energyWh; fill += 1) {
      if (order.side === 'buy') visit(at + 1, bought + fill, sold, surplus + fill * limitOf(order));
      else visit(at + 1, bought, sold + fill, surplus - fill * limitOf(order));
    }
  };
  visit(0, 0, 0, 0);
  return best;
}

const surplusOf = (orders: readonly AuctionOrder[], result: Clearing): number => {
  const fills = fillsOf(result);
  return orders.reduce(
    (sum, order) =>
      sum + (order.side === 'buy' ? 1 : -1) * (fills.get(order.id) ?? 0) * limitOf(order),
    0,
  );
};

describe('call auction, optimality', () => {
  it('has the most surplus, and the largest volume with it, of all possible fills', () => {
    fc.assert(
      fc.property(books({ orders: 6, energyWh: 3 }), (orders) => {
        const result = clear(orders);
        const best = bruteForce(orders);
        expect(surplusOf(orders, result)).toBe(best.surplus);
        expect(Number(result.volumeWh)).toBe(best.volume);
      }),
      { numRuns: 300 },
    );
  });

  it('breaks no rule of a uniform-price market', () => {
    fc.assert(
      fc.property(wide, (orders) => {
        const result = clear(orders);
        const fills = new Map(result.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
        expect(brokenRules(orders, { ...result, fills }, BOUNDS)).toEqual([]);
        if (result.priceInterval === null) return;
        const [lower, upper] = result.priceInterval;
        expect(lower).toBeLessThanOrEqual(result.priceMicroPerKwh!);
        expect(result.priceMicroPerKwh).toBeLessThanOrEqual(upper);
      }),
    );
  });

  it('has an interval of exactly the prices that break no rule', () => {
    fc.assert(
      fc.property(books({ orders: 12, energyWh: 9 }), (orders) => {
        const result = clear(orders);
        if (result.priceInterval === null) return;
        const fills = new Map(result.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
        const [lower, upper] = result.priceInterval;
        for (let price = -6; price <= 8; price += 1) {
          const broken = brokenRules(
            orders,
            { volumeWh: result.volumeWh, priceMicroPerKwh: price, fills },
            BOUNDS,
          );
          expect(broken.length === 0).toBe(lower <= price && price <= upper);
        }
      }),
    );
  });

  it('nets an owner: nobody trades with itself while that crosses', () => {
    const shared = wide.map((orders) =>
      orders.map((order, at) => ({ ...order, owner: `p${at % 3}` })),
    );
    fc.assert(
      fc.property(shared, (orders) => {
        const result = clear(orders);
        const taken = new Map<string, number>();
        for (const one of result.netted) {
          for (const id of [one.buyId, one.sellId])
            taken.set(id, (taken.get(id) ?? 0) + one.energyWh);
        }
        const rest = orders
          .map((order) => ({ ...order, energyWh: order.energyWh - (taken.get(order.id) ?? 0) }))
          .filter((order) => order.energyWh > 0);
        for (const buy of rest.filter((order) => order.side === 'buy')) {
          const own = rest.filter((order) => order.side === 'sell' && order.owner === buy.owner);
          expect(own.every((sell) => limitOf(sell) > limitOf(buy))).toBe(true);
        }
        const fills = new Map(result.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
        expect(brokenRules(rest, { ...result, fills }, BOUNDS)).toEqual([]);
      }),
    );
  });
});

describe('call auction, symmetry', () => {
  it('does not depend on the order of arrival', () => {
    const shuffled = wide.chain((orders) =>
      fc.tuple(fc.constant(orders), fc.shuffledSubarray(orders, { minLength: orders.length })),
    );
    fc.assert(
      fc.property(shuffled, ([orders, other]) => {
        expect(clear(other)).toEqual(clear(orders));
      }),
    );
  });

  it('maps the price to its negative, up to a tick, when the sides are swapped', () => {
    fc.assert(
      fc.property(wide, (orders) => {
        const mirror = orders.map(
          (order): AuctionOrder => ({
            ...order,
            side: order.side === 'buy' ? 'sell' : 'buy',
            priceMicroPerKwh: order.priceMicroPerKwh === null ? null : -order.priceMicroPerKwh,
          }),
        );
        const [one, two] = [clear(orders), clear(mirror)];
        expect(two.volumeWh).toBe(one.volumeWh);
        expect(two.fills).toEqual(one.fills);
        if (one.priceMicroPerKwh === null) return;
        expect(Math.abs(one.priceMicroPerKwh + two.priceMicroPerKwh!)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('shifts the price by a constant added to all limits, and scales with all quantities', () => {
    fc.assert(
      fc.property(
        wide,
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 2, max: 9 }),
        (orders, shift, factor) => {
          const limited = orders.filter((order) => order.priceMicroPerKwh !== null);
          const plain = clear(limited);
          const moved = clear(
            limited.map((order) => ({ ...order, priceMicroPerKwh: limitOf(order) + shift })),
          );
          expect(moved.priceMicroPerKwh).toBe(
            plain.priceMicroPerKwh === null ? null : plain.priceMicroPerKwh + shift,
          );
          expect(moved.fills).toEqual(plain.fills);
          const larger = clear(
            limited.map((order) => ({ ...order, energyWh: order.energyWh * factor })),
          );
          expect(larger.volumeWh).toBe(plain.volumeWh * BigInt(factor));
          const before = fillsOf(plain);
          for (const [id, energy] of fillsOf(larger)) {
            expect(Math.abs(energy - factor * (before.get(id) ?? 0))).toBeLessThanOrEqual(factor);
          }
        },
      ),
    );
  });

  it('gives two equal-price parts of one owner together what the whole got, up to 2 Wh', () => {
    fc.assert(
      fc.property(wide, fc.nat(), fc.nat(), (orders, which, where) => {
        const whole = orders[which % Math.max(1, orders.length)];
        if (whole === undefined || whole.energyWh < 2) return;
        const first = 1 + (where % (whole.energyWh - 1));
        const parts = [
          ...orders.filter((order) => order !== whole),
          { ...whole, id: 'part-1', energyWh: first },
          { ...whole, id: 'part-2', energyWh: whole.energyWh - first },
        ];
        const split = fillsOf(clear(parts));
        const got = (split.get('part-1') ?? 0) + (split.get('part-2') ?? 0);
        expect(Math.abs(got - (fillsOf(clear(orders)).get(whole.id) ?? 0))).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('call auction, monotonicity', () => {
  it('never fills a bid less when it is raised', () => {
    fc.assert(
      fc.property(wide, fc.nat(), fc.integer({ min: 1, max: 5 }), (orders, which, by) => {
        const bids = orders.filter(
          (order) => order.side === 'buy' && order.priceMicroPerKwh !== null,
        );
        const bid = bids[which % Math.max(1, bids.length)];
        if (bid === undefined) return;
        const raised = orders.map((order) =>
          order === bid ? { ...bid, priceMicroPerKwh: limitOf(bid) + by } : order,
        );
        expect(fillsOf(clear(raised)).get(bid.id) ?? 0).toBeGreaterThanOrEqual(
          fillsOf(clear(orders)).get(bid.id) ?? 0,
        );
      }),
    );
  });

  it('never raises the interval by supply, never lowers it by demand', () => {
    const extra = fc.record({
      energyWh: fc.integer({ min: 1, max: 500 }),
      priceMicroPerKwh: fc.integer({ min: -4, max: 6 }),
    });
    fc.assert(
      fc.property(wide, extra, fc.constantFrom<Side>('buy', 'sell'), (orders, more, side) => {
        const before = clear(orders);
        const after = clear([...orders, { ...more, side, id: 'extra', owner: 'extra' }]);
        if (before.priceInterval === null || after.priceInterval === null) return;
        const sign = side === 'buy' ? 1 : -1;
        for (const at of [0, 1] as const) {
          expect(
            sign * (after.priceInterval[at] - before.priceInterval[at]),
          ).toBeGreaterThanOrEqual(0);
        }
        expect(after.volumeWh).toBeGreaterThanOrEqual(before.volumeWh);
      }),
    );
  });
});
