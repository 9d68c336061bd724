/**
 * A seasonal series by local day (days since 1970-01-01) and slot of the day; NaN is not known. The
 * hour that a clock change skips stays unknown, the hour that it repeats is the mean of both.
 */
export class DayBook {
  readonly slots: number;
  private readonly days = new Map<number, Float64Array>();
  private readonly keptDays: number;
  private newestDay = Number.NEGATIVE_INFINITY;

  /** @param slots of a day @param keptDays older ones are forgotten */
  constructor(slots: number, keptDays: number) {
    this.slots = slots;
    this.keptDays = keptDays;
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
