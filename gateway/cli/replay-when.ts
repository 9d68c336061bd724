import { Fault } from '../contracts/values/fault.ts';
import { type Instant, localTime, MINUTE_MS } from '../contracts/values/time.ts';

const FORM = /^(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?$/;
const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const EXAMPLE = 'write 14:05, 14:05:30, 2026-06-17T14:05 or 2026-06-17T12:05:00Z';

/**
 * An instant as a person writes it: with its zone, or in the site's; a time alone is of the day on
 * which the record ends.
 * @throws Fault for anything else
 */
export function instantOf(text: string, zone: string, lastMs: Instant, option: string): Instant {
  if (ZONED.test(text)) {
    const atMs = Date.parse(text);
    if (Number.isFinite(atMs)) return atMs;
  }
  const parts = FORM.exec(text);
  if (parts === null) throw new Fault(`'${text}' is no time`, option, EXAMPLE);
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  const today = localTime(lastMs, zone);
  const wanted = Date.UTC(
    year || today.year,
    (month || today.month) - 1,
    day || today.day,
    hour,
    minute,
  );
  const isDay = new Date(wanted).getUTCDate() === (day || today.day);
  const isTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second || 0) <= 59;
  if (!isDay || !isTime) {
    throw new Fault(`'${text}' is no time`, option, EXAMPLE);
  }
  // Twice: the first step may cross a change of the clock.
  let atMs = wanted;
  for (let step = 0; step < 2; step++) atMs += wanted - shownMs(atMs, zone);
  return atMs + 1_000 * (second || 0);
}

/** What the zone's clock shows, as if it were UTC. */
function shownMs(atMs: Instant, zone: string): number {
  const { year, month, day, minuteOfDay } = localTime(atMs, zone);
  return Date.UTC(year, month - 1, day) + minuteOfDay * MINUTE_MS;
}
