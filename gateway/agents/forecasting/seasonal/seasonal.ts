import { Blend } from './blend.ts';
import { DayBook } from './days.ts';
import type { Expert, Lesson } from './experts.ts';

const KEPT_DAYS = 420;
const LEADS = [1, 2] as const;
const PREPARED_DAYS = 3; // in which the next 48 hours lie
const SAID_KEPT = 16;
const LONG_GAP_DAYS = 60; // after it nothing is learnt from the days between

export interface SeasonalOptions {
  /**
   * What a day's end asks for, and lessons, wait for `settle` and `work` instead of being done at
   * once: until then forecasts rest on the day before.
   */
  readonly spread?: boolean;
  /** A local day that is like a Sunday. */
  readonly isHoliday?: (day: number) => boolean;
}

/**
 * Day-ahead forecasts of a series with a daily rhythm by several experts, weighed by what each got
 * wrong before. Nothing is known of the site beforehand; after a day it says yesterday, after some
 * weeks what suits this site.
 */
export class SeasonalForecast {
  readonly book: DayBook;
  private readonly experts: readonly Expert[];
  private readonly blends = LEADS.map(() => undefined as Blend | undefined);
  private readonly said = new Map<string, readonly Float64Array[]>();
  private readonly spread: boolean;
  private readonly lessons = new Map<Expert, Lesson>(); // in the order in which they are learnt
  private openDay = Number.NEGATIVE_INFINITY; // first one that is not closed
  private closing: Lesson | undefined;
  private isLate = false; // the day after is over as well

  constructor(slots: number, experts: readonly Expert[], options: SeasonalOptions = {}) {
    this.book = new DayBook(slots, KEPT_DAYS, options.isHoliday);
    this.experts = experts;
    this.spread = options.spread === true;
  }

  /** Whether every day that is over is closed. */
  get isSettled(): boolean {
    return this.closing === undefined;
  }

  /** One step of a day's end, an expert at a time. @returns whether there was one */
  settle(): boolean {
    if (this.closing === undefined) return false;
    if (this.closing.next().done === true) this.closing = undefined;
    return true;
  }

  /** One step of the lessons that wait. @returns whether there was one */
  work(): boolean {
    for (const [expert, lesson] of this.lessons) {
      if (lesson.next().done === true) this.lessons.delete(expert);
      return true;
    }
    return false;
  }

  /** A slot of long ago, before any that is observed: days to compare with, no more. */
  teach(day: number, slot: number, value: number): void {
    this.book.put(day, slot, value);
  }

  /** Mean of a slot as measured, in order of time. */
  observe(day: number, slot: number, value: number): void {
    this.open(day);
    this.book.put(day, slot, value);
  }

  /** A day begins: those before it are whole, and are learnt. */
  open(day: number): void {
    if (this.openDay === Number.NEGATIVE_INFINITY || day - this.openDay > LONG_GAP_DAYS) {
      this.openDay = day;
      this.closing = undefined;
    }
    while (day > this.openDay) {
      this.closing ??= this.close(this.openDay);
      if (this.spread && day === this.openDay + 1) return;
      this.isLate = true;
      while (this.settle());
      this.isLate = false;
    }
  }

  /** Newest whole day that a forecast of `day` rests on. */
  lastDay(day: number): number {
    return Math.min(this.openDay, day) - 1;
  }

  /** The whole day `day` as said from the days before the running one. */
  forecast(day: number): Float64Array {
    const lastDay = this.lastDay(day);
    return this.blendOf(day - lastDay).mix(this.opinions(day, lastDay));
  }

  /** Shares of the experts in a forecast of tomorrow. */
  weights(): Float64Array {
    return this.blendOf(1).weights();
  }

  private opinions(day: number, lastDay: number): readonly Float64Array[] {
    const asking = this.opining(day, lastDay);
    for (;;) {
      const { done, value } = asking.next();
      if (done === true) return value;
    }
  }

  /** What every expert says of a day, asked one at a step. */
  private *opining(
    day: number,
    lastDay: number,
  ): Generator<undefined, readonly Float64Array[], undefined> {
    const key = `${day} ${lastDay}`;
    const known = this.said.get(key);
    if (known !== undefined) return known;
    const said: Float64Array[] = [];
    for (const expert of this.experts) {
      said.push(expert.forecast(this.book, day, lastDay));
      yield;
    }
    for (const oldest of this.said.keys()) {
      if (this.said.size < SAID_KEPT) break;
      this.said.delete(oldest);
    }
    this.said.set(key, said);
    return said;
  }

  private blendOf(ahead: number): Blend {
    const index = Math.min(LEADS.length, Math.max(1, ahead)) - 1;
    const blend = this.blends[index] ?? new Blend(this.experts.length);
    this.blends[index] = blend;
    return blend;
  }

  private *close(day: number): Lesson {
    const actual = this.book.of(day);
    if (actual !== undefined) {
      for (const lead of LEADS) {
        const opinions = yield* this.opining(day, day - lead);
        this.blendOf(lead).learn(opinions, actual);
      }
    }
    for (const expert of this.experts) {
      const lesson = expert.learn?.(this.book, day);
      if (lesson !== undefined) this.lessons.set(expert, lesson); // a newer one replaces it
    }
    if (this.spread && !this.isLate) {
      for (let ahead = 1; ahead <= PREPARED_DAYS; ahead += 1) {
        yield* this.opining(day + ahead, day);
      }
    }
    if (!this.spread) while (this.work());
    this.openDay = day + 1;
  }
}
