import { parseStamp } from '../../../contracts/values/stamp.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  localTime,
  MINUTE_MS,
} from '../../../contracts/values/time.ts';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const HTTP_DATE = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d):(\d\d) GMT$/;

/** An HTTP date (RFC 9110, IMF-fixdate); undefined when it is none. */
export function httpDate(text: string | undefined): Instant | undefined {
  const [, day, month = '-', year, minute, second] = HTTP_DATE.exec(text ?? '') ?? [];
  const index = MONTHS.indexOf(month);
  if (index < 0 || index % 3 !== 0) return undefined;
  const stamp = parseStamp(`${year}-${String(index / 3 + 1).padStart(2, '0')}-${day}T${minute}Z`);
  return stamp && stamp.clockMs + Number(second) * 1_000;
}

/**
 * How long an answer is fresh: what its supplier says by `Expires`, by his own clock (`Date`) where
 * he tells it; at most six hours.
 */
export function freshForMs(headers: Readonly<Record<string, string>>, nowMs: Instant): number {
  const expiresMs = httpDate(headers['expires']);
  if (expiresMs === undefined) return 0;
  const sinceMs = httpDate(headers['date']) ?? nowMs;
  return Math.max(0, Math.min(6 * HOUR_MS, expiresMs - sinceMs));
}

/** How long a supplier wants to be left alone (`Retry-After`, seconds or a date); at most a day. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: Instant): number {
  const text = headers['retry-after']?.trim();
  const untilMs = httpDate(text);
  const waitMs =
    untilMs === undefined
      ? Number(/^\d{1,9}$/.exec(text ?? '')?.[0] ?? 0) * 1_000
      : untilMs - (httpDate(headers['date']) ?? nowMs);
  return Math.max(0, Math.min(DAY_MS, waitMs));
}

/** Always the same share of 1 for a text, so that not all who ask a source ask at once. */
export function spread(text: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let n = 0; n < text.length; n += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}

/** When a market's or retailer's prices of tomorrow come out, by the clock of its zone. */
export interface Publication {
  readonly timeZone: string;
  readonly fromMinute: number;
  readonly untilMinute: number;
  readonly shortMs: number; // its days end so long before midnight
}

const WITHIN_MS = 5 * MINUTE_MS; // between two questions while the prices are due

/** Start of the local day after that of an instant; days have 23 to 25 hours. */
export const nextDayStart = (atMs: Instant, timeZone: string): Instant =>
  localDayStart(localDayStart(atMs, timeZone) + 26 * HOUR_MS, timeZone);

/**
 * When to ask for prices next: not before tomorrow's come out, often while they are due, at the
 * usual distance while they are late or today's are not whole.
 * @param knownUntilMs  prices are known without a gap until there
 * @param share  0 to 1, of the five minutes by which askers are spread
 */
export function nextPricesMs(
  nowMs: Instant,
  knownUntilMs: Instant,
  { timeZone, fromMinute, untilMinute, shortMs }: Publication,
  everyMs: number,
  share: number,
): Instant {
  const tomorrowMs = nextDayStart(nowMs, timeZone);
  const lateMs = share * WITHIN_MS;
  if (knownUntilMs + shortMs < tomorrowMs) return nowMs + everyMs;
  if (knownUntilMs + shortMs >= nextDayStart(tomorrowMs, timeZone)) {
    return minuteOf(tomorrowMs, fromMinute, timeZone) + lateMs;
  }
  const firstMs = minuteOf(nowMs, fromMinute, timeZone) + lateMs;
  if (nowMs < firstMs) return firstMs;
  const due = nowMs < minuteOf(nowMs, untilMinute, timeZone);
  return nowMs + (due ? Math.min(everyMs, WITHIN_MS) : everyMs);
}

/** A minute of the local day, well after the hours in which clocks change. */
function minuteOf(atMs: Instant, minute: number, timeZone: string): Instant {
  const noonMs = localDayStart(atMs, timeZone) + 13 * HOUR_MS;
  return noonMs + (minute - localTime(noonMs, timeZone).minuteOfDay) * MINUTE_MS;
}
