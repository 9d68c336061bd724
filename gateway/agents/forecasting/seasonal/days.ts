export const RANKED_DAYS = 84;
const RANKS_KEPT = 4;

/**
 * A seasonal series by local day (days since 1970-01-01) and slot of the day; NaN is not known. The
 * hour that a clock change skips stays unknown, the hour that it repeats is the mean of both.
 */
export class DayBook {
  readonly slots: number;
  private readonly days = new Map<number, Float64Array>();
  private readonly keptDays: number;
  private readonly isHoliday: (day: number) => boolean;
  private readonly ranked = new Map<number, Ranks>();
  private newestDay = Number.NEGATIVE_INFINITY;

  /**
   * @param slots of a day @param keptDays older ones are forgotten
   * @param isHoliday  a day that is like a Sunday
   */
  constructor(slots: number, keptDays: number, isHoliday: (day: number) => boolean = () => false) {
    this.slots = slots;
    this.keptDays = keptDays;
    this.isHoliday = isHoliday;
  }

  /** 0 = Sunday or a holiday ... 6 = Saturday. */
  weekday(day: number): number {
    return this.isHoliday(day) ? 0 : weekdayOf(day);
  }

  put(day: number, slot: number, value: number): void {
    if (day <= this.newestDay - this.keptDays) return;
    let values = this.days.get(day);
    if (values === undefined) {
      values = new Float64Array(this.slots).fill(Number.NaN);
      this.days.set(day, values);
    }
    const before = values[slot] ?? Number.NaN;
    values[slot] = Number.isNaN(before) ? value : (before + value) / 2;
    for (const lastDay of this.ranked.keys()) if (day <= lastDay) this.ranked.delete(lastDay);
    if (day > this.newestDay) {
      this.newestDay = day;
      for (const old of this.days.keys()) if (old <= day - this.keptDays) this.days.delete(old);
    }
  }

  at(day: number, slot: number): number {
    return this.days.get(day)?.[slot] ?? Number.NaN;
  }

  /** Values of a day by slot; undefined where nothing of it is known. */
  of(day: number): Float64Array | undefined {
    return this.days.get(day);
  }

  /** The `RANKED_DAYS` days up to `lastDay`, each slot's values put in order. */
  ranks(lastDay: number): Ranks {
    let known = this.ranked.get(lastDay);
    if (known === undefined) {
      if (this.ranked.size >= RANKS_KEPT) this.ranked.clear();
      known = new Ranks(this, lastDay);
      this.ranked.set(lastDay, known);
    }
    return known;
  }

  /** Mean of what is known of a day; NaN where less than three quarters of it are. */
  mean(day: number): number {
    const values = this.days.get(day);
    if (values === undefined) return Number.NaN;
    let sum = 0;
    let known = 0;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known < 0.75 * this.slots ? Number.NaN : sum / known;
  }
}

/**
 * The values of each slot in ascending order, by how many days back they are: whoever weighs the
 * days has its median in one pass.
 */
export class Ranks {
  private readonly values: Float64Array; // slot by slot, each by days back
  private readonly order: Uint8Array; // slot by slot: days back, by value
  private readonly knownCounts: Uint8Array;

  constructor(book: DayBook, lastDay: number) {
    const { slots } = book;
    this.values = new Float64Array(slots * RANKED_DAYS).fill(Number.NaN);
    this.order = new Uint8Array(slots * RANKED_DAYS);
    this.knownCounts = new Uint8Array(slots);
    for (let back = 0; back < RANKED_DAYS; back += 1) {
      const day = book.of(lastDay - back);
      if (day === undefined) continue;
      for (let slot = 0; slot < slots; slot += 1) {
        const value = day[slot] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        this.values[slot * RANKED_DAYS + back] = value;
        const count = this.knownCounts[slot] ?? 0;
        this.order[slot * RANKED_DAYS + count] = back;
        this.knownCounts[slot] = count + 1;
      }
    }
    for (let slot = 0; slot < slots; slot += 1) {
      const from = slot * RANKED_DAYS;
      const { values } = this;
      this.order
        .subarray(from, from + (this.knownCounts[slot] ?? 0))
        .sort((a, b) => (values[from + a] ?? 0) - (values[from + b] ?? 0) || a - b);
    }
  }

  /** As `weightedMedian` of the slot. @param weights  of the days by how far back; 0: left out */
  median(slot: number, weights: Float64Array): number {
    const from = slot * RANKED_DAYS;
    const { values, order } = this;
    const count = this.knownCounts[slot] ?? 0;
    let total = 0;
    for (let back = 0; back < RANKED_DAYS; back += 1) {
      if (!Number.isNaN(values[from + back])) total += weights[back] ?? 0;
    }
    if (total <= 0) return Number.NaN;
    let below = 0;
    let half = Number.NaN; // the lower of two values that part the weight exactly
    let newest = Number.NaN;
    for (let n = 0; n < count; n += 1) {
      const back = order[from + n] ?? 0;
      const weight = weights[back] ?? 0;
      if (weight === 0) continue;
      newest = values[from + back] ?? 0;
      if (!Number.isNaN(half)) return (half + newest) / 2;
      below += weight;
      if (below > total / 2) return newest;
      if (below === total / 2) half = newest;
    }
    return newest;
  }
}

/** 0 = Sunday ... 6 = Saturday; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** How alike two weekdays are: the same, both working days, both of the weekend, or neither. */
export function likeness(a: number, b: number): 'same' | 'working' | 'weekend' | 'other' {
  if (a === b) return 'same';
  const restA = a === 0 || a === 6;
  const restB = b === 0 || b === 6;
  if (restA !== restB) return 'other';
  return restA ? 'weekend' : 'working';
}

/** Value at which half of the weight lies below; NaN values do not count. NaN where none counts. */
export function weightedMedian(values: Float64Array, weights: Float64Array, count: number): number {
  const order: number[] = [];
  let total = 0;
  for (let i = 0; i < count; i += 1) {
    if (Number.isNaN(values[i])) continue;
    order.push(i);
    total += weights[i] ?? 0;
  }
  if (order.length === 0 || total <= 0) return Number.NaN;
  order.sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0) || i - j);
  let below = 0;
  for (const [n, i] of order.entries()) {
    below += weights[i] ?? 0;
    if (below < total / 2) continue;
    const value = values[i] ?? 0;
    if (below > total / 2) return value;
    return (value + (values[order[n + 1] ?? i] ?? value)) / 2;
  }
  return values[order[order.length - 1] ?? 0] ?? Number.NaN;
}
