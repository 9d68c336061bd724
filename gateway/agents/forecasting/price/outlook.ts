import type { ZoneForecast } from '../../../contracts/messages.ts';
import type { PriceSeries } from '../../../contracts/values/tariff.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  QUARTER_MS,
} from '../../../contracts/values/time.ts';
import type { SlotForecast } from '../seasonal/series.ts';
import { localSlot } from '../site-series.ts';
import { PriceForecast } from './price.ts';

const HOURS = 24;
const PER_HOUR = HOUR_MS / QUARTER_MS;
const JUDGED_DAYS = 60; // of a history that is read; older ones only teach
const KEPT_DAYS = 740; // what the forecast learns from
const OPEN_DAYS = 4; // that are not whole yet

/** A market's prices of a local day by the hour, nano-currency per Wh; null where it has none. */
export interface PriceDay {
  readonly day: number; // local, since 1970-01-01
  readonly hours: readonly (number | null)[];
}

export type ForetoldPrices = NonNullable<ZoneForecast['priceForecast']>;

/** How far off the prices of a day were as they were forecast. */
export interface PriceScore {
  readonly day: number;
  readonly errorPct: number; // errors over the mean size of what came
  readonly nextErrorPct?: number; // the same as it was forecast a day earlier
}

/** The first day that is not told, and the one after it. */
interface Said {
  readonly day: number;
  readonly hours: readonly SlotForecast[];
  readonly nextHours: readonly SlotForecast[];
}

/**
 * Prices of the first two days that the market has not told, forecast from those it has: by the
 * hours of days that are wholly known. What is slow is done in steps.
 */
export class PriceOutlook {
  private readonly timeZone: string;
  private model = new PriceForecast(HOURS, 0);
  private kept: PriceDay[] = []; // whole days, in order
  private readonly open = new Map<number, Map<Instant, number>>(); // days, by quarter-hour
  private waiting: PriceDay[] = [];
  private newestDay = Number.NEGATIVE_INFINITY; // whole, taken or waiting
  private said: Said | undefined;
  private before: Said | undefined; // what was said a day before it
  private saidDay = Number.NEGATIVE_INFINITY; // that the model says now
  private score: PriceScore | undefined;

  /** @param timeZone  of the market's days */
  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

  /** Days as they were told before a restart, in order. */
  remember(days: readonly PriceDay[]): void {
    for (const day of days) this.take(day);
  }

  /** @returns days that are whole by it */
  add(series: PriceSeries): PriceDay[] {
    this.sort(series, this.open, (day) => day > this.newestDay);
    const whole = this.wholeOf(this.open);
    for (const day of whole) this.take(day);
    for (const day of this.open.keys()) {
      if (day <= Math.max(this.newestDay, Math.max(...this.open.keys()) - OPEN_DAYS)) {
        this.open.delete(day);
      }
    }
    return whole;
  }

  /** Whole days that are kept, in order. */
  days(): readonly PriceDay[] {
    return this.kept;
  }

  /** Days before `today` that are not known, in order. @param count how far back, days */
  lacking(today: number, count: number): number[] {
    const known = new Set(this.kept.map(({ day }) => day));
    const days = Array.from({ length: count }, (_, n) => today - count + n);
    return days.filter((day) => !known.has(day));
  }

  /** Days of a series from long ago that were not known. */
  pastOf(series: PriceSeries): PriceDay[] {
    const days = new Map<number, Map<Instant, number>>();
    const known = new Set(this.kept.map(({ day }) => day));
    this.sort(series, days, (day) => !known.has(day));
    return this.wholeOf(days);
  }

  /** Takes days from between or before those that are known, and learns anew from all of them. */
  learnPast(days: readonly PriceDay[]): void {
    const all = new Map([...days, ...this.kept].map((one) => [one.day, one]));
    if (all.size === this.kept.length) return;
    this.kept = [...all.values()].sort((a, b) => a.day - b.day).slice(-KEPT_DAYS);
    this.newestDay = this.kept.at(-1)?.day ?? this.newestDay;
    this.model = new PriceForecast(HOURS, 0);
    this.waiting = [...this.kept];
    this.before = undefined;
  }

  /** One step of what is to be learnt, some milliseconds. @returns whether there was one */
  work(): boolean {
    if (this.model.work()) return true;
    const next = this.waiting.shift();
    if (next === undefined) return this.say();
    const { day, hours } = next;
    const isOld = day < this.newestDay - JUDGED_DAYS;
    const values = hours.map((price) => price ?? Number.NaN);
    if (isOld) for (const [hour, price] of values.entries()) this.model.remember(day, hour, price);
    else this.judge(day, values);
    return true;
  }

  /** The market's price as forecast, nano-currency per Wh; undefined where nothing is said. */
  at(atMs: Instant): SlotForecast | undefined {
    const { day, slot } = localSlot(atMs, this.timeZone);
    const { said } = this;
    if (said === undefined || day < said.day || day > said.day + 1) return undefined;
    const hours = day === said.day ? said.hours : said.nextHours;
    const one = hours[Math.floor(slot / PER_HOUR)];
    return one === undefined || Number.isNaN(one.mid) ? undefined : one;
  }

