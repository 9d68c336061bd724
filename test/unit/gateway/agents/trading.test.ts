import { describe, expect, it } from 'vitest';
import { Trading } from '../../../../gateway/agents/trading.ts';

const QUARTER = 900_000;
const setup = { site: 's', zone: 'z1', epoch: 3, leadMs: 360_000, aheadMs: 3_600_000 };
const draft = (fromMs: number, side: 'buy' | 'sell', energyWh: number) => ({
  fromMs,
  durationMs: QUARTER,
  side,
  energyWh,
  priceMicroPerKwh: 100_000,
  fromStore: false,
  why: '',
});
const result = (
  fromMs: number,
  awards: { orderId: string; side: 'buy' | 'sell'; energyWh: number; priceMicroPerKwh: number }[],
) => ({
  v: 1 as const,
  kind: 'awards' as const,
  zone: 'z1',
  interval: { fromMs, durationMs: QUARTER },
  currency: 'EUR',
  awards,
});

describe('trading', () => {
  it('orders each interval once, inside its window, with ids that never repeat', () => {
    const trading = new Trading(setup);
    const starts = [0, 1, 2, 3, 4, 5].map((i) => i * QUARTER);
    expect(trading.open(starts, 0)).toEqual([QUARTER, 2 * QUARTER, 3 * QUARTER, 4 * QUARTER]);
    const batch = trading.place([draft(QUARTER, 'sell', 500), draft(QUARTER, 'sell', 200)]);
    expect(batch?.orders.map(({ id }) => id)).toEqual(['s-3-1', 's-3-2']);
    expect(trading.open(starts, 0)).toEqual([2 * QUARTER, 3 * QUARTER, 4 * QUARTER]);
    expect(trading.place([])).toBeUndefined();
  });

  it('knows position and money of an interval exactly, and counts a result once', () => {
    const trading = new Trading(setup);
    trading.place([draft(QUARTER, 'sell', 500), draft(QUARTER, 'buy', 200)]);
    const awards = [
      { orderId: 's-3-1', side: 'sell' as const, energyWh: 400, priceMicroPerKwh: 123_457 },
      { orderId: 's-3-2', side: 'buy' as const, energyWh: 100, priceMicroPerKwh: 123_457 },
    ];
    expect(trading.awarded(result(QUARTER, awards))).toBe(true);
    expect(trading.awarded(result(QUARTER, awards))).toBe(false);
    expect(trading.soldWh(QUARTER)).toBe(300);
    expect(trading.trade(QUARTER)).toEqual({ soldWh: 300, receivedNano: 300n * 123_457n });
    const kept = [{ fromMs: QUARTER, durationMs: QUARTER, soldWh: 300 }];
    expect(trading.positions(0, () => 310)).toEqual(kept);
    expect(trading.positions(0, () => -4_000)).toEqual([]); // partly filled: the plan leads
    expect(trading.positions(0, () => undefined)).toEqual([]);
    expect(trading.positions(2 * QUARTER, () => 300)).toEqual([]);
  });

  it('shows what is not cleared yet as open and what was rejected as nothing', () => {
    const trading = new Trading(setup);
    trading.place([draft(QUARTER, 'sell', 500), draft(QUARTER, 'buy', 200)]);
    trading.receipt(['s-3-1'], [{ id: 's-3-2', code: 'INTERVAL_CLOSED' }]);
    expect(trading.rows(0, 1e9).map((row) => row.awardedWh)).toEqual([null, 0]);
    trading.awarded(result(QUARTER, []));
    expect(trading.rows(0, 1e9).map((row) => row.awardedWh)).toEqual([0, 0]);
  });

  it('goes on after a restart with what is on disk', () => {
    const first = new Trading(setup);
    const batch = first.place([draft(QUARTER, 'sell', 500)]);
    const second = new Trading({ ...setup, epoch: 4 });
    second.restore(
      (batch?.orders ?? []).map((order) => ({
        ...order,
        fromStore: false,
        state: 'sent' as const,
      })),
      [result(QUARTER, [])],
    );
    expect(second.open([QUARTER, 2 * QUARTER], 0)).toEqual([2 * QUARTER]);
    expect(second.place([draft(2 * QUARTER, 'buy', 60)])?.orders[0]?.id).toBe('s-4-1');
  });
});
