import { expect, it } from 'vitest';
import { PriceForecast } from '../../../../../../gateway/agents/forecasting/price/price.ts';
import { fittingHours } from '../../../../../../gateway/agents/forecasting/price/ridge.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';

function fitHours(...words: Parameters<typeof fittingHours>) {
  const fitting = fittingHours(...words);
  for (;;) {
    const { done, value } = fitting.next();
    if (done === true) return value;
  }
}

it('few rows by the kernel and many rows find the same line', () => {
  const random = seededStream(3);
  const rows = Array.from({ length: 60 }, () => Float64Array.from({ length: 5 }, random));
  const targets = rows.map(([a = 0, b = 0]) => Float64Array.of(50 + 2 * a - b, 50 - a));
  const row = Float64Array.of(0.3, 0.8, 0.5, 0.5, 0.5);
  const many = fitHours(rows, targets, 0.01, 5)(row);
  expect(Math.abs((many[0] ?? 0) - 49.8)).toBeLessThan(0.15);
  expect(Math.abs((many[1] ?? 0) - 49.7)).toBeLessThan(0.15);
  const wide = rows.map((one) => Float64Array.from({ length: 80 }, (_, i) => one[i % 5] ?? 0));
  const few = fitHours(
    wide,
    targets,
    0.01,
    80,
  )(Float64Array.from({ length: 80 }, (_, i) => row[i % 5] ?? 0));
  expect(Math.abs((few[0] ?? 0) - 49.8)).toBeLessThan(0.15);
});

/** Price falls with the wind of the day; the wind of tomorrow cannot be told from today. */
function meanError(withOutlook: boolean, spike = false): { error: number; inBand: number } {
  const random = seededStream(11);
  const forecast = new PriceForecast(24, withOutlook ? 1 : 0);
  let [error, count, inside] = [0, 0, 0];
  for (let day = 0; day < 64; day += 1) {
    const wind = random();
    const prices = Array.from({ length: 24 }, (_, hour) => {
      const usual = 40 - 60 * wind + (hour > 16 ? 10 : 0) + random();
      return spike && day === 50 ? 3_000 : usual;
    });
    for (let hour = 0; hour < 24; hour += 1) forecast.foretell(day, hour, [wind]);
    forecast.open(day);
    const said = forecast.issue(24);
    for (const [hour, price] of prices.entries()) {
      const { low = 0, mid = 0, high = 0 } = said[hour] ?? {};
      if (day >= 44 && day !== 50) {
        error += Math.abs(price - mid);
        inside += price >= low && price <= high ? 1 : 0;
        count += 1;
      }
      forecast.observe(day, hour, price);
    }
  }
  return { error: error / count, inBand: inside / count };
}

it('what is foretold of the day is used, negative prices are said, the band holds', () => {
  const told = meanError(true);
  expect(told.error).toBeLessThan(4);
  expect(told.inBand).toBeGreaterThan(0.65);
  expect(meanError(false).error).toBeGreaterThan(2 * told.error);
}, 60_000);

it('one wild day does not spoil the days after it', () => {
  expect(meanError(true, true).error).toBeLessThan(12);
}, 60_000);

it('says as yesterday before anything is learnt, and lives through gaps', () => {
  const forecast = new PriceForecast(96, 0);
  forecast.open(4);
  expect(forecast.issue(1)[0]?.mid).toBeNaN();
  for (let slot = 0; slot < 96; slot += 1) {
    if (slot < 8 || slot > 11) forecast.observe(4, slot, slot < 48 ? 20 : 40);
  }
  forecast.open(5);
  const mids = forecast.issue(96).map(({ mid }) => mid);
  expect(mids.slice(0, 48).every((mid) => mid === 20)).toBe(true); // the skipped hour too
  expect(mids.slice(48).every((mid) => mid === 40)).toBe(true);
  forecast.open(8); // two days without prices
  expect(forecast.issue(1)[0]?.mid).toBeNaN();
});
