import { expect, it } from 'vitest';
import { Sky } from '../../../../../gateway/agents/forecasting/sky.ts';
import type { ZoneForecast } from '../../../../../gateway/contracts/messages.ts';

const NOW = Date.UTC(2026, 5, 15, 10);
const HOUR = 3_600_000;
const PLACE = { latitudeDeg: 47.66, longitudeDeg: 9.17 };

function message(weather: Partial<ZoneForecast['weather']>, issuedAtMs = NOW): ZoneForecast {
  const values = new Array(48).fill(null);
  return {
    v: 1,
    zone: 'z1',
    issuedAtMs,
    weather: {
      ...{ source: 'w.example', fromMs: NOW - 12 * HOUR, stepMs: HOUR },
      ...{ ghiWPerM2: values, temperatureC: values, cloudPct: values },
      ...weather,
    },
    price: { source: '', currency: 'EUR', fromMs: NOW, stepMs: HOUR, priceNanoPerWh: [] },
  };
}
const ghi = (value: number) => ({ ghiWPerM2: new Array(48).fill(value) });

it('keeps its weather when a newer message has none, and lets it grow old', () => {
  const sky = new Sky(PLACE);
  expect(sky.isStale(NOW)).toBe(true);
  sky.forecast(message(ghi(300)));
  expect(sky.isStale(NOW)).toBe(false);
  sky.forecast(message({}, NOW + HOUR));
  expect(sky.at(NOW, NOW + HOUR).known).toBe(true);
  expect(sky.isStale(NOW + 3.5 * HOUR)).toBe(true);
  // Told again with newer prices, as its source has been silent since: no younger for that.
  sky.forecast(message({ ...ghi(300), askedAtMs: NOW }, NOW + 30 * HOUR));
  expect(sky.at(NOW + 35 * HOUR, NOW + 35 * HOUR).known).toBe(true);
  expect(sky.at(NOW + 35 * HOUR, NOW + 37 * HOUR).known).toBe(false);
});

it('is stale where it ends within hours', () => {
  const sky = new Sky(PLACE);
  sky.forecast(message({ ghiWPerM2: new Array(16).fill(100) }));
  expect(sky.isStale(NOW)).toBe(true);
});

it('takes the diffuse part as told: less sun in a plane that faces it', () => {
  const shareOf = (dhi: number | undefined): number => {
    const sky = new Sky({ ...PLACE, latitudeDeg: 60 }); // low: a plane gains by the beam
    const told = dhi === undefined ? {} : { dhiWPerM2: new Array(48).fill(dhi) };
    sky.forecast(message({ ...ghi(400), ...told }));
    return sky.at(NOW + HOUR, NOW).expectedShare;
  };
  const [beam, usual, overcast] = [shareOf(60), shareOf(undefined), shareOf(400)];
  expect(overcast).toBeLessThan(usual);
  expect(beam).toBeGreaterThan(1.01 * usual);
});
