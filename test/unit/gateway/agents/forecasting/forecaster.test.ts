import { describe, expect, it, vi } from 'vitest';
import { ErrorBook, quantile } from '../../../../../gateway/agents/forecasting/errors.ts';
import { Forecaster } from '../../../../../gateway/agents/forecasting/forecaster.ts';
import { daysBefore, seasonalNaive } from '../../../../../gateway/agents/forecasting/load.ts';
import { diffuseShare, planeIrradiance } from '../../../../../gateway/agents/forecasting/pv.ts';
import { clearSkyGhi, sunPosition } from '../../../../../gateway/agents/forecasting/sun.ts';
import type { ZoneForecast } from '../../../../../gateway/contracts/messages.ts';
import { createStream } from '../../../../../simulators/random.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time

const QUARTER = 900_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1);
const setup = {
  latitudeDeg: 52.4,
  longitudeDeg: 13.05,
  timeZone: 'Europe/Berlin',
  pvRatedW: 10_000,
  loadRatedW: 20_000,
};

/** A roof that makes 60 % of what a south plane would, under a sky of the given clearness. */
function madeW(atMs: number, clearness: number): number {
  const sun = sunPosition(setup.latitudeDeg, setup.longitudeDeg, atMs + QUARTER / 2);
  return 6 * clearness * clearSkyGhi(sun.elevationDeg);
}
const loadW = (atMs: number): number => 3_000 + ((atMs / QUARTER) % 96) * 20;

function observed(days: number, clearness: (day: number) => number): Forecaster {
  const forecaster = new Forecaster(setup);
  for (let atMs = START; atMs < START + days * DAY; atMs += QUARTER) {
    const day = Math.floor((atMs - START) / DAY);
    forecaster.observe({
      fromMs: atMs,
      pvW: madeW(atMs, clearness(day)),
      loadW: loadW(atMs),
      curtailed: false,
    });
  }
  return forecaster;
}

function weather(fromMs: number, days: number, clearness: number): ZoneForecast {
  const hours = days * 24;
  const ghi = Array.from({ length: hours }, (_, h) => {
    let sum = 0;
    for (let q = 0; q < 4; q += 1) sum += madeW(fromMs + (4 * h + q) * QUARTER, clearness) / 6;
    return sum / 4;
  });
  return {
    v: 1,
    zone: 'z1',
    issuedAtMs: fromMs,
    weather: {
      source: 'test',
      fromMs,
      stepMs: 3_600_000,
      ghiWPerM2: ghi,
      temperatureC: ghi.map(() => 20),
      cloudPct: ghi.map(() => 0),
    },
    price: { source: 'test', currency: 'EUR', fromMs, stepMs: 3_600_000, priceNanoPerWh: [] },
  };
}

const wh = (values: readonly { midW: number }[]): number =>
  values.reduce((sum, one) => sum + one.midW / 4, 0);
const madeWh = (fromMs: number, clearness: number): number => {
  let sum = 0;
  for (let i = 0; i < 96; i += 1) sum += madeW(fromMs + i * QUARTER, clearness) / 4;
  return sum;
};

describe('production', () => {
  it('is the clear sky times what the site recently made of it, without weather', () => {
    const forecaster = observed(6, () => 0.8);
    const forecast = forecaster.issue(START + 6 * DAY, 96);
    expect(forecast.sky).toBe('clear-sky');
    expect(wh(forecast.pv) / madeWh(START + 6 * DAY, 0.8)).toBeCloseTo(1, 1);
  });

  it('follows the forecast of weather once it knows the site', () => {
    const forecaster = new Forecaster(setup);
    forecaster.weather(weather(START, 12, 0.9));
    for (let atMs = START; atMs < START + 8 * DAY; atMs += QUARTER) {
      forecaster.observe({ fromMs: atMs, pvW: madeW(atMs, 0.9), loadW: 0, curtailed: false });
    }
    const tomorrow = START + 8 * DAY;
    const bright = wh(forecaster.issue(tomorrow, 96).pv);
    expect(bright / madeWh(tomorrow, 0.9)).toBeGreaterThan(0.88);
    expect(bright / madeWh(tomorrow, 0.9)).toBeLessThan(1.12);
    forecaster.weather({ ...weather(tomorrow, 2, 0.3), issuedAtMs: tomorrow });
    const dull = forecaster.issue(tomorrow, 96);
    expect(dull.sky).toBe('forecast');
    expect(wh(dull.pv)).toBeLessThan(0.5 * bright);
  });

  it('learns afterwards what a roof makes of a sky, when the weather of past days is told', () => {
    // A site that was measured for a month without any weather, under skies of every kind.
    const clearness = (day: number): number => [1, 0.3, 0.6, 0.2, 0.8][day % 5] ?? 1;
    const tomorrow = START + 20 * DAY;
    const today = weather(tomorrow, 2, 0.9);
    const said = (isTold: boolean): number => {
      const forecaster = observed(20, clearness);
      expect(forecaster.lacksPastWeather(tomorrow)).toBe(true);
      const days = Array.from({ length: 20 }, (_, n) => weather(START + n * DAY, 1, clearness(n)));
      const ghiWPerM2 = days.flatMap((one) => one.weather.ghiWPerM2);
      const past = { ...weather(START, 20, 1).weather, ghiWPerM2 };
      if (isTold) forecaster.pastWeather(past, tomorrow);
      expect(forecaster.lacksPastWeather(tomorrow)).toBe(!isTold);
      forecaster.weather(today);
      return wh(forecaster.issue(tomorrow, 96).pv);
    };
    const come = madeWh(tomorrow, 0.9);
    const [blind, taught] = [said(false), said(true)];
    expect(Math.abs(taught / come - 1)).toBeLessThan(0.1);
    expect(Math.abs(taught / come - 1)).toBeLessThan(Math.abs(blind / come - 1));
  });

  it('is 0 at night with no range, and never beyond the rating', () => {
    const { pv } = observed(3, () => 1).issue(START + 3 * DAY, 96);
    expect(pv[0]).toEqual({ lowW: 0, midW: 0, highW: 0 }); // 02:00 local
    for (const { lowW, midW, highW } of pv) {
      expect(lowW).toBeGreaterThanOrEqual(0);
      expect(lowW).toBeLessThanOrEqual(midW);
      expect(midW).toBeLessThanOrEqual(highW);
      expect(highW).toBeLessThanOrEqual(setup.pvRatedW);
    }
  });

  it('learns nothing from production that was held back', () => {
    const free = observed(3, () => 1);
    const held = observed(3, () => 1);
    for (let atMs = START + 3 * DAY; atMs < START + 4 * DAY; atMs += QUARTER) {
      free.observe({ fromMs: atMs, pvW: undefined, loadW: undefined, curtailed: false });
      held.observe({ fromMs: atMs, pvW: 0, loadW: undefined, curtailed: true });
    }
    const at = START + 4 * DAY;
    expect(wh(held.issue(at, 96).pv)).toBeCloseTo(wh(free.issue(at, 96).pv), 6);
  });
});

