import { afterAll, beforeAll, expect, test } from 'vitest';
import { localTime } from '../../../../gateway/contracts/values/time.ts';
import { weatherAt } from '../../../../simulators/plant/weather.ts';
import { type Sources, startSources } from '../../../../simulators/servers/sources.ts';
import {
  dayAheadPrice,
  MARKET_ZONE,
  publishedUntil,
} from '../../../../simulators/sources/prices.ts';
import { createWeatherSource } from '../../../../simulators/sources/weather.ts';

const climate = { seed: 4, latitudeDeg: 52.4, longitudeDeg: 13.1 };
const issued = Date.UTC(2026, 5, 15, 6, 7);
let nowMs = issued;
let sources: Sources;
beforeAll(async () => {
  sources = await startSources({ climate, wallMs: () => nowMs });
});
afterAll(() => sources.stop());

const ask =
  'latitude=52.4&longitude=13.1&timezone=GMT&timeformat=unixtime&forecast_days=2' +
  '&minutely_15=shortwave_radiation,temperature_2m,cloud_cover&hourly=shortwave_radiation';

interface Block {
  time: number[];
  shortwave_radiation: number[];
  temperature_2m: number[];
  cloud_cover: number[];
}
interface Body {
  minutely_15: Block;
  hourly: Block;
  minutely_15_units: Record<string, string>;
  utc_offset_seconds: number;
}
const forecast = (atMs: number): Body =>
  createWeatherSource(climate).forecast(
    {
      latitudeDeg: 52.4,
      longitudeDeg: 13.1,
      minutely15: ['shortwave_radiation', 'temperature_2m', 'cloud_cover'],
      hourly: ['shortwave_radiation'],
      pastDays: 0,
      forecastDays: 3,
    },
    atMs,
  ) as unknown as Body;

test('the weather comes in the shape of Open-Meteo', async () => {
  const response = await fetch(`${sources.urls.openMeteo}?${ask}`);
  expect(response.status).toBe(200);
  const body = (await response.json()) as Body;
  expect(body.utc_offset_seconds).toBe(0);
  expect(body.minutely_15_units).toEqual({
    time: 'unixtime',
    shortwave_radiation: 'W/m²',
    temperature_2m: '°C',
    cloud_cover: '%',
  });
  expect(body.minutely_15.time).toHaveLength(192);
  expect(body.minutely_15.time[0]).toBe(Date.UTC(2026, 5, 15) / 1_000);
  expect(body.minutely_15.time[1]! - body.minutely_15.time[0]!).toBe(900);
  expect(body.hourly.time).toHaveLength(48);
  expect(body.hourly.shortwave_radiation).toHaveLength(48);
});

