import {
  DAY_MS,
  type Instant,
  localDayStart,
  localTime,
  MINUTE_MS,
} from '../../contracts/values/time.ts';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/**
 * The instant that a question is about, in the site's local time: '14:30', 'at 2 pm', 'yesterday at
 * 18:00', 'on Monday at 7'; without a time of day it is now.
 */
export function instantOf(question: string, zone: string, nowMs: Instant): Instant {
  const text = question.toLowerCase();
  const minutes = minutesOf(text);
  if (minutes === undefined) return nowMs;
  let dayMs = localDayStart(nowMs, zone);
  const back = (): void => {
    dayMs = localDayStart(dayMs - DAY_MS / 2, zone);
  };
  if (text.includes('yesterday')) back();
  const weekday = DAYS.findIndex((name) => text.includes(name)) + 1;
  if (weekday > 0) {
    for (let n = 0; n < 7 && localTime(dayMs, zone).weekday !== weekday; n += 1) back();
  }
  const atMs = dayMs + minutes * MINUTE_MS;
  // A day with a change of the clock: what the clock shows counts.
  return atMs + (minutes - localTime(atMs, zone).minuteOfDay) * MINUTE_MS;
}

function minutesOf(text: string): number | undefined {
  const clock = /\b([01]?\d|2[0-3])[:.]([0-5]\d)\b/.exec(text);
  if (clock !== null) return Number(clock[1]) * 60 + Number(clock[2]);
  const half = /\b(1[0-2]|0?[1-9])\s*(am|pm)\b/.exec(text);
  if (half !== null) return ((Number(half[1]) % 12) + (half[2] === 'pm' ? 12 : 0)) * 60;
  const hour = /\bat\s+([01]?\d|2[0-3])\b(?!\s*(?:k?wh?|%|percent))/.exec(text);
  if (hour !== null) return Number(hour[1]) * 60;
  if (/\b(noon|midday)\b/.test(text)) return 720;
  return /\bmidnight\b/.test(text) ? 0 : undefined;
}
