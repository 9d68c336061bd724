import { expect, it, vi } from 'vitest';
import {
  type PriceDay,
  PriceOutlook,
} from '../../../../../../gateway/agents/forecasting/price/outlook.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { localSlot } from '../../../../../../gateway/agents/forecasting/site-series.ts';
import { PriceBook } from '../../../../../../gateway/agents/prices.ts';
import type { Tariff } from '../../../../../../gateway/contracts/values/tariff.ts';
import { localDayStart } from '../../../../../../gateway/contracts/values/time.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONE = 'Europe/Berlin';
const START = localDayStart(Date.UTC(2026, 1, 10, 12), ZONE); // the clocks change on 29 March
const DAYS = 52;

/** Dear in the evening, cheap at weekends, and a level that goes on from day to day. */
function market() {
  const random = seededStream(9);
  const levels = new Map<number, number>();
  let level = 0;
  return (atMs: number): number => {
    const { day, slot } = localSlot(atMs, ZONE);
    if (!levels.has(day)) {
      level = 0.8 * level + 20_000 * (random() - 0.5);
      levels.set(day, level);
    }
    const weekend = [2, 3].includes(day % 7) ? 40_000 : 0;
    const evening = slot >= 68 && slot < 84 ? 50_000 : 0;
    return Math.round(80_000 + (levels.get(day) ?? 0) + evening - weekend);
  };
}

/** The feed at noon: today and tomorrow by the hour. */
function told(price: (atMs: number) => number, day: number) {
  const fromMs = localDayStart(START + day * DAY + 12 * HOUR, ZONE);
  const untilMs = localDayStart(START + (day + 1) * DAY + 12 * HOUR, ZONE);
  const hours = Math.round((untilMs - fromMs) / HOUR);
  const priceNanoPerWh = Array.from({ length: hours }, (_, n) => price(fromMs + n * HOUR));
  return { fromMs, stepMs: HOUR, priceNanoPerWh };
}

it('says the first two days that the market has not told, clock changes too', () => {
  const price = market();
  const outlook = new PriceOutlook(ZONE);
  const kept: PriceDay[] = [];
  let [error, yesterdayError, hours, nextError, beforeError] = [0, 0, 0, 0, 0];
  for (let day = 0; day < DAYS; day += 1) {
    kept.push(...outlook.add(told(price, day)));
    expect(outlook.add(told(price, day))).toEqual([]); // told again it is no other day
    while (outlook.work());
    const next = told(price, day + 1);
    if (day < 28) expect(outlook.at(next.fromMs)).toBeUndefined(); // nothing is learnt yet
    if (day < 44) continue;
    for (let atMs = next.fromMs; atMs < next.fromMs + 23 * HOUR; atMs += HOUR) {
      const said = outlook.at(atMs);
      expect(said?.low).toBeLessThanOrEqual(said?.mid ?? 0);
      error += Math.abs((said?.mid ?? 0) - price(atMs));
      yesterdayError += Math.abs(price(atMs - DAY) - price(atMs));
      hours += 1;
    }
    for (let atMs = next.fromMs + 26 * HOUR; atMs < next.fromMs + 46 * HOUR; atMs += HOUR) {
      const said = outlook.at(atMs);
      nextError += Math.abs((said?.mid ?? 0) - price(atMs));
      beforeError += Math.abs(price(atMs - 2 * DAY) - price(atMs));
      expect(said?.low).toBeLessThanOrEqual(said?.mid ?? 0);
      expect(said?.high).toBeGreaterThanOrEqual(said?.mid ?? 0);
    }
    expect(outlook.at(next.fromMs + 54 * HOUR)).toBeUndefined(); // the day after those
    expect(outlook.at(next.fromMs - HOUR)).toBeUndefined(); // known
  }
  expect(kept).toHaveLength(DAYS);
  const spring = kept[46]; // 28 March; the day after it has 23 hours
  expect([spring?.hours.length, kept[47]?.hours[2]]).toEqual([24, null]);
  expect(error / hours).toBeLessThan(0.9 * (yesterdayError / hours));
  expect(outlook.next()).toMatchObject({ fromMs: told(price, DAYS).fromMs, stepMs: HOUR });
  expect(nextError).toBeLessThan(0.9 * beforeError);
  expect(nextError / 20).toBeGreaterThan(error / 23); // of what is farther less is known
  expect(outlook.next()?.midNanoPerWh).toHaveLength(48);
  const score = outlook.lastScore();
  expect(score).toMatchObject({ day: localSlot(START, ZONE).day + DAYS - 1 });
  expect(score?.nextErrorPct).toBeGreaterThan(0);

  // After a restart: the days that were kept, in small steps.
  const again = new PriceOutlook(ZONE);
  again.remember(kept);
  let steps = 0;
  while (again.work()) steps += 1;
  expect(steps).toBeGreaterThan(DAYS);
  const tomorrowMs = told(price, DAYS).fromMs;
  expect(again.at(tomorrowMs)?.mid).toBeCloseTo(outlook.at(tomorrowMs)?.mid ?? 0, 3);
});

it('a plan goes by it where nothing is known, through the tariff, and never trades on it', () => {
  const price = market();
  const tariff: Tariff = {
    ...{ id: 'spot', currency: 'EUR', timeZone: ZONE, holidays: [], source: 'test' },
    knownUntilMs: undefined,
    components: [
      {
        ...{ id: 'm', kind: 'market-import', validFromMs: 0 },
        ...{ sharePct: 100, adderNanoPerWh: 180_000 },
      },
    ],
  };
  const book = new PriceBook(tariff);
  for (let day = 0; day < 40; day += 1) book.add(told(price, day));
  while (book.outlook.work());
  const tomorrowMs = told(price, 40).fromMs + 18 * HOUR;
  expect(book.at('import', tomorrowMs)).toBeUndefined();
  expect(book.isKnown(tomorrowMs)).toBe(false);
  const spot = Math.round(book.outlook.at(tomorrowMs)?.mid ?? 0);
  expect(Math.abs(spot - price(tomorrowMs))).toBeLessThan(40_000);
  expect(book.expected('import', tomorrowMs)).toBe(spot + 180_000);

  const laterMs = tomorrowMs + DAY;
  const laterSpot = Math.round(book.outlook.at(laterMs)?.mid ?? 0);
  expect(book.isKnown(laterMs)).toBe(false);
  expect(book.expected('import', laterMs)).toBe(laterSpot + 180_000);

  // A site that has no such history goes by what its zone's cloud says.
  const young = new PriceBook(tariff);
  young.add(told(price, 39));
  young.foretell(book.outlook.next());
  expect(young.expected('import', tomorrowMs)).toBe(spot + 180_000);
  expect(young.expected('import', laterMs)).toBe(laterSpot + 180_000);
  young.foretell(undefined); // a message without it takes nothing back
  expect(young.expected('import', tomorrowMs)).toBe(spot + 180_000);
});
