import { Conformal, type Ends, SlotScale } from './bands.ts';
import type { Expert } from './experts.ts';
import { type Base, Intraday, type SlotIndex } from './intraday.ts';
import { SeasonalForecast, type SeasonalOptions } from './seasonal.ts';

/** One slot as forecast, in the unit of the series: 10 %, middle and 90 %. */
export interface SlotForecast {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** Leads, in hours, up to which errors are of a kind. */
const LEAD_CLASSES_H = [1, 3, 6, 12, 24, 48];
/** By night, in the morning and at noon errors differ in kind, not in size alone. */
const DAY_PARTS = 4;
const LEARNT_EVERY_H = 1;
const CALM_SHARE = 0.05; // of a slot's scale: less said is nothing said

interface Said {
  readonly mid: number;
  readonly scale: number;
  readonly ends: Ends;
  readonly band: Conformal;
}

/**
 * A series with a daily rhythm, forecast from itself alone: the blend of experts for whole days,
 * the last hours' errors carried forward, and a band that adapts until 80 % of what comes lies in
 * it.
 */
export class SeriesForecast {
  private readonly slots: number;
  private readonly seasonal: SeasonalForecast;
  private readonly intraday: Intraday;
  private readonly scale: SlotScale;
  private readonly bands = LEAD_CLASSES_H.map(() =>
    Array.from({ length: DAY_PARTS }, () => new Conformal()),
  );
  private readonly waiting = new Map<SlotIndex, Said[]>();
  private readonly days = new Map<number, { lastDay: number; values: Float64Array }>();
  private readonly base: Base;
  private isPromiseDue = false;
  private next: SlotIndex | undefined; // first slot that is not known

  /** @param slots of a day, a multiple of 24 */
  constructor(slots: number, experts: readonly Expert[], options: SeasonalOptions = {}) {
    this.slots = slots;
    this.seasonal = new SeasonalForecast(slots, experts, options);
    this.intraday = new Intraday(slots);
    this.scale = new SlotScale(slots);
    this.base = {
      at: (index) => this.baseAt(index),
      scale: (index) => this.scale.at(this.slotOf(index)),
    };
  }

  /** A slot of long ago, before any that is observed. */
  teach(day: number, slot: number, value: number): void {
    if (!Number.isNaN(value)) this.seasonal.teach(day, slot, value);
  }

  /**
   * Mean of a slot as measured, in order of time; what lies between counts as not known. The hour
   * that a clock change repeats comes twice.
   * @param day  local, since 1970-01-01 @param value  NaN where it is not known
   */
  observe(day: number, slot: number, value: number): void {
    const index = day * this.slots + slot;
    if (this.next !== undefined && index < this.next)
      return this.seasonal.observe(day, slot, value);
    if (this.next === undefined || index - this.next > 2 * this.slots) this.next = index;
    while (this.next < index) this.step(this.next, Number.NaN);
    this.step(index, value);
  }

  /** One step of a day's end; forecasts rest on it then. @returns whether there was one */
  settle(): boolean {
    if (this.seasonal.settle()) return true;
    if (!this.isPromiseDue || this.next === undefined) return false;
    this.isPromiseDue = false;
    this.promise(this.next);
    return true;
  }

  /** One step of what is still to be learnt, some milliseconds. @returns whether there was one */
  work(): boolean {
    return this.seasonal.work();
  }

  /** The next `count` slots after the newest known one; NaN where nothing is known yet. */
  issue(count: number): SlotForecast[] {
    const { next } = this;
    if (next === undefined) return [];
    this.seasonal.open(this.dayOf(next));
    return Array.from({ length: count }, (_, n) => this.forecastOf(next + n, next - 1));
  }

  private slotOf(index: SlotIndex): number {
    return index - this.dayOf(index) * this.slots;
  }

  private dayOf(index: SlotIndex): number {
    return Math.floor(index / this.slots);
  }

  private step(index: SlotIndex, value: number): void {
    const day = this.dayOf(index);
    const slot = this.slotOf(index);
    this.seasonal.open(day);
    for (const { mid, scale, ends, band } of this.waiting.get(index) ?? []) {
      // Nothing said and nothing come, as by night: no sign of how good a band is.
      const calm = value === 0 && mid <= CALM_SHARE * scale;
      if (scale > 0 && !calm) band.learn((value - mid) / scale, ends);
    }
    this.waiting.delete(index);
    this.scale.learn(slot, value, value - this.baseAt(index));
    this.seasonal.observe(day, slot, value);
    this.intraday.learn(index, value, this.base);
    this.next = index + 1;
    if (this.next % ((LEARNT_EVERY_H * this.slots) / 24) !== 0) return;
    this.seasonal.open(this.dayOf(this.next));
    // While a day's end is not settled it would be promised from the day before.
    if (this.seasonal.isSettled) this.promise(this.next);
    else this.isPromiseDue = true;
  }

  /**
   * Remembers what would be said now, to learn the bands from what comes: one slot of each class
   * every hour, and the whole day at midnight.
   */
  private promise(next: SlotIndex): void {
    if (this.slotOf(next) === 0) {
      for (let n = 0; n < this.slots; n += 1) this.remember(next + n, next - 1);
    }
    const perHour = this.slots / 24;
    for (const [n, endH] of LEAD_CLASSES_H.entries()) {
      const startH = LEAD_CLASSES_H[n - 1] ?? 0;
      const leadH = startH + ((Math.floor(next / perHour) * 7) % (endH - startH));
      this.remember(next + leadH * perHour, next - 1);
    }
  }

  private remember(index: SlotIndex, last: SlotIndex): void {
    const list = this.waiting.get(index) ?? [];
    const band = this.bandOf(index, last);
    const { mid } = this.forecastOf(index, last);
    list.push({ mid, scale: this.base.scale(index), ends: band.ends(), band });
    this.waiting.set(index, list);
  }

  private bandOf(index: SlotIndex, last: SlotIndex): Conformal {
    const leadH = ((index - last) * 24) / this.slots;
    const of = LEAD_CLASSES_H.findIndex((endH) => leadH <= endH);
    const part = Math.floor((this.slotOf(index) * DAY_PARTS) / this.slots);
    return this.bands[of < 0 ? this.bands.length - 1 : of]?.[part] as Conformal;
  }

  private forecastOf(index: SlotIndex, last: SlotIndex): SlotForecast {
    const mid = Math.max(0, this.intraday.say(last, index, this.base));
    const scale = this.base.scale(index);
    const { low, high } = this.bandOf(index, last).ends();
    return {
      low: Math.max(0, Math.min(mid, mid + low * scale)),
      mid,
      high: Math.max(mid, mid + high * scale),
    };
  }

  private baseAt(index: SlotIndex): number {
    const day = this.dayOf(index);
    const lastDay = this.seasonal.lastDay(day);
    let known = this.days.get(day);
    if (known === undefined || known.lastDay !== lastDay) {
      if (this.days.size > 8) this.days.clear();
      known = { lastDay, values: this.seasonal.forecast(day) };
      this.days.set(day, known);
    }
    return known.values[this.slotOf(index)] ?? Number.NaN;
  }
}
