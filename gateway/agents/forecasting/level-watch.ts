import { isoMinute } from '../../contracts/values/stamp.ts';
import { DAY_MS } from '../../contracts/values/time.ts';
import { percent, power } from '../../contracts/values/words.ts';
import { weekdayOf } from './seasonal/days.ts';

/** A load whose level has changed, with the days that show it. */
export interface LevelShift {
  readonly fromDay: number; // local, since 1970-01-01; the first that differs
  readonly foundDay: number;
  readonly days: number; // from the one to the other
  readonly meanW: number; // of those days
  readonly usualW: number; // of like days before
}

const COMPARED_DAYS = 28;
const LEAST_DAYS = 14;
const LEAST_LIKE_DAYS = 3;
const LEAST_QUARTERS = 72; // of a day, so that its mean counts
const LEAST_SPREAD_SHARE = 0.05; // of the usual level
const LEAST_SPREAD_W = 50;
const NORMAL_OF_MAD = 1.4826;
const MOST_SPREADS = 4; // of one day: no single one is a change
const SLACK_SPREADS = 1;
const TOLD_AT_SPREADS = 8; // three days at the most, or more at less

interface Day {
  readonly day: number;
  readonly meanW: number;
  readonly offW: number; // from what like days were
}

/**
 * Notices that a site's load has moved to another level, as by a new machine: a cumulative sum each
 * way (CUSUM; Page 1954) of daily means against the median of like days, in robust spreads. After
 * a change the site is learnt anew before the next one is looked for.
 */
export class LevelWatch {
  private readonly isHoliday: (day: number) => boolean;
  private days: Day[] = [];
  private running = { day: Number.NEGATIVE_INFINITY, sumW: 0, quarters: 0 };
  private readonly sums = [1, -1].map((sign) => ({ sign, spreads: 0, fromDay: 0 }));

  constructor(isHoliday: (day: number) => boolean) {
    this.isHoliday = isHoliday;
  }

  /** Mean of a quarter-hour, in order of time. @returns a change that the day before has shown */
  observe(day: number, powerW: number): LevelShift | undefined {
    const { running } = this;
    const ended = day > running.day && running.quarters >= LEAST_QUARTERS ? running : undefined;
    if (day > running.day) this.running = { day, sumW: 0, quarters: 0 };
    this.running.sumW += powerW;
    this.running.quarters += 1;
    return ended && this.close(ended.day, ended.sumW / ended.quarters);
  }

  private close(day: number, meanW: number): LevelShift | undefined {
    const usualW = this.usual(day);
    const offs = this.days.map(({ offW }) => offW).filter((offW) => !Number.isNaN(offW));
    const offW = meanW - usualW;
    this.days = [...this.days, { day, meanW, offW }].slice(-COMPARED_DAYS);
    if (this.days.length <= LEAST_DAYS || Number.isNaN(offW)) return undefined;
    const bias = offs.length === 0 ? 0 : medianOf(offs);
    const spreadW = Math.max(
      NORMAL_OF_MAD * medianOf(offs.map((one) => Math.abs(one - bias))),
      LEAST_SPREAD_SHARE * usualW,
      LEAST_SPREAD_W,
    );
    for (const sum of this.sums) {
      const off = (sum.sign * (offW - bias)) / spreadW;
      const spreads = sum.spreads + Math.min(MOST_SPREADS, off) - SLACK_SPREADS;
      if (sum.spreads === 0) sum.fromDay = day;
      sum.spreads = Math.max(0, spreads);
      if (sum.spreads >= TOLD_AT_SPREADS) return this.found(sum.fromDay, day, bias);
    }
    return undefined;
  }

  /** @param sinceDay  the sum left zero there; the change itself may have come later */
  private found(sinceDay: number, foundDay: number, biasW: number): LevelShift {
    let [sumW, days, likelihood, fromDay] = [0, 0, 0, sinceDay];
    for (const { day, offW } of this.days.toReversed()) {
      if (day < sinceDay || Number.isNaN(offW)) break;
      sumW += offW - biasW;
      days += 1;
      const now = (sumW * sumW) / days;
      if (now < likelihood) continue;
      likelihood = now;
      fromDay = day;
    }
    const since = this.days.filter(({ day }) => day >= fromDay);
    const mean = (of: (day: Day) => number): number =>
      since.reduce((sum, day) => sum + of(day), 0) / since.length;
    this.days = since.map((day) => ({ ...day, offW: Number.NaN }));
    for (const sum of this.sums) sum.spreads = 0;
    const meanW = mean((day) => day.meanW);
    const usualW = meanW - mean(({ offW }) => (Number.isNaN(offW) ? 0 : offW));
    return { fromDay, foundDay, days: since.length, meanW, usualW };
  }

  /** Median of like days: working days, or those of rest; NaN while there are too few. */
  private usual(day: number): number {
    const rest = this.isRest(day);
    const like = this.days.filter((one) => this.isRest(one.day) === rest);
    return like.length < LEAST_LIKE_DAYS ? Number.NaN : medianOf(like.map(({ meanW }) => meanW));
  }

  private isRest(day: number): boolean {
    const weekday = weekdayOf(day);
    return weekday === 0 || weekday === 6 || this.isHoliday(day);
  }
}

/** @param values  not empty */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** 'Consumption has been 2.1 kW (35 %) higher since 2026-06-04: 8.1 kW instead of 6.0 kW ...' */
export function shiftSentence({ fromDay, days, meanW, usualW }: LevelShift): string {
  const date = isoMinute(fromDay * DAY_MS).slice(0, 10);
  const offW = Math.abs(meanW - usualW);
  const share = usualW > 0 ? ` (${percent((100 * offW) / usualW)})` : '';
  const way = meanW > usualW ? 'higher' : 'lower';
  return (
    `Consumption has been ${power(offW)}${share} ${way} since ${date}: ${power(meanW)} in the ` +
    `mean of ${days} days, on like days before ${power(usualW)}. Forecast and plan follow.`
  );
}
