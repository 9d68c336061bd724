import { describe, expect, it } from 'vitest';
import {
  onPrices,
  onWeather,
  openForecast,
  priceQuestion,
  priceSeries,
  publish,
  weatherQuestion,
} from '../../../../../cloud/agents/forecasting/forecasting.ts';
import { parsePrices } from '../../../../../cloud/agents/forecasting/price.ts';
import { parseOpenMeteo } from '../../../../../cloud/agents/forecasting/weather.ts';
import { zoneForecast } from '../../../../../gateway/contracts/messages.ts';

const HOUR = 3_600_000;
const T0 = 1_767_225_600; // 2026-01-01T00:00Z
const weather = (more: object = {}) => ({
  utc_offset_seconds: 0,
  hourly_units: {
    time: 'unixtime',
    shortwave_radiation: 'W/m²',
    temperature_2m: '°C',
    cloud_cover: '%',
  },
  hourly: {
    time: [T0, T0 + 3_600, T0 + 7_200],
    shortwave_radiation: [0, 100, null],
    temperature_2m: [2, 4, 8],
    cloud_cover: [10, null, 50],
  },
  ...more,
});
const parsed = (answer: unknown) => parseOpenMeteo(JSON.stringify(answer), 'test');

describe('weather in the shape of Open-Meteo', () => {
  it('takes radiation as the mean of the hour before its time', () => {
    expect(parsed(weather())).toEqual({
      source: 'test',
      fromMs: T0 * 1_000 - HOUR,
      stepMs: HOUR,
      ghiWPerM2: [0, 100, null],
      temperatureC: [2, 3, 6],
      cloudPct: [10, null, null],
    });
  });

  it('prefers quarter-hours, and leaves a missing time unknown', () => {
    const minutely_15 = { time: [T0, T0 + 900, T0 + 2_700], shortwave_radiation: [1, 2, 3] };
    const result = parsed(weather({ minutely_15 }));
    expect(result).toMatchObject({ stepMs: 900_000, ghiWPerM2: [1, 2, null, 3] });
    expect(result.temperatureC).toEqual([null, null, null, null]);
  });

  it.each([
    ['not JSON', '<html>'],
    ['not an object', '[]'],
    ['ask with timezone=GMT', JSON.stringify(weather({ utc_offset_seconds: 3_600 }))],
    [
      'ask with timeformat=unixtime',
      JSON.stringify(weather({ hourly: { time: ['2026-01-01T00:00'] } })),
    ],
    ['is in °F', JSON.stringify(weather({ hourly_units: { temperature_2m: '°F' } }))],
    ['not in order', JSON.stringify(weather({ hourly: { time: [T0 + 3_600, T0] } }))],
    ['less than two times', JSON.stringify(weather({ hourly: { time: [T0] } }))],
    ['hourly is not an object', JSON.stringify({ utc_offset_seconds: 0 })],
    ['too many', JSON.stringify({ error: true, reason: 'too many' })],
  ])('is refused: %s', (why, body) => {
    expect(() => parseOpenMeteo(body, 'test')).toThrow(why);
  });
});

describe('day-ahead prices', () => {
  it('in the shape of energy-charts are nano-currency per Wh, negative ones too', () => {
    const body = {
      unix_seconds: [T0, T0 + 900, T0 + 1_800],
      price: [82.5, -3.21, null],
      unit: 'EUR / MWh',
    };
    expect(parsePrices(JSON.stringify(body))).toEqual({
      currency: 'EUR',
      fromMs: T0 * 1_000,
      stepMs: 900_000,
      priceNanoPerWh: [82_500, -3_210, null],
    });
  });

  it('in hours hold for their quarter-hours; a missing hour stays unknown', () => {
    const row = (n: number, marketprice: number) => ({
      start_timestamp: T0 * 1_000 + n * HOUR,
      end_timestamp: T0 * 1_000 + (n + 1) * HOUR,
      marketprice,
      unit: 'Eur/MWh',
    });
    const result = parsePrices(
      JSON.stringify({ object: 'list', data: [row(0, 10), row(1, 20), row(3, 30)] }),
    );
    expect(result.stepMs).toBe(900_000);
    expect(result.priceNanoPerWh.slice(2, 6)).toEqual([10_000, 10_000, 20_000, 20_000]);
    expect(result.priceNanoPerWh.slice(7, 13)).toEqual([20_000, null, null, null, null, 30_000]);
  });

  it.each([
    ['neither', '{}'],
    [
      'unit is ct / kWh',
      JSON.stringify({ unix_seconds: [T0, T0 + 900], price: [1, 2], unit: 'ct / kWh' }),
    ],
    [
      'not in order',
      JSON.stringify({ unix_seconds: [T0 + 900, T0], price: [1, 2], unit: 'EUR / MWh' }),
    ],
    ['price is not a list', JSON.stringify({ unix_seconds: [T0, T0 + 900], unit: 'EUR / MWh' })],
  ])('are refused: %s', (why, body) => {
    expect(() => parsePrices(body)).toThrow(why);
  });
});

describe('forecast of a zone', () => {
  const zone = {
    id: 'z1',
    currency: 'EUR',
    latitudeDeg: 47.66,
    longitudeDeg: 9.17,
    timeZone: 'Europe/Berlin',
    biddingZone: 'DE-LU',
    everyMs: 900_000,
    weatherUrl: 'https://weather.example/v1/forecast',
    priceUrl: 'https://price.example/price',
  };
  const prices = (...values: number[]) =>
    JSON.stringify({
      unix_seconds: values.map((_, n) => T0 + 900 * n),
      price: values,
      unit: 'EUR / MWh',
    });
  const nowMs = T0 * 1_000;

  it("asks for the days around now, in the market's own days", () => {
    expect(weatherQuestion(zone)).toContain(
      'latitude=47.66&longitude=9.17&minutely_15=shortwave_radiation',
    );
    // 00:00 UTC is 01:00 in Berlin: today is the first of January.
    expect(priceQuestion(zone, nowMs)).toBe(
      'https://price.example/price?bzn=DE-LU&start=2025-12-31&end=2026-01-02',
    );
    const own = { ...zone, priceUrl: 'https://x.example/p?from={start}' };
    expect(priceQuestion(own, nowMs)).toBe('https://x.example/p?from=2025-12-31');
  });

  it('is published once when nothing is new, and keeps the last good answer', () => {
    const state = openForecast(zone);
    expect(publish(state, 'demo', nowMs).messages).toEqual([]);
    expect(onPrices(state, prices(10, 20))).toBeUndefined();
    expect(onWeather(state, JSON.stringify(weather()))).toBeUndefined();
    const [message] = publish(state, 'demo', nowMs).messages;
    expect(message).toMatchObject({ topic: 'ew/v1/demo/zone-z1/forecast', retain: true });
    expect(zoneForecast.parse(message?.body).price.priceNanoPerWh).toEqual([10_000, 20_000]);
    expect(publish(state, 'demo', nowMs + 900_000).messages).toEqual([]);
    expect(onWeather(state, '<html>')).toContain('not JSON');
    expect(publish(state, 'demo', nowMs + 900_000).messages).toEqual([]);
    expect(state.weather.ghiWPerM2).toEqual([0, 100, null]);
    onPrices(state, prices(10, 20, 30));
    expect(publish(state, 'demo', nowMs + 900_000).messages).toHaveLength(1);
  });

  it('never takes prices of another currency', () => {
    const state = openForecast({ ...zone, currency: 'CHF' });
    expect(onPrices(state, prices(1, 2))).toContain('in EUR');
    expect(priceSeries(state, 0).priceNanoPerWh).toEqual([]);
  });
});
