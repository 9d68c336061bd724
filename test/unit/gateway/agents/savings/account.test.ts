import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { withLimit } from '../../../../../gateway/agents/limit.ts';
import { placesOf } from '../../../../../gateway/agents/places.ts';
import type { MeasuredQuarter } from '../../../../../gateway/agents/quarters.ts';
import { type AccountInput, accountOf } from '../../../../../gateway/agents/savings/account.ts';
import { accountSentence } from '../../../../../gateway/agents/savings/words.ts';
import { parseSite } from '../../../../../gateway/config/load.ts';
import { type DayAccount, sumOf } from '../../../../../gateway/contracts/values/account.ts';
import type { Tariff } from '../../../../../gateway/contracts/values/tariff.ts';

const QUARTER = 900_000;
const HOUR = 4 * QUARTER;
const MIDNIGHT = Date.UTC(2026, 5, 14, 22); // in Berlin
const END = MIDNIGHT + 24 * HOUR;
const barn = new URL('../../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');
const [battery] = site.stores;
if (battery === undefined) throw new Error('the barn has no battery');
const tariff: Tariff = {
  ...{ id: 't', currency: 'EUR', timeZone: 'Europe/Berlin', holidays: [], source: 'test' },
  knownUntilMs: undefined,
  components: [{ id: 'f', kind: 'fixed', validFromMs: 0, nanoPerDay: 1_000n }],
};
const placed = placesOf({
  ...site,
  stores: [{ ...battery, chargeEfficiencyPct: 80, dischargeEfficiencyPct: 100, socMaxPct: 100 }],
});
const places = { ...placed, connection: { ...placed.connection, tariff } };
const { usableWh } = battery;
const BATTERY = battery.terminal;

interface Row {
  readonly loadWh: number;
  readonly pvWh: number;
  readonly batteryWh?: number; // + discharge
}

/** A day of 96 rows, half full before it; its charge follows from what the battery did. */
function day(row: (hour: number) => Row, more: Partial<AccountInput> = {}): AccountInput {
  const soc = new Map<number, number>([[MIDNIGHT - QUARTER, 50]]);
  const quarters: MeasuredQuarter[] = [];
  let storedWh = usableWh / 2;
  for (let atMs = MIDNIGHT; atMs < END; atMs += QUARTER) {
    const { loadWh, pvWh, batteryWh = 0 } = row((atMs - MIDNIGHT) / HOUR);
    storedWh -= batteryWh > 0 ? batteryWh : batteryWh * 0.8;
    soc.set(atMs, (100 * storedWh) / usableWh);
    const netWh = loadWh - pvWh - batteryWh;
    quarters.push({
      ...{ fromMs: atMs, inWh: Math.max(0, netWh), outWh: Math.max(0, -netWh), pvWh, loadWh },
      ...{ batteryWh, usedBy: {}, quality: 'measured', coveragePct: 100 },
    });
  }
  return {
    ...{ fromMs: MIDNIGHT, untilMs: END, previous: undefined, places, tariff, quarters },
    before: [],
    noteOf: (atMs) => {
      const socPct = soc.get(atMs);
      if (socPct === undefined) return undefined;
      return { fromMs: atMs, socPct: { [BATTERY]: socPct }, curtailed: false, bothWaysWh: 0 };
    },
    tradeOf: () => undefined,
    priceOf: (direction, atMs) => {
      if (direction === 'export') return 80_000;
      return (atMs - MIDNIGHT) / HOUR < 6 ? 260_000 : 300_000;
    },
    ...more,
  };
}

const closed = (input: AccountInput): DayAccount => {
  const found = accountOf(input);
  if (found === undefined) throw new Error('no account');
  return found.account;
};
/** 250 Wh a quarter-hour of load, 1,250 Wh of sun from 10 to 12. */
const plainDay = (hour: number): Row => ({
  loadWh: 250,
  pvWh: hour >= 10 && hour < 12 ? 1_250 : 0,
});
/** 8 surplus quarter-hours of 1,000 Wh. */
const noneNano = 1_000n + 24n * 250n * 260_000n + 64n * 250n * 300_000n - 8n * 1_000n * 80_000n;

