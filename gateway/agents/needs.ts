import type { ValueStore } from '../contracts/values/levels.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  localTime,
  QUARTER_MS,
} from '../contracts/values/time.ts';
import type { ChargedPast } from './planning/site-plan.ts';
import { lowestCapW } from './planning/value/cap.ts';
import { COVERED_PCT, type QuarterBook } from './quarters.ts';

/** Days that say what may come where the highest import costs. */
const PAST_DAYS = 28;
const DAILY_STEPS = DAY_MS / QUARTER_MS;

/** Whole days after the one that begins then. */
function daysLeftOfMonth(midnightMs: Instant, zone: string): number {
  const noonMs = midnightMs + DAY_MS / 2;
  const { month } = localTime(noonMs, zone);
  let days = 0;
  while (localTime(noonMs + (days + 1) * DAY_MS, zone).month === month) days += 1;
  return days;
}

interface Known {
  readonly midnightMs: Instant;
  readonly byDay: readonly Float64Array[]; // yesterday first
  readonly lowestW: number;
}

/** What a site needed of late without its batteries; worked out anew each local day. */
export class Needs {
  private readonly quarters: QuarterBook;
  private readonly timeZone: string;
  private known: Known | undefined;

  constructor(quarters: QuarterBook, timeZone: string) {
    this.quarters = quarters;
    this.timeZone = timeZone;
  }

  /** @param period  whose highest import is paid once */
  at(nowMs: Instant, pool: ValueStore, period: 'month' | 'day'): ChargedPast {
    const midnightMs = localDayStart(nowMs, this.timeZone);
    if (this.known?.midnightMs !== midnightMs) this.known = this.look(midnightMs, pool);
    const { byDay, lowestW } = this.known;
    const slots = Math.min(DAILY_STEPS - 1, Math.floor((nowMs - midnightMs) / QUARTER_MS));
    const today = Array.from({ length: slots }, (_, n) => this.needWh(midnightMs + n * QUARTER_MS));
    return {
      lowestW,
      midnightMs,
      daysLeft: period === 'day' ? 0 : daysLeftOfMonth(midnightMs, this.timeZone),
      days: {
        dailySteps: DAILY_STEPS,
        days: byDay.length,
        todayWh: today,
        needWh: (daysAgo, slot) => byDay[daysAgo - 1]?.[slot] ?? Number.NaN,
      },
    };
  }

  private look(midnightMs: Instant, pool: ValueStore): Known {
    const byDay: Float64Array[] = [];
    let knownDays = 0;
    let startMs = midnightMs;
    for (let day = 0; day < PAST_DAYS; day += 1) {
      startMs = localDayStart(startMs - DAY_MS / 2, this.timeZone);
      const fromMs = startMs;
      const needs = Float64Array.from({ length: DAILY_STEPS }, (_, slot) =>
        this.needWh(fromMs + slot * QUARTER_MS),
      );
      byDay.push(needs);
      if (needs.some((wh) => !Number.isNaN(wh))) knownDays = day + 1;
    }
    const known = byDay.slice(0, knownDays);
    const inOrder = [...known].reverse().flatMap((day) => [...day]);
    return {
      midnightMs,
      byDay: known,
      lowestW: lowestCapW(inOrder, QUARTER_MS / HOUR_MS, pool),
    };
  }

  /** Of a quarter-hour, Wh, + deficit; NaN where it is not known. */
  private needWh(fromMs: Instant): number {
    const found = this.quarters.measured(fromMs);
    if (found?.batteryWh === undefined || found.coveragePct < COVERED_PCT) return Number.NaN;
    return found.inWh - found.outWh + found.batteryWh;
  }
}
