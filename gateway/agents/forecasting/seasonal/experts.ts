import { exp } from '../../../../devices/maths.ts';
import { type Analogy, analogDay, shiftedDay } from './analog.ts';
import type { DayBook } from './days.ts';
import { weightedMedian } from './days.ts';

/** One way to say a day from the days before it, by slot; NaN where it cannot. */
export interface Expert {
  /** @param lastDay newest day known as a whole, before `day` */
  forecast(book: DayBook, day: number, lastDay: number): Float64Array;
  /** Learns anew from everything up to `lastDay`; called once a day. */
  learn?(book: DayBook, lastDay: number): Lesson | undefined;
}

/** Learning in steps of some milliseconds each; what was learnt counts when it has ended. */
export type Lesson = Generator<undefined, void, undefined>;

export const analog = (analogy: Analogy): Expert => ({
  forecast: (book, day, lastDay) => analogDay(book, day, lastDay, analogy),
});

export const shifted = (analogy: Analogy): Expert => ({
  forecast: (book, day, lastDay) => shiftedDay(book, day, lastDay, analogy),
});

const MEAN_DAYS = 60;

/** Weighted mean of the same slot of the last days, whatever the weekday. */
export const meanOf = (memoryDays: number): Expert => ({
  forecast: (book, _, lastDay) =>
    Float64Array.from({ length: book.slots }, (_, slot) => {
      let sum = 0;
      let total = 0;
      for (let past = lastDay; past > lastDay - MEAN_DAYS; past -= 1) {
        const value = book.at(past, slot);
        if (Number.isNaN(value)) continue;
        const weight = exp((past - lastDay) / memoryDays);
        sum += weight * value;
        total += weight;
      }
      return total > 0 ? sum / total : Number.NaN;
    }),
});

const BEST_DAYS = 21;
const BEST_SHARE = 0.9;
const DAYS_COMPARED = 40;
const MEMORY_DAYS = 8;

/**
 * What the best of the last days made of each slot, a clear sky as the site itself sees it, times
 * the median share of it that recent days reached.
 */
export class ClearDays implements Expert {
  private readonly shares = new Map<number, number>();

  forecast(book: DayBook, _: number, lastDay: number): Float64Array {
    const shares = new Float64Array(DAYS_COMPARED);
    const weights = new Float64Array(DAYS_COMPARED);
    for (let n = 0; n < DAYS_COMPARED; n += 1) {
      shares[n] = this.shareOf(book, lastDay - n);
      weights[n] = exp(-n / MEMORY_DAYS);
    }
    const share = weightedMedian(shares, weights, DAYS_COMPARED);
    return bestOf(book, lastDay).map((best) => best * share);
  }

  private shareOf(book: DayBook, day: number): number {
    const known = this.shares.get(day);
    if (known !== undefined) return known;
    const best = bestOf(book, day - 1);
    let made = 0;
    let possible = 0;
    for (const [slot, most] of best.entries()) {
      const value = book.at(day, slot);
      if (Number.isNaN(value) || Number.isNaN(most)) continue;
      made += value;
      possible += most;
    }
    const share = possible > 0 ? made / possible : Number.NaN;
    if (this.shares.size > 4 * DAYS_COMPARED) this.shares.clear();
    this.shares.set(day, share);
    return share;
  }
}

function bestOf(book: DayBook, lastDay: number): Float64Array {
  const values: number[] = [];
  return Float64Array.from({ length: book.slots }, (_, slot) => {
    values.length = 0;
    for (let past = lastDay; past > lastDay - BEST_DAYS; past -= 1) {
      const value = book.at(past, slot);
      if (!Number.isNaN(value)) values.push(value);
    }
    values.sort((a, b) => a - b);
    return values[Math.floor(BEST_SHARE * (values.length - 1))] ?? Number.NaN;
  });
}