describe('load', () => {
  it('is last week’s quarter-hour, otherwise yesterday’s, otherwise the recent mean', () => {
    const series = new Map<number, number>();
    const now = START + 7 * DAY;
    expect(seasonalNaive(series, now, now, 'UTC')).toBeUndefined();
    series.set(now - QUARTER, 10);
    series.set(now - 2 * QUARTER, 20);
    expect(seasonalNaive(series, now, now, 'UTC')).toBe(15);
    series.set(now - DAY, 30);
    expect(seasonalNaive(series, now, now, 'UTC')).toBe(30);
    series.set(now - 7 * DAY, 50);
    expect(seasonalNaive(series, now, now, 'UTC')).toBe(50);
  });

  it('means the same local time, also across a clock change', () => {
    const change = Date.UTC(2026, 2, 29, 1); // Berlin goes from 02:00 to 03:00
    expect(daysBefore(change + 5 * 3_600_000, 1, 'Europe/Berlin')).toBe(
      change + 5 * 3_600_000 - DAY + 3_600_000,
    );
    expect(daysBefore(change + 5 * 3_600_000, 1, 'UTC')).toBe(change + 5 * 3_600_000 - DAY);
  });

  it('keeps a shift of level for some hours', () => {
    const forecaster = observed(8, () => 1);
    const now = START + 8 * DAY + 4 * QUARTER;
    for (let atMs = START + 8 * DAY; atMs < now; atMs += QUARTER) {
      forecaster.observe({ fromMs: atMs, pvW: 0, loadW: loadW(atMs) + 2_000, curtailed: false });
    }
    const { load } = forecaster.issue(now, 96);
    expect(load[0]?.midW).toBeGreaterThan(loadW(now) + 1_500);
    expect(load[40]?.midW).toBeLessThan(loadW(now + 40 * QUARTER) + 300);
  });

  it('starts from the meter where there is no history', () => {
    expect(
      new Forecaster(setup).issue(START, 4, { loadW: 750 }).load.map((one) => one.midW),
    ).toEqual([750, 750, 750, 750]);
  });

  it('has a likely range that holds about four of five values', () => {
    const random = createStream(3, 'load');
    const forecaster = new Forecaster(setup);
    let inside = 0;
    let counted = 0;
    for (let atMs = START; atMs < START + 21 * DAY; atMs += QUARTER) {
      const actual = loadW(atMs) + 1_000 * (random.next() + random.next() - 1);
      const { load } = forecaster.issue(atMs, 60);
      const band = load[0];
      if (atMs >= START + 12 * DAY && band) {
        counted += 1;
        if (band.lowW <= actual && actual <= band.highW) inside += 1;
      }
      forecaster.observe({ fromMs: atMs, pvW: 0, loadW: actual, curtailed: false });
    }
    expect(inside / counted).toBeGreaterThan(0.72);
    expect(inside / counted).toBeLessThan(0.9);
  });
});

describe('parts', () => {
  it('splits light as Erbs does', () => {
    expect(diffuseShare(0.1)).toBeCloseTo(0.991, 6);
    expect(diffuseShare(0.9)).toBe(0.165);
    expect(diffuseShare(0.5)).toBeCloseTo(0.9511 - 0.0802 + 1.097 - 2.07975 + 0.771, 6);
  });

  it('gives a flat plane the global irradiance', () => {
    const sun = { elevationDeg: 40, azimuthDeg: 180, hourAngleDeg: 0 };
    expect(planeIrradiance(600, sun, { tiltDeg: 0, azimuthDeg: 180 })).toBeCloseTo(600, 9);
    expect(planeIrradiance(600, sun, { tiltDeg: 35, azimuthDeg: 180 })).toBeGreaterThan(650);
    expect(planeIrradiance(600, { ...sun, elevationDeg: -1 }, { tiltDeg: 0, azimuthDeg: 0 })).toBe(
      0,
    );
  });

  it('says nothing of errors before there are enough', () => {
    const book = new ErrorBook();
    for (let i = 0; i < 23; i += 1) book.add(0, i);
    expect(book.range(0)).toBeUndefined();
    book.add(0, 23);
    expect(book.range(0)).toEqual({ low: 2.3000000000000003, high: 20.7 });
    expect(quantile([5], 0.9)).toBe(5);
  });
});
