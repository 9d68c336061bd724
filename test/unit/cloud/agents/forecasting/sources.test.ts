import { describe, expect, it } from 'vitest';
import {
  knownUntil,
  onPrices,
  onSameWeather,
  onWeather,
  openForecast,
  priceSeries,
  publish,
  restoreForecast,
} from '../../../../../cloud/agents/forecasting/forecasting.ts';
import type { Row } from '../../../../../cloud/ports.ts';
import { zoneForecast } from '../../../../../gateway/contracts/messages.ts';
import { localDayStart } from '../../../../../gateway/contracts/values/time.ts';

const QUARTER = 900_000;
const T0 = 1_767_225_600_000; // 2026-01-01T00:00Z

describe('forecast of a zone', () => {
  const zone = {
    id: 'z1',
    currency: 'EUR',
    latitudeDeg: 47.66,
    longitudeDeg: 9.17,
    timeZone: 'Europe/Berlin',
    everyMs: QUARTER,
  };
  const weather = {
    fromMs: T0,
    stepMs: QUARTER,
    ghiWPerM2: [0, 100, null],
    temperatureC: [2, 3, 6],
    cloudPct: [10, null, null],
  };
  const prices = (...priceNanoPerWh: (number | null)[]) => ({
    currency: 'EUR',
    fromMs: T0,
    stepMs: QUARTER,
    priceNanoPerWh,
  });

  it('is published once when nothing is new, and keeps what is absent from an answer', () => {
    const state = openForecast(zone);
    expect(publish(state, 'demo', T0).messages).toEqual([]);
    expect(onPrices(state, prices(10_000, 20_000), 'p.example')).toBeUndefined();
    onWeather(state, weather, 'w.example', T0);
    const [message] = publish(state, 'demo', T0).messages;
    expect(message).toMatchObject({ topic: 'ew/v1/demo/zone-z1/forecast', retain: true });
    const published = zoneForecast.parse(message?.body);
    expect(published.price).toMatchObject({ source: 'p.example' });
    expect(published.price.priceNanoPerWh).toEqual([10_000, 20_000]);
    expect(published.weather).toEqual({ ...weather, source: 'w.example', askedAtMs: T0 });
    expect(publish(state, 'demo', T0 + QUARTER).messages).toEqual([]);
    onPrices(state, prices(null, 20_000, 30_000), 'p.example');
    expect(priceSeries(state, 0).priceNanoPerWh).toEqual([10_000, 20_000, 30_000]);
    expect(publish(state, 'demo', T0 + QUARTER).messages).toHaveLength(1);
  });

  it('stamps weather with the time of its answer, and says at times that it still holds', () => {
    const state = openForecast(zone);
    const told = (atMs: number) => publish(state, 'demo', atMs).messages.map(({ body }) => body);
    onWeather(state, weather, 'w.example', T0);
    expect(told(T0)).toHaveLength(1);
    onPrices(state, prices(10_000), 'p.example'); // while the weather source is out
    expect(told(T0 + 20 * QUARTER)).toMatchObject([{ weather: { askedAtMs: T0 } }]);
    onSameWeather(state, T0 + QUARTER);
    expect(told(T0 + QUARTER)).toEqual([]);
    onSameWeather(state, T0 + 9 * QUARTER);
    expect(told(T0 + 9 * QUARTER)).toMatchObject([{ weather: { askedAtMs: T0 + 9 * QUARTER } }]);
  });

  it('forecasts the first day that the market has not told, once it has seen enough', () => {
    const day = 96 * QUARTER;
    const fromMs = localDayStart(T0, zone.timeZone);
    const of = (n: number) => ({
      ...{ currency: 'EUR', fromMs: fromMs + n * day, stepMs: QUARTER },
      priceNanoPerWh: Array.from({ length: 96 }, (_, q) => 50_000 + 1_000 * (n % 7) + 100 * q),
    });
    const state = openForecast(zone);
    const rows: Row[] = [];
    for (let n = 0; n < 42; n += 1) {
      onPrices(state, of(n), 'p.example');
      const { writes } = publish(state, 'demo', fromMs + n * day);
      for (const write of writes) if (write.op === 'put') rows.push(write.row);
    }
    expect(state.published?.priceForecast).toBeUndefined(); // nobody has worked yet
    while (state.outlook.work());
    const [message] = publish(state, 'demo', fromMs + 41.5 * day).messages;
    const { priceForecast } = zoneForecast.parse(message?.body);
    expect(priceForecast).toMatchObject({ fromMs: fromMs + 42 * day, stepMs: 4 * QUARTER });
    const said = priceForecast?.midNanoPerWh[18] ?? 0;
    expect(Math.abs(said - 57_350)).toBeLessThan(4_000);
    // After a restart it learns from what is kept.
    const again = openForecast(zone);
    const kept = rows.filter(({ kind }) => kind === 'price');
    const newest = new Map(kept.map((row) => [row.key, row]));
    restoreForecast(
      again,
      { rows: (_table, kind) => (kind === 'price' ? [...newest.values()] : []) },
      fromMs + 41.5 * day,
    );
    while (again.outlook.work());
    expect(again.outlook.next()?.fromMs).toBe(fromMs + 42 * day);
  });

  it('never takes prices of another currency', () => {
    const state = openForecast({ ...zone, currency: 'CHF' });
    expect(onPrices(state, prices(1, 2), 'p.example')).toContain('in EUR');
    expect(priceSeries(state, 0).priceNanoPerWh).toEqual([]);
  });

  it('knows until where its prices have no gap', () => {
    const state = openForecast(zone);
    expect(knownUntil(state, T0 + 1)).toBe(T0);
    onPrices(state, prices(1, 2, null, 4), 'p.example');
    expect(knownUntil(state, T0 + 1)).toBe(T0 + 2 * QUARTER);
    expect(knownUntil(state, T0 + 2 * QUARTER)).toBe(T0 + 2 * QUARTER);
  });
});
