import { Blend } from './blend.ts';
import { DayBook } from './days.ts';
import type { Expert, Lesson } from './experts.ts';

const KEPT_DAYS = 420;
const LEADS = [1, 2] as const;
const LONG_GAP_DAYS = 60; // after it nothing is learnt from the days between

export interface SeasonalOptions {
  /** Lessons wait for `work` instead of being learnt at once when a day ends. */
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
  private openDay = Number.NEGATIVE_INFINITY;

  constructor(slots: number, experts: readonly Expert[], options: SeasonalOptions = {}) {
    this.book = new DayBook(slots, KEPT_DAYS, options.isHoliday);
    this.experts = experts;
    this.spread = options.spread === true;
  }

  /** One step of the lessons that wait. @returns whether there was one */
  work(): boolean {
    for (const [expert, lesson] of this.lessons) {
      if (lesson.next().done === true) this.lessons.delete(expert);
      return true;
    }
    return false;
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
    }
    while (day > this.openDay) this.close();
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
    const key = `${day} ${lastDay}`;
    let known = this.said.get(key);
    if (known === undefined) {
      known = this.experts.map((expert) => expert.forecast(this.book, day, lastDay));
      if (this.said.size > 16) this.said.clear();
      this.said.set(key, known);
    }
    return known;
  }

  private blendOf(ahead: number): Blend {
    const index = Math.min(LEADS.length, Math.max(1, ahead)) - 1;
    const blend = this.blends[index] ?? new Blend(this.experts.length);
    this.blends[index] = blend;
    return blend;
  }

  private close(): void {
    const day = this.openDay;
    const actual = this.book.of(day);
    if (actual !== undefined) {
      for (const lead of LEADS) this.blendOf(lead).learn(this.opinions(day, day - lead), actual);
    }
    for (const expert of this.experts) {
      const lesson = expert.learn?.(this.book, day);
      if (lesson !== undefined) this.lessons.set(expert, lesson); // a newer one replaces it
    }
    while (!this.spread && this.work());
    this.openDay = day + 1;
  }
}
