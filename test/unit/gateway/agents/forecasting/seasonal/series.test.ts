import { expect, it, vi } from 'vitest';
import { backtest } from '../../../../../../gateway/agents/forecasting/backtest.ts';
import {
  Conformal,
  SlotScale,
} from '../../../../../../gateway/agents/forecasting/seasonal/bands.ts';
import { analog } from '../../../../../../gateway/agents/forecasting/seasonal/experts.ts';
import { SeriesForecast } from '../../../../../../gateway/agents/forecasting/seasonal/series.ts';
import {
  loadExperts,
  seededStream,
  sunExperts,
} from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time
const HOUR = 3_600_000;
const ANALOG = analog({ memoryDays: 12, workingShare: 0.3, otherShare: 0.02 });

/** A load with a daily rhythm and a slow swing that nobody can know a day ahead. */
function load(days: number, seed: number): number[] {
  const random = seededStream(seed);
  let swing = 0;
  return Array.from({ length: days * 24 }, (_, n) => {
    swing = 0.9 * swing + random() - 0.5;
    return Math.max(0, 4 + (n % 24 > 7 ? 3 : 0) + swing + 0.2 * random());
  });
}

it('an hour ahead it knows more than a day ahead, and 80 % lie in the band', () => {
  const values = load(300, 3);
  const clockMs = values.map((_, n) => n * HOUR);
  const setup = { testFromMs: 150 * 24 * HOUR, horizonsH: [1, 4, 24] };
  const score = backtest({ slots: 24, clockMs, values }, new SeriesForecast(24, [ANALOG]), setup);
  const { horizons } = score;
  expect(horizons['1h']).toBeLessThan(0.6 * (horizons['24h'] ?? 0));
  expect(horizons['4h']).toBeLessThan(horizons['24h'] ?? 0);
  expect(score.coverageShare).toBeGreaterThan(0.77);
  expect(score.coverageShare).toBeLessThan(0.83);
  expect(score.maseRatio).toBeLessThan(1);
});

it('a forecast is the same whenever it is asked for, and ordered', () => {
  const said = [1, 2].map(() => {
    const series = new SeriesForecast(24, loadExperts(seededStream(1)));
    for (const [n, value] of load(30, 8).entries()) {
      series.observe(Math.floor(n / 24), n % 24, value);
    }
    return series.issue(48);
  });
  expect(said[0]).toEqual(said[1]);
  expect(said[0]?.length).toBe(48);
  for (const { low, mid, high } of said[0] ?? []) {
    expect(low).toBeLessThanOrEqual(mid);
    expect(mid).toBeLessThanOrEqual(high);
  }
});

it('lives through gaps, a clock change and a long silence', () => {
  const series = new SeriesForecast(24, [ANALOG]);
  expect(series.issue(3)).toEqual([]);
  for (let day = 0; day < 40; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) {
      if (day === 20 && hour === 2) continue; // in spring
      if (day > 25 && day < 28) continue; // silence
      series.observe(day, hour, 10 + hour);
      if (day === 30 && hour === 2) series.observe(day, hour, 14); // in autumn, again
      if (day === 33) series.observe(day, hour, Number.NaN);
    }
  }
  const mids = series.issue(24).map(({ mid }) => mid);
  for (const [hour, mid] of mids.entries()) expect(mid).toBeCloseTo(10 + hour, 1);
  series.observe(500, 0, 1); // more than a year later
  expect(series.issue(2).length).toBe(2);
});

it('under the sun nothing is said by night, and clear days are found', () => {
  const series = new SeriesForecast(24, sunExperts());
  const random = seededStream(4);
  for (let day = 0; day < 40; day += 1) {
    const cloud = 0.5 + 0.5 * random();
    for (let hour = 0; hour < 24; hour += 1) {
      series.observe(day, hour, cloud * Math.max(0, 36 - (hour - 12) ** 2));
    }
  }
  const day = series.issue(24);
  expect(day[0]).toEqual({ low: 0, mid: 0, high: 0 });
  expect(day[12]?.mid).toBeGreaterThan(18);
  expect(day[12]?.mid).toBeLessThan(36);
});

it('a band adapts to errors of any shape', () => {
  const random = seededStream(6);
  const band = new Conformal();
  let [below, above] = [0, 0];
  for (let n = 0; n < 6_000; n += 1) {
    const score = (n > 3_000 ? 4 : 1) * (random() ** 3 - 0.2); // skewed, and suddenly wider
    const { low, high } = band.ends();
    if (score < low) below += 1;
    if (score > high) above += 1;
    band.learn(score, { low, high });
  }
  expect(below / 6_000).toBeCloseTo(0.1, 1);
  expect(above / 6_000).toBeCloseTo(0.1, 1);
  expect((below + above) / 6_000).toBeLessThan(0.22);
});

it('the scale of a slot is its own, zero where nothing ever happened', () => {
  const scale = new SlotScale(24);
  for (let day = 0; day < 20; day += 1) {
    for (let slot = 0; slot < 24; slot += 1) {
      scale.learn(slot, slot < 6 ? 0 : slot, slot < 6 ? 0 : slot);
    }
  }
  expect(scale.at(0)).toBe(0);
  expect(scale.at(20)).toBeCloseTo(20, 6);
  expect(scale.at(12)).toBeCloseTo(12, 6);
});
