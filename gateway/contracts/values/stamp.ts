import { DAY_MS, type Instant, localTime, MINUTE_MS } from './time.ts';

/** Civil dates after Howard Hinnant, "chrono-compatible low-level date algorithms". */

/** UTC to the minute, as the CSV format wants it: 2026-06-15T10:15Z. */
export function isoMinute(atMs: Instant): string {
  const days = Math.floor(atMs / DAY_MS);
  const minutes = Math.floor((atMs - days * DAY_MS) / 60_000);
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const clock = `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${clock}Z`;
}

/** Days from 1970-01-01 to a civil date. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leap = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leap + dayOfYear - 719_468;
}

const STAMP = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::00(?:\.0+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** A time stamp as written: UTC where it names its offset, otherwise the reading of a clock. */
export interface Stamp {
  readonly clockMs: number; // the fields, read as if they were UTC
  readonly offsetMs: number | undefined; // undefined = no offset written
}

/**
 * YYYY-MM-DDTHH:MM with optional :00 and Z or +HH:MM; undefined when it is none or not on the
 * calendar.
 */
export function parseStamp(text: string): Stamp | undefined {
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1, 6).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return undefined;
  const clockMs = dayNumber(year, month, day) * DAY_MS + (hour * 60 + minute) * MINUTE_MS;
  if (!isoMinute(clockMs).startsWith(`${match[1]}-${match[2]}-${match[3]}`)) return undefined;
  const zone = match[6];
  if (zone === undefined) return { clockMs, offsetMs: undefined };
  if (zone === 'Z') return { clockMs, offsetMs: 0 };
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  const size = (hours * 60 + minutes) * MINUTE_MS;
  return { clockMs, offsetMs: zone.startsWith('-') ? -size : size };
}

/** Local clock minus UTC at an instant. */
export function offsetAt(atMs: Instant, zone: string): number {
  const at = localTime(atMs, zone);
  const clockMs = dayNumber(at.year, at.month, at.day) * DAY_MS + at.minuteOfDay * MINUTE_MS;
  return clockMs - Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
}

/**
 * Instants at which a zone's clock shows `clockMs`: one, none (spring) or two (autumn), in order.
 */
export function instantsOf(clockMs: number, zone: string): Instant[] {
  const offsets = [offsetAt(clockMs - DAY_MS, zone), offsetAt(clockMs + DAY_MS, zone)];
  const found = new Set<number>();
  for (const offsetMs of offsets) {
    const atMs = clockMs - offsetMs;
    if (offsetAt(atMs, zone) === offsetMs) found.add(atMs);
  }
  return [...found].sort((a, b) => a - b);
}