test('what Open-Meteo refuses is refused the same way', async () => {
  for (const query of [
    ask.replace('shortwave_radiation', 'moonshine'),
    ask.replace('latitude=52.4', 'latitude=north'),
    ask.replace('forecast_days=2', 'forecast_days=17'),
  ]) {
    const response = await fetch(`${sources.urls.openMeteo}?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: boolean }).error).toBe(true);
  }
  expect((await fetch(sources.urls.openMeteo.replace('forecast', 'archive'))).status).toBe(404);
});

test('radiation is the mean of the preceding interval, and exact for the past', () => {
  const { minutely_15: block } = forecast(Date.UTC(2026, 5, 15, 18));
  const stamp = Date.UTC(2026, 5, 15, 10) / 1_000;
  let sum = 0;
  for (let n = 0; n < 900; n += 1)
    sum += weatherAt(climate, stamp * 1_000 - 900_000 + n * 1_000).ghiWPerM2;
  const given = block.shortwave_radiation[block.time.indexOf(stamp)]!;
  expect(Math.abs(given - sum / 900)).toBeLessThan(8);
});

test('the forecast error grows with the horizon and the night stays dark', () => {
  const source = createWeatherSource(climate);
  const errors = [0, 0];
  for (let day = 0; day < 40; day += 1) {
    const midnight = Date.UTC(2026, 4, 1) + day * 86_400_000;
    const { hourly } = source.forecast(
      {
        latitudeDeg: 52.4,
        longitudeDeg: 13.1,
        minutely15: [],
        hourly: ['shortwave_radiation'],
        pastDays: 0,
        forecastDays: 2,
      },
      midnight,
    ) as unknown as Body;
    expect(hourly.shortwave_radiation[1]).toBe(0);
    for (const ahead of [0, 1]) {
      const stamp = midnight / 1_000 + ahead * 86_400 + 12 * 3_600;
      const given = hourly.shortwave_radiation[hourly.time.indexOf(stamp)]!;
      errors[ahead] = errors[ahead]! + Math.abs(given - hourMean(stamp));
    }
  }
  expect(errors[0]! / 40).toBeGreaterThan(5);
  expect(errors[1]).toBeGreaterThan(errors[0]! * 1.15);
});

test('between two runs of its model the weather source says the same', () => {
  const atMs = Date.UTC(2026, 5, 15, 10);
  expect(forecast(atMs + 59 * 60_000)).toEqual(forecast(atMs));
  expect(forecast(atMs + 60 * 60_000)).not.toEqual(forecast(atMs));
});

function hourMean(stampS: number): number {
  let sum = 0;
  for (let n = 0; n < 60; n += 1) {
    sum += weatherAt(climate, stampS * 1_000 - 3_600_000 + (n + 0.5) * 60_000).ghiWPerM2;
  }
  return sum / 60;
}

test('prices come in the shape of energy-charts, tomorrow from 12:55 local time on', async () => {
  nowMs = Date.UTC(2026, 5, 15, 10, 54, 59); // 12:54:59 in Berlin
  const before = (await (
    await fetch(`${sources.urls.energyCharts}?bzn=DE-LU&start=2026-06-15&end=2026-06-16`)
  ).json()) as {
    unix_seconds: number[];
    price: number[];
    unit: string;
  };
  expect(before.unit).toBe('EUR / MWh');
  expect(before.unix_seconds).toHaveLength(96);
  expect(before.unix_seconds[0]).toBe(Date.UTC(2026, 5, 14, 22) / 1_000);
  nowMs = Date.UTC(2026, 5, 15, 10, 55);
  const after = (await (
    await fetch(`${sources.urls.energyCharts}?bzn=DE-LU&start=2026-06-15&end=2026-06-16`)
  ).json()) as {
    price: number[];
  };
  expect(after.price).toHaveLength(192);
  sources.outage.price = true;
  expect((await fetch(sources.urls.energyCharts)).status).toBe(503);
  sources.outage.price = false;
  nowMs = issued;
});

test('a day has 92, 96 or 100 prices', () => {
  const day = (y: number, m: number, d: number): number => {
    const from = publishedUntil(Date.UTC(y, m, d - 1, 10));
    return (publishedUntil(Date.UTC(y, m, d, 10)) - from) / 900_000;
  };
  expect(day(2026, 2, 29)).toBe(92);
  expect(day(2026, 5, 15)).toBe(96);
  expect(day(2026, 9, 25)).toBe(100);
});

test('prices are dear in the evening, and below zero on some sunny weekend noon', () => {
  let negative = 0;
  let evening = 0;
  let noon = 0;
  for (let n = 0; n < 92; n += 1) {
    const dayMs = Date.UTC(2026, 4, 1) + n * 86_400_000;
    const atNoon = dayAheadPrice(climate, dayMs + 11 * 3_600_000);
    if (atNoon < 0) {
      negative += 1;
      expect(localTime(dayMs + 11 * 3_600_000, MARKET_ZONE).weekday).toBeGreaterThan(0);
    }
    noon += atNoon;
    evening += dayAheadPrice(climate, dayMs + 17 * 3_600_000);
  }
  expect(negative).toBeGreaterThan(3);
  expect(evening / 92 - noon / 92).toBeGreaterThan(40);
});
