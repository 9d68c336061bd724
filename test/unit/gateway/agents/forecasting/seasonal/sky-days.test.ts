import { expect, it } from 'vitest';
import { DayBook } from '../../../../../../gateway/agents/forecasting/seasonal/days.ts';
import type { Expert } from '../../../../../../gateway/agents/forecasting/seasonal/experts.ts';
import { Hours } from '../../../../../../gateway/agents/forecasting/seasonal/features.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import {
  ClearSkies,
  SkyDays,
} from '../../../../../../gateway/agents/forecasting/seasonal/sky-days.ts';
import { SunRegression } from '../../../../../../gateway/agents/forecasting/seasonal/sun-regression.ts';

const SLOTS = 24;
const ANALOGY = { likeShare: 0.4, memoryDays: 20, seasonDays: 20 };
/** Clear production of a slot. */
const clearAt = (slot: number): number => Math.max(0, 10 - Math.abs(slot - 12) * 1.5);

/** Fog lies for days and then goes; a foggy day gives a fifth. */
function foggy(days: number) {
  const random = seededStream(4);
  const book = new DayBook(SLOTS, 420);
  let isFog = false;
  const shares: number[] = [];
  for (let day = 0; day < days; day += 1) {
    if (random() < 0.15) isFog = !isFog;
    const share = isFog ? 0.2 : 0.95;
    shares.push(share);
    for (let slot = 0; slot < SLOTS; slot += 1) book.put(day, slot, share * clearAt(slot));
  }
  return { book, shares };
}

it('tells a clear sky and the share of a day from what the site made', () => {
  const { book, shares } = foggy(60);
  const skies = ClearSkies.of(book);
  expect(ClearSkies.of(book)).toBe(skies);
  expect(skies.best(59)[12]).toBeCloseTo(9.5, 6);
  expect(skies.best(59)[0]).toBe(0);
  expect(skies.share(59)[0]).toBeCloseTo((shares[59] ?? 0) / 0.95, 6);
});

it.each([
  ['days that followed alike ones', () => new SkyDays(ANALOGY)],
  ['the regression', () => new SunRegression({ historyDays: 200, everyDays: 3 })],
])('clouds persist: %s', (_name, make) => {
  const { book, shares } = foggy(120);
  const expert: Expert = make();
  let [error, median] = [0, 0];
  for (let day = 60; day < 119; day += 1) {
    const lesson = expert.learn?.(book, day);
    while (lesson !== undefined && lesson.next().done !== true);
    const said = expert.forecast(book, day + 1, day)[12] ?? Number.NaN;
    error += Math.abs(said - (shares[day + 1] ?? 0) * 10);
    median += Math.abs(9.5 - (shares[day + 1] ?? 0) * 10); // most days are clear
  }
  expect(error).toBeLessThan(0.6 * median);
});

it('says nothing before there are days to compare with, and lives through gaps', () => {
  const { book } = foggy(6);
  const expert = new SkyDays(ANALOGY);
  expect(expert.forecast(book, 6, 5)[12]).toBeNaN();
  const { book: longer } = foggy(40);
  // Three days without a reading: what lies behind them still says a day.
  expect(expert.forecast(longer, 43, 42)[12]).toBeGreaterThan(0);
  const regression = new SunRegression({ historyDays: 200, everyDays: 3 });
  expect(regression.forecast(longer, 41, 40)[12]).toBeNaN();
  expect(Hours.of(longer)).toBe(Hours.of(longer));
});
