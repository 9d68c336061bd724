import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import {
  HOUR_MS,
  type Instant,
  localTime,
  MINUTE_MS,
} from '../../gateway/contracts/values/time.ts';
import type { WeatherSource } from './weather.ts';

const FRESH_MS = 30 * MINUTE_MS;
const HOURS = 54; // then steps of six
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** An HTTP date, whole minutes. */
export function httpDate(atMs: Instant): string {
  const { year, month, day, weekday } = localTime(atMs, 'UTC');
  const name = MONTHS.slice(3 * month - 3, 3 * month);
  const time = isoMinute(atMs).slice(11, 16);
  return `${DAYS[weekday % 7]}, ${String(day).padStart(2, '0')} ${name} ${year} ${time}:00 GMT`;
}

/** Headers of a forecast that is computed anew every half-hour. */
export function freshness(nowMs: Instant): Record<'date' | 'expires' | 'last-modified', string> {
  const madeMs = Math.floor(nowMs / FRESH_MS) * FRESH_MS;
  return {
    date: httpDate(nowMs),
    expires: httpDate(madeMs + FRESH_MS),
    'last-modified': httpDate(madeMs),
  };
}

/** The plant's weather in the shape of locationforecast 2.0, from the running hour on. */
export function metNorwayBody(
  weather: WeatherSource,
  latitudeDeg: number,
  longitudeDeg: number,
  nowMs: Instant,
): string {
  const { hourly } = weather.forecast(
    {
      ...{ latitudeDeg, longitudeDeg, minutely15: [], pastDays: 0, forecastDays: 6 },
      hourly: ['temperature_2m', 'cloud_cover'],
    },
    nowMs,
  ) as { hourly: { time: number[]; temperature_2m: number[]; cloud_cover: number[] } };
  const firstMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const timeseries = hourly.time.flatMap((seconds, n) => {
    const hours = (seconds * 1_000 - firstMs) / HOUR_MS;
    if (hours < 0 || (hours > HOURS && hours % 6 !== 0)) return [];
    const details = {
      air_temperature: hourly.temperature_2m[n],
      cloud_area_fraction: hourly.cloud_cover[n],
    };
    const time = isoMinute(seconds * 1_000).replace('Z', ':00Z');
    return [{ time, data: { instant: { details } } }];
  });
  const units = { air_temperature: 'celsius', cloud_area_fraction: '%' };
  const updated = isoMinute(nowMs).replace('Z', ':00Z');
  return JSON.stringify({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [longitudeDeg, latitudeDeg, 35] },
    properties: { meta: { updated_at: updated, units }, timeseries },
  });
}
