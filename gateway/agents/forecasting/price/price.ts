import { Conformal, type Ends, SlotScale } from '../seasonal/bands.ts';
import { Blend } from '../seasonal/blend.ts';
import { DayBook, weekdayOf } from '../seasonal/days.ts';
import type { SlotForecast } from '../seasonal/series.ts';
import { fittingHours, type HourModel } from './ridge.ts';

const HOURS = 24;
const WEEK_DAYS = 7;
const PRICE_LAGS = [1, 2, 3, 7]; // days
const OUTLOOK_LAGS = [0, 1, 7];
const RIDGE = 30;
const KEPT_DAYS = 740;
const LEAST_ROWS = 28;
const DAYS_A_STEP = 90;
const TRUST = { sharpnessFactor: 6, rememberedShare: 0.98 };

/** Long and short memories together err less than the best of them (Lago et al. 2021). */
const WINDOWS = [
  { days: 56, everyDays: 2 },
  { days: 84, everyDays: 2 },
  { days: 364, everyDays: 7 },
  { days: 728, everyDays: 7 },
];

/** What is said of a day, by the hour. */
interface Day {
  readonly day: number;
  readonly mids: Float64Array;
  readonly scales: readonly number[];
  readonly ends: Ends;
}

interface Said extends Day {
  readonly opinions: readonly Float64Array[];
  readonly next: Day; // the day after, from this one as it is said
}

/** By day and slot; NaN is not known. */
type Prices = Pick<DayBook, 'at'>;

/**
 * Day-ahead prices by the hour from those of earlier days and, where there are any, from what is
 * foretold of the day itself (load, wind and sun of the grid).
 */
export class PriceForecast {
  private readonly slots: number;
  private readonly prices: DayBook;
  private readonly outlooks: readonly DayBook[];
  private readonly models = WINDOWS.map(() => undefined as HourModel | undefined);
  private readonly fittedDay = WINDOWS.map(() => Number.NEGATIVE_INFINITY);
  private readonly blend = new Blend(WINDOWS.length, TRUST);
  private readonly scale = new SlotScale(HOURS);
  private readonly band = new Conformal();
  private readonly nextScale = new SlotScale(HOURS); // of two days ahead
  private readonly nextBand = new Conformal();
  private promised: Day | undefined; // said of the running day before the one before it had come
  private readonly rows = new Map<number, Float64Array | undefined>();
  private said: Said | undefined;
  private saying: Generator<undefined, Said, undefined> | undefined; // of the running day
  private runningDay = Number.NEGATIVE_INFINITY;

  /** @param slots of a day, a multiple of 24 @param outlooks  how many series are foretold */
  constructor(slots: number, outlooks: number) {
    this.slots = slots;
    this.prices = new DayBook(slots, KEPT_DAYS);
    this.outlooks = Array.from({ length: outlooks }, () => new DayBook(slots, KEPT_DAYS));
  }

  /** What is foretold of a slot, before its day begins. */
  foretell(day: number, slot: number, values: readonly number[]): void {
    for (const [n, value] of values.entries()) this.outlooks[n]?.put(day, slot, value);
  }

  /** A day of long ago, of which nothing was said: it only teaches. */
  remember(day: number, slot: number, value: number): void {
    this.prices.put(day, slot, value);
  }

  /** A day begins: what was said of the one before is judged. */
  open(day: number): void {
    if (day <= this.runningDay) return;
    if (this.runningDay > Number.NEGATIVE_INFINITY) this.judge(this.whole());
    this.runningDay = day;
    this.saying = undefined;
  }

  /** One step of what is said of the running day. @returns whether there was one */
  work(): boolean {
    if (this.isSaid || this.runningDay === Number.NEGATIVE_INFINITY) return false;
    this.saying ??= this.say(this.runningDay);
    const { done, value } = this.saying.next();
    if (done === true) [this.said, this.saying] = [value, undefined];
    return true;
  }

  /** Whether the running day is said: `issue` has nothing to work out. */
  get isSaid(): boolean {
    return this.said?.day === this.runningDay;
  }

  /** Whether anything was learnt: before that a day is said as one of the last ones. */
  get isLearnt(): boolean {
    return this.models.some((model) => model !== undefined);
  }

  observe(day: number, slot: number, value: number): void {
    this.open(day);
    this.prices.put(day, slot, value);
  }

  /** The first `count` slots of the day that begins; said once, from the days before it. */
  issue(count: number): SlotForecast[] {
    return count === 0 ? [] : this.slotsOf(this.whole(), count);
  }

  /** The same of the day after the one that begins, whose prices it takes as they are said. */
  issueNext(count: number): SlotForecast[] {
    return count === 0 ? [] : this.slotsOf(this.whole().next, count);
  }

  private slotsOf({ mids, scales, ends }: Day, count: number): SlotForecast[] {
    const perHour = this.slots / HOURS;
    return Array.from({ length: count }, (_, slot) => {
      const hour = Math.floor(slot / perHour) % HOURS;
      const mid = mids[hour] ?? Number.NaN;
      const scale = scales[hour] ?? 0;
      return {
        low: mid + Math.min(0, ends.low * scale),
        mid,
        high: mid + Math.max(0, ends.high * scale),
      };
    });
  }

  private whole(): Said {
    while (this.work());
    if (this.said === undefined) throw new Error('a price is asked for before a day is open');
    return this.said;
  }

