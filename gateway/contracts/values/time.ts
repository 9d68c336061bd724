/** Instants are UTC epoch milliseconds (names end in `AtMs`), durations are milliseconds (`Ms`). */
export type Instant = number;
export type Duration = number;

export const MINUTE_MS = 60_000;
export const QUARTER_MS = 900_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A delivery interval is keyed by its UTC start; its length belongs to the zone and the tariff. */
export interface Interval {
  readonly fromMs: Instant;
  readonly durationMs: Duration;
}

/**
 * Start of the interval of `lengthMs` that contains `atMs`; intervals are aligned to UTC midnight.
 */
export function intervalStart(atMs: Instant, lengthMs: Duration = QUARTER_MS): Instant {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

/**
 * Wall-clock fields in a named IANA zone. `weekday` 1 = Monday ... 7 = Sunday, `minuteOfDay`
 * 0..1439.
 */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly minuteOfDay: number;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A tariff is asked for the same quarter-hours again and again, and Intl is slow. */
const KEPT_MINUTES = 4_096;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly minutes: Map<number, LocalTime>;
}
const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  let known = zones.get(name);
  if (known === undefined) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
    known = { format, minutes: new Map() };
    zones.set(name, known);
  }
  return known;
}

/** Local fields of an instant. @throws RangeError for a zone that is not an IANA name */
export function localTime(atMs: Instant, zone: string): LocalTime {
  const { format, minutes } = zoneOf(zone);
  const minute = Math.floor(atMs / MINUTE_MS);
  const known = minutes.get(minute);
  if (known !== undefined) return known;
  const parts: Record<string, string> = {};
  for (const part of format.formatToParts(atMs)) parts[part.type] = part.value;
  const local: LocalTime = {
    year: Number(parts['year']),
    month: Number(parts['month']),
    day: Number(parts['day']),
    weekday: WEEKDAYS.indexOf(parts['weekday'] ?? '') + 1,
    minuteOfDay: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
  if (minutes.size >= KEPT_MINUTES) minutes.clear();
  minutes.set(minute, local);
  return local;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local date, YYYY-MM-DD. */
export function localDate(atMs: Instant, zone: string): string {
  const { year, month, day } = localTime(atMs, zone);
  return `${year}-${two(month)}-${two(day)}`;
}

/**
 * Start of the local day that contains `atMs`, found by stepping quarter-hours (days have 92, 96 or
 * 100).
 */
export function localDayStart(atMs: Instant, zone: string): Instant {
  const minutes = localTime(atMs, zone).minuteOfDay;
  let startMs = intervalStart(atMs - minutes * MINUTE_MS);
  const today = localTime(atMs, zone).day;
  while (localTime(startMs, zone).day !== today) startMs += QUARTER_MS;
  while (localTime(startMs - QUARTER_MS, zone).day === today) startMs -= QUARTER_MS;
  return startMs;
}
