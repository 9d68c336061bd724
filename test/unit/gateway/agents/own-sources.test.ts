import { expect, it } from 'vitest';
import { type Lacking, watchOwnSources } from '../../../../gateway/agents/own-sources.ts';
import { type ZoneForecast, zoneForecast } from '../../../../gateway/contracts/messages.ts';
import { priceSource, weatherSource } from '../../../../gateway/contracts/sources.ts';
import { seriesAt } from '../../../../gateway/contracts/values/tariff.ts';
import { localTime } from '../../../../gateway/contracts/values/time.ts';
import type { Http } from '../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';
import { createSources } from '../../../../simulators/sources/answer.ts';
import { dayAheadPrice, publishedUntil } from '../../../../simulators/sources/prices.ts';

const START = Date.UTC(2026, 9, 24, 6, 3); // 08:03 in Berlin, the day before one of 25 hours
const HOUR = 3_600_000;
const climate = { seed: 5, latitudeDeg: 47.66, longitudeDeg: 9.17 };

function asking(currency = 'EUR', lacking?: Lacking) {
  const clock = createVirtualClock({ wallMs: START });
  const side = createSources(climate, () => clock.wallMs());
  const asked: { path: string; atMs: number }[] = [];
  const ask = async (url: string, headers = {}, body?: string) => {
    const { pathname: path, searchParams: query } = new URL(url);
    asked.push({ path, atMs: clock.wallMs() });
    return side.ask({ path, query, headers, ...(body !== undefined && { body }) });
  };
  const http: Http = {
    get: (url, _timeoutMs, headers) => ask(url, headers),
    post: (url, json, _timeoutMs, headers) => ask(url, headers, json),
  };
  const told: ZoneForecast[] = [];
  const warned: unknown[] = [];
  const log = { info: () => {}, error: () => {}, warn: (...said: unknown[]) => warned.push(said) };
  const end = watchOwnSources(
    { ...SUNFIELD, currency },
    {
      weather: weatherSource.parse({
        ...{ source: 'met-norway', url: 'http://s/weatherapi/locationforecast/2.0/compact' },
        contact: 'grid@example.org',
      }),
      prices: priceSource.parse({
        ...{ source: 'energy-charts', url: 'http://s/price', biddingZone: 'DE-LU' },
      }),
      everyMs: 900_000,
      ports: { http },
    },
    { clock, log },
    (forecast) => told.push(zoneForecast.parse(forecast)),
    lacking,
  );
  const times = (path: string): string[] =>
    asked
      .filter((one) => one.path === path)
      .map(({ atMs }) => {
        const { minuteOfDay } = localTime(atMs, 'Europe/Berlin');
        return `${Math.floor(minuteOfDay / 60)}:${String(minuteOfDay % 60).padStart(2, '0')}`;
      });
  return { clock, side, asked, told, warned, end, times };
}

it('asks for prices when they come out and for weather when it is old', async () => {
  const { clock, told, times, asked, end } = asking();
  await clock.advance(30 * HOUR); // to 13:03 of the next day, by the other clock
  const prices = times('/price');
  expect(prices[0]).toBe('8:03');
  // Out at 12:55, asked for within five minutes from 12:50 on and each five minutes from there.
  expect(prices.length).toBeGreaterThanOrEqual(5);
  expect(prices.length).toBeLessThanOrEqual(6);
  for (const time of prices.slice(1)) expect(time).toMatch(/^(12:5\d|13:0[0-3])$/);
  // Each half-hour and a little: MET Norway's Expires is later than our quarter of an hour.
  const weather = asked.filter(({ path }) => path !== '/price');
  expect(weather.length).toBeGreaterThanOrEqual(60);
  expect(weather.length).toBeLessThanOrEqual(62);
  const last = told.at(-1);
  if (last === undefined) throw new Error('nothing was told');
  expect(last.zone).toBe(SUNFIELD.zone);
  const nowMs = clock.wallMs();
  for (let atMs = Date.UTC(2026, 9, 24, 18); atMs < publishedUntil(nowMs); atMs += 900_000) {
    expect(seriesAt(last.price, atMs)).toBe(Math.round(dayAheadPrice(climate, atMs) * 1_000));
  }
  expect(seriesAt(last.price, publishedUntil(nowMs))).toBeUndefined();
  expect(last.weather.source).toBe('s');
  end();
  const before = asked.length;
  await clock.advance(5 * HOUR);
  expect(asked.length).toBe(before);
});

it('keeps what it knows while the source is out, and comes back after it', async () => {
  const { clock, side, told, warned } = asking();
  await clock.advance(4 * HOUR);
  const count = told.length;
  side.outage.price = true;
  side.outage.weather = true;
  await clock.advance(6 * HOUR); // over the time at which tomorrow comes out
  expect(told.length).toBe(count);
  expect(warned.length).toBeGreaterThan(40);
  side.outage.price = false;
  side.outage.weather = false;
  await clock.advance(16 * 60_000);
  const until = publishedUntil(clock.wallMs());
  expect(seriesAt(told.at(-1)?.price, until - 1)).toBeDefined();
});

it('takes no prices of another currency', async () => {
  const { clock, told, warned } = asking('CHF');
  await clock.advance(60_000);
  expect(told.every(({ price }) => price.priceNanoPerWh.length === 0)).toBe(true);
  expect(warned).toContainEqual([
    'prices: the last one stays',
    { why: "its prices are in EUR, the site's in CHF" },
  ]);
});

it('beside a cloud asks only for what that does not tell', async () => {
  const lacks = { weather: false, prices: false };
  const { clock, asked, times } = asking('EUR', {
    weather: () => lacks.weather,
    prices: () => lacks.prices,
  });
  await clock.advance(3 * HOUR);
  expect(asked).toEqual([]);
  lacks.prices = true;
  await clock.advance(5 * 60_000);
  expect(times('/price')).toHaveLength(1);
  lacks.prices = false;
  lacks.weather = true;
  await clock.advance(2 * HOUR);
  expect(times('/price')).toHaveLength(1);
  expect(asked.length).toBeGreaterThan(3);
});

it('keeps the stamp of weather that is not told any more while prices come', async () => {
  const { clock, side, told } = asking();
  await clock.advance(60_000);
  const stamp = told.at(-1)?.weather.askedAtMs ?? 0;
  expect(stamp).toBeGreaterThanOrEqual(START);
  side.outage.weather = true;
  await clock.advance(30 * HOUR); // tomorrow's prices came at noon
  const last = told.at(-1);
  expect(last?.issuedAtMs).toBeGreaterThan(START + 4 * HOUR);
  expect(last?.weather.askedAtMs).toBeLessThan(START + HOUR);
});
