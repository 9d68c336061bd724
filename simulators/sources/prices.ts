import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  localTime,
  QUARTER_MS,
} from '../../gateway/contracts/values/time.ts';
import { clearSkyGhi } from '../plant/sun.ts';
import { type Climate, weatherAt } from '../plant/weather.ts';
import { noiseAt, streamKey } from '../random.ts';

/**
 * Market clock of the day-ahead auction: days, and 12:55 when tomorrow is published, are in this
 * zone.
 */
export const MARKET_ZONE = 'Europe/Berlin';
const PUBLISHED_MINUTE = 12 * 60 + 55;

/** The day's usual shape without the sun, EUR/MWh by local hour. */
const SHAPE = [
  74, 70, 68, 67, 69, 78, 96, 114, 118, 104, 92, 84, 78, 76, 78, 84, 98, 120, 138, 140, 124, 104,
  92, 82,
];

/**
 * Day-ahead price of a quarter-hour, EUR/MWh: low or negative at sunny noon, most so at the
 * weekend.
 */
export function dayAheadPrice(climate: Climate, atMs: Instant): number {
  const { weekday, minuteOfDay } = localTime(atMs, MARKET_ZONE);
  const hour = Math.floor(minuteOfDay / 60);
  const part = (minuteOfDay % 60) / 60;
  const from = SHAPE[hour] ?? 0;
  const shape = from + ((SHAPE[(hour + 1) % 24] ?? 0) - from) * part;
  const weekend = weekday >= 6;
  const weather = weatherAt(climate, atMs + QUARTER_MS / 2);
  const sun = clearSkyGhi(weather.sunElevationDeg) * (1 - 0.0062 * weather.cloudPct);
  const key = streamKey(climate.seed, 'day-ahead');
  const wind = 14 * noiseAt(key, atMs, 26 * HOUR_MS) + 5 * noiseAt(key ^ 1, atMs, 2 * HOUR_MS);
  const price = shape - (weekend ? 20 : 0) - (weekend ? 0.1 : 0.068) * sun - wind;
  return Math.round(price * 100) / 100;
}

/** End of what is published at `nowMs`: today's local midnight, tomorrow's from 12:55 local on. */
export function publishedUntil(nowMs: Instant): Instant {
  const todayMs = localDayStart(nowMs, MARKET_ZONE);
  const tomorrowMs = localDayStart(todayMs + 26 * HOUR_MS, MARKET_ZONE);
  if (localTime(nowMs, MARKET_ZONE).minuteOfDay < PUBLISHED_MINUTE) return tomorrowMs;
  return localDayStart(tomorrowMs + 26 * HOUR_MS, MARKET_ZONE);
}

/**
 * Body in the shape of energy-charts' /price for [fromMs, untilMs), cut where nothing is published
 * yet.
 */
export function priceBody(climate: Climate, fromMs: Instant, untilMs: Instant, nowMs: Instant) {
  const endMs = Math.min(untilMs, publishedUntil(nowMs), fromMs + 400 * DAY_MS);
  const seconds: number[] = [];
  const price: number[] = [];
  for (let atMs = fromMs; atMs < endMs; atMs += QUARTER_MS) {
    seconds.push(atMs / 1_000);
    price.push(dayAheadPrice(climate, atMs));
  }
  return {
    license_info: 'simulated',
    unix_seconds: seconds,
    price,
    unit: 'EUR / MWh',
    deprecated: false,
  };
}
