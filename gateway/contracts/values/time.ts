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
const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, known);
  }
  return known;
}

/** Local fields of an instant. @throws RangeError for a zone that is not an IANA name */
export function localTime(atMs: Instant, zone: string): LocalTime {
  const parts: Record<string, string> = {};
  for (const part of format(zone).formatToParts(atMs)) parts[part.type] = part.value;
  return {
    year: Number(parts['year']),
    month: Number(parts['month']),
    day: Number(parts['day']),
    weekday: WEEKDAYS.indexOf(parts['weekday'] ?? '') + 1,
    minuteOfDay: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
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
