import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  onPrices,
  onWeather,
  openForecast,
  publish,
} from '../../../cloud/agents/forecasting/forecasting.ts';
import { createFiles } from '../../../gateway/adapters/files.ts';
import { createHttp } from '../../../gateway/adapters/http.ts';
import { Feed } from '../../../gateway/agents/forecasting/sources/feed.ts';
import { priceRecipe, weatherRecipe } from '../../../gateway/agents/forecasting/sources/recipes.ts';
import type { Prices } from '../../../gateway/agents/forecasting/sources/slots.ts';
import { clearSkyGhi, sunPosition } from '../../../gateway/agents/forecasting/sun.ts';
import { zoneForecast } from '../../../gateway/contracts/messages.ts';
import { priceSource, weatherSource } from '../../../gateway/contracts/sources.ts';
import { seriesAt } from '../../../gateway/contracts/values/tariff.ts';
import { type Sources, startSources } from '../../../simulators/servers/sources.ts';
import { SIMULATED_KEY } from '../../../simulators/sources/answer.ts';
import { dayAheadPrice, publishedUntil } from '../../../simulators/sources/prices.ts';

const NOW = Date.UTC(2026, 5, 15, 10, 0);
const HOUR = 3_600_000;
const QUARTER = 900_000;
const climate = { seed: 7, latitudeDeg: 47.66, longitudeDeg: 9.17 };
const place = { latitudeDeg: 47.66, longitudeDeg: 9.17, timeZone: 'Europe/Berlin' };
const AREA = '10Y1001A1001A82H';
let sources: Sources;
let nowMs = NOW;
let dir = '';
beforeAll(async () => {
  sources = await startSources({ climate, wallMs: () => nowMs });
  dir = mkdtempSync(join(tmpdir(), 'sources-'));
  writeFileSync(join(dir, 'key'), `${SIMULATED_KEY}\n`, { mode: 0o600 });
  writeFileSync(join(dir, 'wrong'), 'wrong-key', { mode: 0o600 });
  writeFileSync(join(dir, 'open'), SIMULATED_KEY, { mode: 0o644 });
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await sources.stop();
});

const ports = () => ({ http: createHttp(), files: createFiles(dir) });
const pricesOf = (config: object) =>
  new Feed(priceRecipe(priceSource.parse(config), place), ports(), QUARTER);
const weatherOf = (config: object) =>
  new Feed(weatherRecipe(weatherSource.parse(config), place), ports(), QUARTER);
const told = async <T>(feed: Feed<T>): Promise<T> => {
  const answer = await feed.ask(nowMs);
  if (answer.state !== 'new') throw new Error(JSON.stringify(answer));
  return answer.value;
};
const day = (fromMs: number): number[] => {
  const untilMs = publishedUntil(nowMs);
  return Array.from({ length: (untilMs - fromMs) / QUARTER }, (_, n) => fromMs + n * QUARTER);
};

/** EUR/MWh as the market has it, mean of the step that an instant lies in. */
const market = (atMs: number, stepMs: number): number => {
  const fromMs = Math.floor(atMs / stepMs) * stepMs;
  const parts = Array.from({ length: stepMs / QUARTER }, (_, n) =>
    dayAheadPrice(climate, fromMs + n * QUARTER),
  );
  return parts.reduce((a, b) => a + b, 0) / parts.length;
};