  private judge(said: Said): void {
    const actual = Float64Array.from(said.mids, (_, hour) =>
      this.hour(this.prices, said.day, hour),
    );
    this.blend.learn(said.opinions, actual);
    learnBand(said, actual, this.band, this.scale);
    if (this.promised?.day === said.day) {
      learnBand(this.promised, actual, this.nextBand, this.nextScale);
    }
    this.promised = said.next;
  }

  private *say(day: number): Generator<undefined, Said, undefined> {
    const row = this.rowOf(day);
    const naive = this.naive(this.prices, day);
    const opinions: Float64Array[] = [];
    for (const n of WINDOWS.keys()) {
      const model = row === undefined ? undefined : yield* this.modelOf(n, day);
      opinions.push(row === undefined || model === undefined ? naive : model(row));
    }
    const scales = Array.from({ length: HOURS }, (_, hour) => this.scale.at(hour));
    const mids = this.blend.mix(opinions);
    const next = this.after(day, mids, scales);
    return { day, opinions, mids, scales, ends: this.band.ends(), next };
  }

  /** The day after `day`, with `day` as it is said; never more certain than that. */
  private after(day: number, mids: Float64Array, scales: readonly number[]): Day {
    const prices: Prices = {
      at: (of, slot) =>
        of === day
          ? (mids[Math.floor((slot * HOURS) / this.slots)] ?? Number.NaN)
          : this.prices.at(of, slot),
    };
    const row = this.rowOf(day + 1, prices);
    const naive = this.naive(prices, day + 1);
    const opinions = this.models.map((model) =>
      row === undefined || model === undefined ? naive : model(row),
    );
    return {
      day: day + 1,
      mids: this.blend.mix(opinions),
      scales: scales.map((scale, hour) => Math.max(scale, this.nextScale.at(hour))),
      ends: this.nextBand.ends(),
    };
  }

  /** As yesterday; on the first days of a week and the weekend as a week ago. */
  private naive(prices: Prices, day: number): Float64Array {
    const weekday = weekdayOf(day);
    const back = weekday <= 1 || weekday === 6 ? [7, 1] : [1, 7];
    return Float64Array.from({ length: HOURS }, (_, hour) => {
      const [first = Number.NaN, second = Number.NaN] = back.map((days) =>
        this.hour(prices, day - days, hour),
      );
      return Number.isNaN(first) ? second : first;
    });
  }

  private *modelOf(
    window: number,
    day: number,
  ): Generator<undefined, HourModel | undefined, undefined> {
    const { days, everyDays } = WINDOWS[window] ?? { days: 0, everyDays: 1 };
    if (day - (this.fittedDay[window] ?? 0) < everyDays) return this.models[window];
    const rows: Float64Array[] = [];
    const targets: Float64Array[] = [];
    for (let past = day - days; past < day; past += 1) {
      if ((day - past) % DAYS_A_STEP === 0) yield;
      const row = this.keptRow(past);
      const target = Float64Array.from({ length: HOURS }, (_, h) =>
        this.hour(this.prices, past, h),
      );
      if (row === undefined || target.some((value) => Number.isNaN(value))) continue;
      rows.push(row);
      targets.push(target);
    }
    if (rows.length < LEAST_ROWS) return undefined;
    this.fittedDay[window] = day;
    const plainFrom = (rows[0]?.length ?? 0) - WEEK_DAYS;
    const model = yield* fittingHours(rows, targets, RIDGE, plainFrom);
    this.models[window] = model;
    return model;
  }

  private keptRow(day: number): Float64Array | undefined {
    if (!this.rows.has(day)) {
      this.rows.delete(day - KEPT_DAYS);
      this.rows.set(day, this.rowOf(day));
    }
    return this.rows.get(day);
  }

  /** What a day's prices are told from; undefined where not all of it is known. */
  private rowOf(day: number, prices: Prices = this.prices): Float64Array | undefined {
    const values: number[] = [];
    const take = (book: Prices, from: number): void => {
      for (let hour = 0; hour < HOURS; hour += 1) values.push(this.hour(book, from, hour));
    };
    for (const lag of PRICE_LAGS) take(prices, day - lag);
    for (const book of this.outlooks) for (const lag of OUTLOOK_LAGS) take(book, day - lag);
    if (values.some((value) => Number.isNaN(value))) return undefined;
    const weekday = weekdayOf(day);
    for (let n = 0; n < WEEK_DAYS; n += 1) values.push(n === weekday ? 1 : 0);
    return Float64Array.from(values);
  }

  /** Mean of an hour; one that a clock change skips lies between its neighbours. */
  private hour(book: Prices, day: number, hour: number): number {
    const perHour = this.slots / HOURS;
    const meanOf = (of: number): number => {
      let sum = 0;
      for (let n = 0; n < perHour; n += 1) sum += book.at(day, of * perHour + n);
      return sum / perHour;
    };
    const own = meanOf(hour);
    if (!Number.isNaN(own) || hour === 0 || hour === HOURS - 1) return own;
    return (meanOf(hour - 1) + meanOf(hour + 1)) / 2;
  }
}

/** What came, held against what was said. */
function learnBand(
  { mids, scales, ends }: Day,
  actual: Float64Array,
  band: Conformal,
  usual: SlotScale,
): void {
  for (const [hour, value] of actual.entries()) {
    const error = value - (mids[hour] ?? Number.NaN);
    const scale = scales[hour] ?? 0;
    if (scale > 0) band.learn(error / scale, ends);
    usual.learn(hour, value, error);
  }
}
