import { describe, expect, it } from 'vitest';
import {
  type AuctionOrder,
  clearAuction,
  floorMidpoint,
  type Side,
} from '../../../../cloud/market/auction.ts';
import { hash } from '../../../../gateway/adapters/crypto.ts';

const order = (
  id: string,
  side: Side,
  energyWh: number,
  priceMicroPerKwh: number | null,
  owner = id,
): AuctionOrder => ({
  id,
  owner,
  side,
  energyWh,
  priceMicroPerKwh,
});
const clear = (...orders: AuctionOrder[]) => clearAuction('z1/0', orders, hash);
const fillsOf = (result: ReturnType<typeof clear>) =>
  Object.fromEntries(result.fills.map((fill) => [fill.orderId, fill.energyWh]));
const NONE = { volumeWh: 0n, priceMicroPerKwh: null, priceInterval: null, fills: [], netted: [] };

describe('call auction', () => {
  it('clears nothing from an empty, a one-sided or an uncrossed book', () => {
    expect(clear()).toEqual(NONE);
    expect(clear(order('a', 'buy', 5, 10), order('b', 'buy', 5, 12))).toEqual(NONE);
    expect(clear(order('a', 'sell', 5, 10))).toEqual(NONE);
    expect(clear(order('a', 'buy', 5, 10), order('b', 'sell', 5, 11))).toEqual(NONE);
  });

  it('trades a bid that equals an ask', () => {
    const result = clear(order('a', 'buy', 5, 10), order('b', 'sell', 5, 10));
    expect(result).toMatchObject({ volumeWh: 5n, priceMicroPerKwh: 10, priceInterval: [10, 10] });
  });

  it('lets a partly filled order set the price', () => {
    const result = clear(order('a', 'buy', 9, 30), order('b', 'sell', 5, 10));
    expect(result).toMatchObject({ volumeWh: 5n, priceMicroPerKwh: 30, priceInterval: [30, 30] });
  });

  it('takes the floor of the midpoint, also below zero', () => {
    expect(floorMidpoint(-6, -3)).toBe(-5);
    expect(floorMidpoint(-3, 0)).toBe(-2);
    expect(floorMidpoint(-1, 0)).toBe(-1);
    expect(floorMidpoint(0, 1)).toBe(0);
    expect(floorMidpoint(Number.MAX_SAFE_INTEGER - 2, Number.MAX_SAFE_INTEGER)).toBe(
      Number.MAX_SAFE_INTEGER - 1,
    );
    expect(clear(order('a', 'buy', 1, -3), order('b', 'sell', 1, -6)).priceMicroPerKwh).toBe(-5);
  });

  it('never answers with a negative zero', () => {
    const result = clear(order('a', 'buy', 1, -0), order('b', 'sell', 1, -0));
    expect(Object.is(result.priceMicroPerKwh, 0)).toBe(true);
    expect(Object.is(result.priceInterval?.[0], 0)).toBe(true);
  });

  it('shares the margin pro rata with whole Wh by largest remainder', () => {
    const result = clear(
      order('a', 'buy', 7, 10),
      order('b', 'buy', 2, 10),
      order('c', 'buy', 1, 10),
      order('best', 'buy', 3, 11),
      order('s', 'sell', 8, 5),
    );
    // 5 Wh for 7 + 2 + 1: 3.5, 1.0, 0.5; the spare Wh goes to a or c: equal remainders.
    const fills = fillsOf(result);
    expect(fills['best']).toBe(3);
    expect(fills['b']).toBe(1);
    expect((fills['a'] ?? 0) + (fills['c'] ?? 0)).toBe(4);
    const first = ['a', 'c'].sort((x, y) => {
      const [left, right] = [x, y].map((id) => hash.sha256(JSON.stringify(['z1/0', id])));
      return left! < right! ? -1 : 1;
    })[0];
    expect(fills[first!]).toBe(first === 'a' ? 4 : 1);
  });

  it('takes out what an owner would trade with itself, at no price', () => {
    const result = clear(
      order('own-buy', 'buy', 10, 50, 'x'),
      order('own-sell', 'sell', 4, 20, 'x'),
      order('s', 'sell', 6, 30),
    );
    expect(result.netted).toEqual([
      { owner: 'x', buyId: 'own-buy', sellId: 'own-sell', energyWh: 4 },
    ]);
    expect(result).toMatchObject({ volumeWh: 6n, priceInterval: [30, 50], priceMicroPerKwh: 40 });
    expect(fillsOf(result)).toEqual({ 'own-buy': 6, s: 6 });
  });

  it('leaves an owner alone whose bid is below the own ask', () => {
    const result = clear(order('b', 'buy', 10, 5, 'x'), order('s', 'sell', 10, 6, 'x'));
    expect(result).toEqual(NONE);
  });

  it('puts market orders at the bounds and clamps limits to them, never the price', () => {
    const bounds = { floorMicroPerKwh: -500, capMicroPerKwh: 4_000 };
    const book = [order('m', 'buy', 5, null), order('s', 'sell', 5, 9_000)];
    expect(clearAuction('i', book, hash, bounds)).toMatchObject({
      volumeWh: 5n,
      priceInterval: [4_000, 4_000],
    });
    const other = [order('m', 'buy', 5, null), order('s', 'sell', 5, 100)];
    expect(clearAuction('i', other, hash, bounds)).toMatchObject({
      priceInterval: [100, 4_000],
      priceMicroPerKwh: 2_050,
    });
  });

  it('without bounds lets the book alone decide the price of market orders', () => {
    expect(clear(order('m', 'buy', 5, null), order('s', 'sell', 5, 100)).priceMicroPerKwh).toBe(
      100,
    );
    expect(clear(order('m', 'sell', 5, null), order('b', 'buy', 9, 100)).priceMicroPerKwh).toBe(
      100,
    );
  });

  it('counts beyond 2^53 without losing a Wh', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const book = [0, 1, 2].flatMap((n) => [
      order(`b${n}`, 'buy', most, 10),
      order(`s${n}`, 'sell', most, 5),
    ]);
    const result = clear(...book);
    expect(result.volumeWh).toBe(3n * BigInt(most));
    expect(result.fills.every((fill) => fill.energyWh === most)).toBe(true);
  });
});
