import { Blend } from './blend.ts';
import { DayBook } from './days.ts';
import type { Expert } from './experts.ts';

const KEPT_DAYS = 420;
const LEADS = [1, 2] as const;
const LONG_GAP_DAYS = 60; // after it nothing is learnt from the days between

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
  private openDay = Number.NEGATIVE_INFINITY;

  constructor(slots: number, experts: readonly Expert[]) {
    this.book = new DayBook(slots, KEPT_DAYS);
    this.experts = experts;
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
    for (const expert of this.experts) expert.learn?.(this.book, day);
    this.openDay = day + 1;
  }
}