describe('the account of a day', () => {
  it('is exact: as it was, without battery, and with one that only follows the meter', () => {
    // The battery rested: ours is no battery. Half of it is 10 kWh, above the band of 5 %.
    const account = closed(day(plainDay));
    const heldWh = usableWh / 2 - (usableWh * battery.socMinPct) / 100;
    // The stored energy covers the night and part of the morning, the surplus the evening.
    const nightWh = Math.min(heldWh, 24 * 250);
    const dayWh = Math.min(heldWh - nightWh, 16 * 250) + Math.min(8_000 * 0.8, 48 * 250);
    const leftWh = heldWh - nightWh - Math.min(heldWh - nightWh, 16 * 250);
    expect(leftWh).toBe(0);
    const selfNano =
      1_000n + BigInt(24 * 250 - nightWh) * 260_000n + BigInt(64 * 250 - dayWh) * 300_000n;
    expect(account.costs).toMatchObject({
      oursNano: String(noneNano),
      noneNano: String(noneNano),
      selfNano: String(selfNano),
    });
    expect(account.self).toEqual({ storedWh: { [BATTERY]: 1_000 }, peakW: 1_000 });
    expect([account.startWh, account.endWh]).toEqual([10_000, 10_000]);
  });

  it('carries the charge of the simulated battery over midnight, not across a gap', () => {
    const self = { storedWh: { [BATTERY]: 1_000 }, peakW: 0 }; // at the end of its band
    const before = { ...closed(day(plainDay)), fromMs: 0, untilMs: MIDNIGHT, self };
    const empty = BigInt(closed(day(plainDay, { previous: before })).costs?.selfNano ?? 0);
    const half = BigInt(closed(day(plainDay)).costs?.selfNano ?? 0);
    expect(empty).toBeGreaterThan(half);
    const earlier = { ...before, untilMs: MIDNIGHT - HOUR };
    expect(closed(day(plainDay, { previous: earlier })).costs?.selfNano).toBe(String(half));
  });

  it('names what lacks, and puts nothing in its place', () => {
    const whole = day(plainDay);
    const quarters = whole.quarters.filter((_, i) => i < 40 || i >= 43);
    const account = closed({ ...whole, quarters });
    expect(account.costs).toBeUndefined();
    expect(account.missing).toEqual([
      { fromMs: MIDNIGHT + 10 * HOUR, untilMs: MIDNIGHT + 10 * HOUR + 3 * QUARTER },
    ]);
    expect(accountSentence(account)).toBe('not compared, 3 quarter-hours are missing');
    const unpriced = closed({ ...whole, priceOf: () => undefined });
    expect(accountSentence(unpriced)).toMatch(/96 quarter-hours are without a known price$/);
    const uncharged = closed({ ...whole, noteOf: () => undefined });
    expect(accountSentence(uncharged)).toMatch(/charge at midnight is not known$/);
    const imported = whole.quarters.map((one) => ({ ...one, quality: 'substituted' as const }));
    expect(accountOf({ ...whole, quarters: imported })).toBeUndefined();
    const silent = whole.quarters.map((one, i) =>
      i === 5 ? { ...one, batteryWh: undefined } : one,
    );
    expect(closed({ ...whole, quarters: silent }).missingCount).toBe(1);
    expect(sumOf([account, closed(whole)]).days).toBe(1);
  });
});

describe('the lowest cost for who had known the day', async () => {
  const solver = await createSolverInProcess();
  const limited = async (input: AccountInput): Promise<DayAccount> => {
    const found = accountOf(input);
    if (found?.whole === undefined) throw new Error('the day is not whole');
    return withLimit(found.account, found.whole, solver, 10_000);
  };

  it('ends charged as ours did: 8 kWh of sun come back in the dear hours', async () => {
    const account = await limited(day(plainDay));
    // 80 % of it come back at 300; what is bought at 260 would come back for 240.
    const best = noneNano + 8_000n * 80_000n - 6_400n * 300_000n;
    const off = BigInt(account.costs?.limitNano ?? 0) - best;
    expect(off > -2_000_000n && off < 2_000_000n).toBe(true); // rounding to whole Wh
    expect(sumOf([account]).capturedPct).toBe(0);
    expect(accountSentence(account)).toMatch(/, 0\s% of the possible$/);
  });

  it('is what we paid where we did the best', async () => {
    const account = await limited(
      day((hour) => {
        const sunny = hour >= 10 && hour < 12;
        const evening = hour >= 12 && hour < 18.4;
        return { ...plainDay(hour), batteryWh: sunny ? -1_000 : evening ? 250 : 0 };
      }),
    );
    expect(account.endWh - account.startWh).toBe(-100); // 26 quarter-hours of 250 Wh for 6.4 kWh
    expect(sumOf([account]).capturedPct).toBeGreaterThan(99);
    expect(sumOf([account]).capturedPct).toBeLessThan(100.2);
  });
});
