import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  onPrices,
  onWeather,
  openForecast,
  priceQuestion,
  publish,
  weatherQuestion,
} from '../../../cloud/agents/forecasting/forecasting.ts';
import { createHttp } from '../../../gateway/adapters/http.ts';
import { type ZoneForecast, zoneForecast } from '../../../gateway/contracts/messages.ts';
import { seriesAt } from '../../../gateway/contracts/values/tariff.ts';
import { type Sources, startSources } from '../../../simulators/servers/sources.ts';
import { dayAheadPrice } from '../../../simulators/sources/prices.ts';

const NOW = Date.UTC(2026, 5, 15, 10, 0);
const HOUR = 3_600_000;
const climate = { seed: 7, latitudeDeg: 47.66, longitudeDeg: 9.17 };
let sources: Sources;
beforeAll(async () => {
  sources = await startSources({ climate, wallMs: () => NOW });
});
afterAll(() => sources.stop());

describe('forecasting agent and the sources', () => {
  it('asks both over HTTP and publishes a day of weather and prices', async () => {
    const state = openForecast({
      id: 'z1',
      currency: 'EUR',
      latitudeDeg: climate.latitudeDeg,
      longitudeDeg: climate.longitudeDeg,
      timeZone: 'Europe/Berlin',
      biddingZone: 'DE-LU',
      everyMs: 900_000,
      weatherUrl: sources.weatherUrl,
      priceUrl: sources.priceUrl,
    });
    const http = createHttp();
    const weather = await http.get(weatherQuestion(state.zone)!, 10_000);
    const prices = await http.get(priceQuestion(state.zone, NOW)!, 10_000);
    expect([onWeather(state, weather.body), onPrices(state, prices.body)]).toEqual([
      undefined,
      undefined,
    ]);
    const forecast: ZoneForecast = zoneForecast.parse(
      publish(state, 'demo', NOW).messages[0]?.body,
    );
    // The slot that begins now: a quarter-hour, sun in the day and none at night, the price of now.
    const { fromMs, stepMs, ghiWPerM2, temperatureC } = forecast.weather;
    const at = (atMs: number) => (atMs - fromMs) / stepMs;
    expect(stepMs).toBe(900_000);
    expect(Number.isInteger(at(NOW))).toBe(true);
    expect(ghiWPerM2[at(NOW)]).toBeGreaterThan(20);
    expect(ghiWPerM2[at(NOW + 13 * HOUR)]).toBe(0);
    expect(temperatureC[at(NOW + 24 * HOUR)]).toEqual(expect.any(Number));
    expect(seriesAt(forecast.price, NOW)).toBe(Math.round(dayAheadPrice(climate, NOW) * 1_000));
    // Noon has not passed in Berlin: tomorrow is not published, and so not known.
    expect(seriesAt(forecast.price, NOW + 24 * HOUR)).toBeUndefined();
  });
});
