import {
  intervalStart,
  type LocalTime,
  localTime,
  MINUTE_MS,
} from '../../gateway/contracts/values/time.ts';

const last = new Map<string, { startMs: number; at: LocalTime }>();

/**
 * Local fields at an instant; offsets change on quarter-hours only, so one look-up serves a
 * quarter-hour.
 */
export function localAt(atMs: number, zone: string): { weekday: number; minuteOfDay: number } {
  const startMs = intervalStart(atMs);
  let known = last.get(zone);
  if (known === undefined || known.startMs !== startMs) {
    known = { startMs, at: localTime(startMs, zone) };
    last.set(zone, known);
  }
  return {
    weekday: known.at.weekday,
    minuteOfDay: known.at.minuteOfDay + (atMs - startMs) / MINUTE_MS,
  };
}
