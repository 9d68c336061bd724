import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACCOUNTS, createLedger } from '../../../../cloud/market/ledger.ts';
import {
  type Delivered,
  settleInterval,
  singlePrice,
  tradeEntries,
} from '../../../../cloud/market/settlement.ts';

const INTERVAL = { fromMs: 900_000, durationMs: 900_000 };
const RETAIL = { shortNanoPerWh: 300_000, longNanoPerWh: 80_000 };
const site = (
  participant: string,
  meteredNetWh: number,
  more: Partial<Delivered> = {},
): Delivered => ({
  participant,
  soldWh: 0,
  boughtWh: 0,
  meteredNetWh,
  quality: 'measured',
  prices: RETAIL,
  ...more,
});

function settled(...delivered: Delivered[]) {
  const ledger = createLedger();
  const result = settleInterval('z1', 'EUR', INTERVAL, 0, delivered, RETAIL, 1);
  for (const entry of result.entries) ledger.post(entry);
  return { ...result, ledger };
}

describe('settlement of an interval', () => {
  it('lets a short one pay the import tariff and a long one get the export tariff', () => {
    const { imbalances, ledger } = settled(site('a', 1_000), site('b', -1_500));
    expect(imbalances.map((one) => one.amountNano)).toEqual([80_000_000n, -450_000_000n]);
    // The zone is 500 Wh short: the retailer sells that at its tariff, the rest is the zone's.
    expect(ledger.balanceNano(ACCOUNTS.retailer('z1'))).toBe(150_000_000n);
    expect(ledger.balanceNano(ACCOUNTS.surplus('z1'))).toBe(220_000_000n);
    expect(ledger.balanceNano(ACCOUNTS.balancing('z1'))).toBe(0n);
    expect(ledger.sumNano()).toBe(0n);
  });

  it('owes nothing to who delivered exactly what was sold', () => {
    const { imbalances } = settled(
      site('a', 700, { soldWh: 700 }),
      site('b', -700, { boughtWh: 700 }),
    );
    expect(imbalances.map((one) => [one.imbalanceWh, one.amountNano])).toEqual([
      [0, 0n],
      [0, 0n],
    ]);
  });

  it('makes a trade inside the interval never worse than imbalance', () => {
    for (const price of [80_000, 190_000, 300_000]) {
      const without = settled(site('a', 700), site('b', -700)).ledger;
      const withTrade = settled(
        site('a', 700, { soldWh: 700 }),
        site('b', -700, { boughtWh: 700 }),
      ).ledger;
      const traded = [
        { participant: 'a', side: 'sell', energyWh: 700 },
        { participant: 'b', side: 'buy', energyWh: 700 },
      ] as const;
      for (const entry of tradeEntries('z1', 'EUR', INTERVAL, 0, traded, price, 0))
        withTrade.post(entry);
      for (const who of ['a', 'b'].map(ACCOUNTS.participant)) {
        expect(withTrade.balanceNano(who) >= without.balanceNano(who)).toBe(true);
      }
    }
  });

  it('books trades against the clearing house and the fee in its own account', () => {
    const ledger = createLedger();
    const traded = [
      { participant: 'a', side: 'sell', energyWh: 700 },
      { participant: 'b', side: 'buy', energyWh: 500 },
      { participant: 'c', side: 'buy', energyWh: 200 },
    ] as const;
    for (const entry of tradeEntries('z1', 'EUR', INTERVAL, 0, traded, 100_000, 7))
      ledger.post(entry);
    expect(ledger.balances()).toEqual([
      ['participant:a', 70_000_000n],
      ['participant:b', -50_003_500n],
      ['participant:c', -20_001_400n],
      ['zone:z1:clearing', 0n],
      ['zone:z1:grid-fees', 4_900n],
    ]);
    expect(tradeEntries('z1', 'EUR', INTERVAL, 0, [], 100_000, 7)).toEqual([]);
  });

  it('has one price for all where the zone wants it so', () => {
    expect(singlePrice(-1, RETAIL)).toEqual({ shortNanoPerWh: 300_000, longNanoPerWh: 300_000 });
    expect(singlePrice(1, RETAIL)).toEqual({ shortNanoPerWh: 80_000, longNanoPerWh: 80_000 });
    expect(singlePrice(0, RETAIL)).toEqual({ shortNanoPerWh: 190_000, longNanoPerWh: 190_000 });
  });
});

const VECTORS = new URL(
  '../../../../../shared/vectors/market/imbalance-settlement.json',
  import.meta.url,
);
const here = existsSync(VECTORS);
if (!here)
  console.warn('../shared/vectors/market is absent: the published imbalance cases are skipped');

describe.skipIf(!here)('published imbalance cases', () => {
  const cases: {
    id: string;
    imbalances: Record<string, number>;
    price: number;
    amounts: Record<string, number>;
    balancingAccount: number;
  }[] = here ? JSON.parse(readFileSync(VECTORS, 'utf8')).vectors : [];

  it.each(cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const price = Math.round(one.price * 1e4);
    const prices = { shortNanoPerWh: price, longNanoPerWh: price };
    const delivered = Object.entries(one.imbalances).map(([id, energy]) =>
      site(id, Math.round(energy * 10), { prices }),
    );
    const result = settleInterval('z', 'EUR', INTERVAL, 0, delivered, prices, 1);
    const amounts = Object.fromEntries(
      result.imbalances.map((each) => [each.participant, Number(each.amountNano)]),
    );
    expect(amounts).toEqual(
      Object.fromEntries(
        Object.entries(one.amounts).map(([id, amount]) => [id, Math.round(amount * 1e5) + 0]),
      ),
    );
    const balancing = result.entries[0]!.legs.find(
      (leg) => leg.account === ACCOUNTS.balancing('z'),
    );
    expect(Number(balancing?.amountNano ?? 0n)).toBe(Math.round(one.balancingAccount * 1e5));
  });
});
