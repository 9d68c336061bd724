import { describe, expect, it } from 'vitest';
import { besidePosition, moneyOf, withoutBattery } from '../../../../gateway/agents/money.ts';
import type { MeasuredQuarter } from '../../../../gateway/agents/quarters.ts';
import type { Tariff } from '../../../../gateway/contracts/values/tariff.ts';

const QUARTER = 900_000;
const quarter = (fromMs: number, inWh: number, outWh: number, batteryWh = 0): MeasuredQuarter => ({
  fromMs,
  inWh,
  outWh,
  pvWh: 0,
  loadWh: 0,
  batteryWh,
  usedBy: {},
  quality: 'measured',
  coveragePct: 100,
});
const tariff: Tariff = {
  id: 't',
  currency: 'EUR',
  timeZone: 'UTC',
  holidays: [],
  source: 'test',
  knownUntilMs: undefined,
  components: [
    { id: 'f', kind: 'fixed', validFromMs: 0, nanoPerDay: 1_000n },
    { id: 'd', kind: 'demand', validFromMs: 0, nanoPerW: 7n, windowMs: QUARTER, period: 'month' },
  ],
};
const base = {
  tariff,
  before: [quarter(-QUARTER, 500, 0, 300)],
  noteOf: () => undefined,
  tradeOf: () => undefined,
  priceOf: (direction: 'import' | 'export') => (direction === 'import' ? 300_000 : 80_000),
  atMs: 0,
};

describe('money of a day', () => {
  it('is exact, with and without battery, demand and fixed fees included', () => {
    const quarters = [quarter(0, 1_001, 3, 500), quarter(QUARTER, 0, 700, -400)];
    const money = moneyOf({ ...base, quarters });
    const peakW = BigInt(Math.round((1_001 - 3) * 4) - 500 * 4);
    expect(money.costNano).toBe(1_001n * 300_000n - 703n * 80_000n + 1_000n + 7n * peakW);
    // Without: 1001 - 3 + 500 in; -700 - 400 out; before the day 800 Wh a quarter-hour.
    const plainPeakW = BigInt(1_498 * 4 - 800 * 4);
    expect(money.withoutBatteryNano).toBe(
      1_498n * 300_000n - 1_100n * 80_000n + 1_000n + 7n * plainPeakW,
    );
    expect(money.lines.reduce((sum, { nano }) => sum + nano, 0n)).toBe(money.costNano);
  });

  it('counts energy beyond a power beside its price, with and without battery', () => {
    const excess = { id: 'x', kind: 'excess', validFromMs: 0, on: 'import' } as const;
    const components = [{ ...excess, beyondW: 2_000, priceNanoPerWh: 500 }];
    const quarters = [quarter(0, 800, 100, 300), quarter(QUARTER, 400, 0)];
    const money = moneyOf({ ...base, tariff: { ...tariff, components }, quarters });
    expect(money.lines).toContainEqual({ label: 'Beyond a power', nano: 200n * 500n });
    expect(money.costNano).toBe(1_200n * 300_000n - 100n * 80_000n + 200n * 500n);
    expect(money.withoutBatteryNano).toBe(1_400n * 300_000n + 500n * 500n);
  });

  it('pays and earns at the tariff only what is beside the position', () => {
    expect(besidePosition({ inWh: 5, outWh: 100 }, 80)).toEqual({ inWh: 5, outWh: 20 });
    expect(besidePosition({ inWh: 5, outWh: 60 }, 80)).toEqual({ inWh: 25, outWh: 0 });
    expect(besidePosition({ inWh: 100, outWh: 5 }, -80)).toEqual({ inWh: 20, outWh: 5 });
    expect(besidePosition({ inWh: 60, outWh: 5 }, -80)).toEqual({ inWh: 0, outWh: 25 });
    const money = moneyOf({
      ...base,
      quarters: [quarter(0, 0, 100)],
      tradeOf: () => ({ soldWh: 80, receivedNano: 80n * 120_000n }),
    });
    expect(money.costNano).toBe(-20n * 80_000n - 80n * 120_000n + 1_000n);
    expect(money.tradesNano).toBe(80n * 120_000n);
  });

  it('keeps what netting a quarter-hour would hide', () => {
    const note = { fromMs: 0, socPct: {}, curtailed: false, bothWaysWh: 40 };
    expect(withoutBattery(quarter(0, 100, 0, 50), note)).toEqual({ inWh: 190, outWh: 40 });
    expect(withoutBattery(quarter(0, 0, 100, 50), undefined)).toEqual({ inWh: 0, outWh: 50 });
  });

  it('leaves out a quarter-hour without a price and says so', () => {
    const money = moneyOf({ ...base, quarters: [quarter(0, 100, 0)], priceOf: () => undefined });
    expect(money.unpricedCount).toBe(1);
    expect(money.costNano).toBe(1_000n);
  });
});
