import { exp } from '../../../devices/maths.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localTime,
  MINUTE_MS,
  QUARTER_MS,
} from '../../contracts/values/time.ts';

/** Mean power by quarter-hour, W >= 0. */
export type Series = ReadonlyMap<Instant, number>;

const WEEKS = [7, 14, 21];

/**
 * Local minutes of the day by zone and quarter-hour: the same few thousand are asked for again and
 * again.
 */
const minutes = new Map<string, Map<Instant, number>>();
const MINUTES_KEPT = 20_000;

function minuteOfDay(atMs: Instant, timeZone: string): number {
  const known = minutes.get(timeZone) ?? new Map<Instant, number>();
  minutes.set(timeZone, known);
  let minute = known.get(atMs);
  if (minute === undefined) {
    minute = localTime(atMs, timeZone).minuteOfDay;
    if (known.size >= MINUTES_KEPT) known.clear();
    known.set(atMs, minute);
  }
  return minute;
}

/** The same local time so many days earlier: a day with a clock change has 23 or 25 hours. */
export function daysBefore(atMs: Instant, days: number, timeZone: string): Instant {
  const roughMs = atMs - days * DAY_MS;
  const off = minuteOfDay(atMs, timeZone) - minuteOfDay(roughMs, timeZone);
  const turned = off > 720 ? off - 1_440 : off < -720 ? off + 1_440 : off;
  return roughMs + turned * MINUTE_MS;
}

/** The same quarter-hour of the last weeks, otherwise of yesterday, otherwise the recent mean. */
export function seasonalNaive(series: Series, atMs: Instant, nowMs: Instant, timeZone: string) {
  let sum = 0;
  let count = 0;
  for (const days of WEEKS) {
    const value = series.get(daysBefore(atMs, days, timeZone));
    if (value === undefined) continue;
    sum += value;
    count += 1;
  }
  if (count > 0) return sum / count;
  return (
    series.get(daysBefore(atMs, 1, timeZone)) ??
    series.get(daysBefore(atMs, 2, timeZone)) ??
    recentMean(series, nowMs, 96)
  );
}

/** Mean of the last `count` quarter-hours that are known, or undefined. */
export function recentMean(series: Series, nowMs: Instant, count: number): number | undefined {
  let sum = 0;
  let known = 0;
  const lastMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
  for (let i = 1; i <= count; i += 1) {
    const value = series.get(lastMs - i * QUARTER_MS);
    if (value === undefined) continue;
    sum += value;
    known += 1;
  }
  return known === 0 ? undefined : sum / known;
}

/** How far the last quarter-hours lay above what the naive forecast says of them. */
function recentShift(
  series: Series,
  nowMs: Instant,
  timeZone: string,
  count: number,
): number | undefined {
  let sum = 0;
  let known = 0;
  const lastMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
  for (let i = 1; i <= count; i += 1) {
    const atMs = lastMs - i * QUARTER_MS;
    const actual = series.get(atMs);
    const naive = seasonalNaive(series, atMs, atMs, timeZone);
    if (actual === undefined || naive === undefined) continue;
    sum += actual - naive;
    known += 1;
  }
  return known < Math.min(count, 2) ? undefined : sum / known;
}

/**
 * Uncontrolled load, W: seasonal naive with two level shifts, of the last hour (gone after a few
 * hours) and of the last day (half of it believed). Undefined for every step while nothing at all
 * is known.
 */
export function forecastLoad(
  series: Series,
  nowMs: Instant,
  stepsMs: readonly Instant[],
  timeZone: string,
): (number | undefined)[] {
  const daily = 0.5 * (recentShift(series, nowMs, timeZone, 96) ?? 0);
  const lastHour = recentShift(series, nowMs, timeZone, 4) ?? daily;
  return stepsMs.map((atMs) => {
    const naive = seasonalNaive(series, atMs, nowMs, timeZone);
    if (naive === undefined) return undefined;
    const hours = Math.max(0, atMs - nowMs) / HOUR_MS;
    const shift = daily * exp(-hours / 24) + (lastHour - daily) * exp(-hours / 2);
    return Math.max(0, naive + shift);
  });
}