describe('every source of prices, over HTTP', () => {
  const cases: [string, () => object, string, (atMs: number) => number, number][] = [
    [
      'energy-charts',
      () => ({ url: sources.urls.energyCharts, biddingZone: 'DE-LU' }),
      'EUR',
      (atMs) => 1_000 * market(atMs, QUARTER),
      0.6,
    ],
    [
      'entsoe',
      () => ({ url: sources.urls.entsoe, area: AREA, keyFile: 'key' }),
      'EUR',
      (atMs) => 1_000 * market(atMs, QUARTER),
      0.6,
    ],
    ['csv', () => ({ url: sources.urls.csv }), 'EUR', (atMs) => 1_000 * market(atMs, QUARTER), 0.6],
    ['awattar', () => ({ url: sources.urls.awattar }), 'EUR', (at) => 1_000 * market(at, HOUR), 6],
    [
      'octopus',
      () => ({ url: sources.urls.octopus, product: 'AGILE-24-10-01', region: 'C' }),
      'GBP',
      (atMs) => 1_050 * market(atMs, 2 * QUARTER),
      60,
    ],
    [
      'tibber',
      () => ({ url: sources.urls.tibber, keyFile: 'key', part: 'energy' }),
      'EUR',
      (atMs) => 1_000 * market(atMs, QUARTER),
      60,
    ],
  ];
  it.each(cases)('%s', async (source, config, currency, expected, toleranceNano) => {
    const prices: Prices = await told(pricesOf({ source, ...config() }));
    expect(prices).toMatchObject({ currency, stepMs: QUARTER });
    const seen = day(NOW);
    expect(seen.length).toBe(48); // noon in Berlin: tomorrow is not out
    for (const atMs of seen) {
      const price = seriesAt(prices, atMs) ?? Number.NaN;
      expect(Math.abs(price - expected(atMs))).toBeLessThanOrEqual(toleranceNano);
    }
    expect(seriesAt(prices, publishedUntil(NOW))).toBeUndefined();
  });

  it('has tomorrow when it is published', async () => {
    const feed = pricesOf({
      source: 'entsoe',
      url: sources.urls.entsoe,
      area: AREA,
      keyFile: 'key',
    });
    nowMs = NOW + HOUR;
    const prices = await told(feed);
    expect(seriesAt(prices, NOW + 36 * HOUR - QUARTER)).toBeDefined();
    nowMs = NOW;
  });

  it.each([
    ['a wrong key', { keyFile: 'wrong' }, 'status 401: refused: 999 Unauthorized.'],
    ['a key that others may read', { keyFile: 'open' }, 'others may read this secret'],
    ['a key that is not there', { keyFile: 'none' }, 'cannot be read (ENOENT)'],
    ['an area without prices', { area: '10YFR-RTE------C' }, 'refused: 999 No matching data'],
  ])('says what is wrong with %s', async (_name, more, why) => {
    const config = { source: 'entsoe', url: sources.urls.entsoe, area: AREA, keyFile: 'key' };
    const answer = await pricesOf({ ...config, ...more }).ask(NOW);
    expect(answer).toMatchObject({ state: 'failed', why: expect.stringContaining(why) });
    expect(JSON.stringify(answer)).not.toMatch(/wrong-key|simulated-key/);
  });

  it('outlives an outage, and a page in place of an answer', async () => {
    const feed = pricesOf({ source: 'awattar', url: sources.urls.awattar });
    sources.outage.price = true;
    expect(await feed.ask(NOW)).toMatchObject({ state: 'failed' });
    sources.outage.price = false;
    expect(await feed.ask(NOW)).toMatchObject({ state: 'new' });
  });
});

describe('both sources of weather, over HTTP', () => {
  it('tell of the same sky; MET Norway is asked again only when it is not fresh', async () => {
    const open = await told(weatherOf({ source: 'open-meteo', url: sources.urls.openMeteo }));
    const feed = weatherOf({
      ...{ source: 'met-norway', url: sources.urls.metNorway, contact: 'grid@example.org' },
    });
    const met = await told(feed);
    expect([open.stepMs, met.stepMs]).toEqual([QUARTER, HOUR]);
    const at = (weather: typeof open, atMs: number) =>
      Math.floor((atMs - weather.fromMs) / weather.stepMs);
    for (const hours of [1, 13, 24]) {
      const atMs = NOW + hours * HOUR;
      const two = [open, met].map(
        (weather) => weather.temperatureC[at(weather, atMs)] ?? Number.NaN,
      );
      expect(Math.abs((two[0] ?? 0) - (two[1] ?? 0))).toBeLessThan(1.5);
      const clear = clearSkyGhi(sunPosition(47.66, 9.17, atMs + HOUR / 2).elevationDeg);
      for (const weather of [open, met]) {
        const ghi = weather.ghiWPerM2[at(weather, atMs)] ?? Number.NaN;
        expect(ghi).toBeGreaterThanOrEqual(0.05 * clear);
        expect(ghi).toBeLessThanOrEqual(1.05 * clear + 1);
      }
    }
    expect(feed.earliestMs - NOW).toBe(30 * 60_000);
    expect(await feed.ask(NOW + 60_000)).toEqual({ state: 'same' });
  });

  it('MET Norway forbids who does not say who he is', async () => {
    const url = `${sources.urls.metNorway}?lat=47.66&lon=9.17`;
    expect((await createHttp().get(url, 5_000)).status).toBe(403);
  });
});

describe('the forecasting agent', () => {
  it('publishes what they say', async () => {
    const state = openForecast({ id: 'z1', currency: 'EUR', everyMs: QUARTER, ...place });
    const weather = weatherOf({ source: 'open-meteo', url: sources.urls.openMeteo });
    onWeather(state, await told(weather), weather.recipe.name, NOW);
    const prices = pricesOf({
      ...{ source: 'energy-charts', url: sources.urls.energyCharts, biddingZone: 'DE-LU' },
    });
    expect(onPrices(state, await told(prices), prices.recipe.name)).toBeUndefined();
    const forecast = zoneForecast.parse(publish(state, 'demo', NOW).messages[0]?.body);
    const { fromMs, stepMs, ghiWPerM2 } = forecast.weather;
    expect(forecast.weather.source).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(ghiWPerM2[(NOW - fromMs) / stepMs]).toBeGreaterThan(20);
    expect(ghiWPerM2[(NOW + 13 * HOUR - fromMs) / stepMs]).toBe(0);
    expect(seriesAt(forecast.price, NOW)).toBe(Math.round(dayAheadPrice(climate, NOW) * 1_000));
  });
});