  /** All that is said: whole nano-currency per Wh by the hour; undefined while nothing is. */
  next(): ForetoldPrices | undefined {
    const { said } = this;
    if (said === undefined) return undefined;
    const fromMs = localDayStart(said.day * DAY_MS + 12 * HOUR_MS, this.timeZone);
    const untilMs = localDayStart(fromMs + 2 * DAY_MS + 6 * HOUR_MS, this.timeZone);
    const bands: SlotForecast[] = [];
    for (let atMs = fromMs; atMs < untilMs; atMs += HOUR_MS) {
      const one = this.at(atMs);
      if (one === undefined) break;
      bands.push(one);
    }
    if (bands.length < HOURS - 1) return undefined; // a day has 23 hours at the least
    const rounded = (which: keyof SlotForecast) => bands.map((one) => Math.round(one[which]));
    return {
      ...{ fromMs, stepMs: HOUR_MS },
      lowNanoPerWh: rounded('low'),
      midNanoPerWh: rounded('mid'),
      highNanoPerWh: rounded('high'),
    };
  }

  /** Of the newest day that was forecast and has come. */
  lastScore(): PriceScore | undefined {
    return this.score;
  }

  private take(day: PriceDay): void {
    if (day.day <= this.newestDay) return;
    this.newestDay = day.day;
    this.waiting.push(day);
    this.kept.push(day);
    if (this.kept.length > KEPT_DAYS) this.kept.shift();
  }

  private judge(day: number, values: readonly number[]): void {
    const { said, before } = this;
    const errorPct = said?.day === day ? errorOf(said.hours, values) : undefined;
    const nextErrorPct = before?.day === day - 1 ? errorOf(before.nextHours, values) : undefined;
    if (errorPct !== undefined) {
      this.score = { day, errorPct, ...(nextErrorPct !== undefined && { nextErrorPct }) };
    }
    this.before = said;
    for (const [hour, price] of values.entries()) this.model.observe(day, hour, price);
    this.model.open(day + 1);
    this.saidDay = day + 1;
    this.said = undefined;
  }

  /** What the model has ready, once. */
  private say(): boolean {
    const { model, saidDay } = this;
    if (this.said?.day === saidDay || !model.isSaid || !model.isLearnt) return false;
    this.said = { day: saidDay, hours: model.issue(HOURS), nextHours: model.issueNext(HOURS) };
    return true;
  }

  /** Prices by day and quarter-hour. */
  private sort(
    series: PriceSeries,
    days: Map<number, Map<Instant, number>>,
    isWanted: (day: number) => boolean,
  ): void {
    for (const [i, price] of series.priceNanoPerWh.entries()) {
      if (price === null) continue;
      const fromMs = series.fromMs + i * series.stepMs;
      for (let atMs = fromMs; atMs < fromMs + series.stepMs; atMs += QUARTER_MS) {
        const { day } = localSlot(atMs, this.timeZone);
        if (!isWanted(day)) continue;
        const known = days.get(day) ?? new Map<Instant, number>();
        days.set(day, known.set(atMs, price));
      }
    }
  }

  /** Those of which all quarter-hours are known, in order; there are 92, 96 or 100. */
  private wholeOf(days: ReadonlyMap<number, ReadonlyMap<Instant, number>>): PriceDay[] {
    return [...days].sort(([a], [b]) => a - b).flatMap(([day, known]) => this.dayOf(day, known));
  }

  private dayOf(day: number, known: ReadonlyMap<Instant, number>): PriceDay[] {
    const fromMs = localDayStart([...known.keys()][0] ?? 0, this.timeZone);
    const untilMs = localDayStart(fromMs + DAY_MS + 6 * HOUR_MS, this.timeZone);
    if (known.size < (untilMs - fromMs) / QUARTER_MS) return [];
    const sums = Array.from({ length: HOURS }, () => ({ price: 0, quarters: 0 }));
    for (const [atMs, price] of known) {
      const hour = sums[Math.floor(localSlot(atMs, this.timeZone).slot / PER_HOUR)];
      if (hour === undefined) continue;
      hour.price += price;
      hour.quarters += 1;
    }
    const hours = sums.map(({ price, quarters }) =>
      quarters === 0 ? null : Math.round(price / quarters),
    );
    return [{ day, hours }];
  }
}

function errorOf(said: readonly SlotForecast[], came: readonly number[]): number | undefined {
  let [errors, sizes] = [0, 0];
  for (const [hour, price] of came.entries()) {
    const mid = said[hour]?.mid ?? Number.NaN;
    if (Number.isNaN(price) || Number.isNaN(mid)) continue;
    errors += Math.abs(price - mid);
    sizes += Math.abs(price);
  }
  return sizes > 0 ? Math.round((1_000 * errors) / sizes) / 10 : undefined;
}
