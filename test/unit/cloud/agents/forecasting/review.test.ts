import { expect, test } from 'vitest';
import { reviewForecast, reviewRows } from '../../../../../cloud/agents/forecasting/review.ts';
import type { ZoneForecast } from '../../../../../gateway/contracts/messages.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 5, 15, 12);
const BERLIN = { latitudeDeg: 52.5, longitudeDeg: 13.4 };

/** Two bright days as a source would issue them. */
function forecast(change: (one: ZoneForecast) => void = () => undefined): ZoneForecast {
  const hours = Array.from({ length: 48 }, (_, n) => (12 + n) % 24);
  const series = { fromMs: NOON, stepMs: HOUR };
  const one: ZoneForecast = {
    v: 1,
    zone: 'z1',
    issuedAtMs: NOON,
    weather: {
      source: 'test',
      ...series,
      ghiWPerM2: hours.map((h) => (h >= 5 && h < 18 ? 500 : 0)),
      temperatureC: hours.map(() => 20),
      cloudPct: hours.map(() => 10),
    },
    price: {
      source: 'test',
      currency: 'EUR',
      ...series,
      priceNanoPerWh: hours.map((h, n) => (n < 36 ? 60_000 + 1_000 * h : null)),
    },
  };
  change(one);
  return one;
}

const findings = (now: ZoneForecast, before?: ZoneForecast) =>
  reviewForecast(now, before, BERLIN).map(({ kind, who }) => `${kind} ${who}`);

test.each<[string, (one: ZoneForecast) => void, string[]]>([
  ['a sound forecast', () => undefined, []],
  ['a hole', (one) => one.weather.ghiWPerM2.fill(null, 5, 8), ['gap sun']],
  [
    'the sun at midnight',
    (one) => one.weather.ghiWPerM2.fill(400, 11, 13),
    ['impossible sun', 'jump sun'],
  ],
  ['Fahrenheit', (one) => one.weather.temperatureC.fill(77), ['impossible temperature']],
  ['prices that end', (one) => one.price.priceNanoPerWh.fill(null, 6), ['short price']],
  ['another price', (one) => one.price.priceNanoPerWh.fill(400_000, 3, 5), ['jump price']],
  ['no weather', (one) => one.weather.ghiWPerM2.fill(null), ['short sun']],
])('rules see %s', (_what, change, expected) => {
  expect(findings(forecast(change), forecast()).sort()).toEqual([...expected].sort());
});

test('a model gets the same day by the hour, and no words of the rules', () => {
  const rows = reviewRows(forecast(), forecast());
  expect(rows).toHaveLength(24);
  expect(rows[0]).toEqual({
    atMs: NOON,
    ...{ sun: 500, temperature: 20, price: 72_000 },
    ...{ sunBefore: 500, temperatureBefore: 20, priceBefore: 72_000 },
  });
});
