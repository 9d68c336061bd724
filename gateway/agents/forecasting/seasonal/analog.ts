import { exp } from '../../../../devices/maths.ts';
import { type DayBook, likeness, RANKED_DAYS } from './days.ts';

/** Which earlier days a day is compared with, and how much each counts. */
export interface Analogy {
  readonly memoryDays: number; // a day that old counts 1/e of a fresh one
  readonly workingShare: number; // weight of another working day against the same weekday
  readonly otherShare: number; // weight of any other day
}

const LEAST_WEIGHT = 1e-6;

/**
 * Each slot of a day as the weighted median of the same slot of earlier days: the median has the
 * least absolute error of a site whose load jumps.
 * @param lastDay the newest day that is known as a whole
 */
export function analogDay(
  book: DayBook,
  day: number,
  lastDay: number,
  { memoryDays, workingShare, otherShare }: Analogy,
): Float64Array {
  const weights = new Float64Array(RANKED_DAYS);
  const weekday = book.weekday(day);
  const weekend = Math.max(otherShare, workingShare / 2);
  const shares = { same: 1, working: workingShare, weekend, other: otherShare };
  for (let back = 0; back < RANKED_DAYS; back += 1) {
    const share = shares[likeness(book.weekday(lastDay - back), weekday)];
    const weight = share * exp(-back / memoryDays);
    weights[back] = weight < LEAST_WEIGHT ? 0 : weight;
  }
  const ranks = book.ranks(lastDay);
  return Float64Array.from({ length: book.slots }, (_, slot) => ranks.median(slot, weights));
}

const SHIFT_BELIEVED = 0.5;
const EVENING_BELIEVED = 0.7;
const EVENING_SHARE = 1 / 8; // of a day, before its end
const EVENING_LASTS = 1 / 6; // of a day

/**
 * An analog day moved by what the last whole day lay above its own analogy: half of the day's mean,
 * and most of its evening for the first hours.
 */
export function shiftedDay(
  book: DayBook,
  day: number,
  lastDay: number,
  analogy: Analogy,
): Float64Array {
  const base = analogDay(book, day, lastDay, analogy);
  const before = analogDay(book, lastDay, lastDay - 1, analogy);
  const { slots } = book;
  const evening = Math.max(1, Math.round(slots * EVENING_SHARE));
  const dayW = meanGap(book, lastDay, before, 0) * SHIFT_BELIEVED;
  const eveningW = meanGap(book, lastDay, before, slots - evening);
  return base.map((value, slot) => {
    const sinceMidnight = (slot + 1) / (slots * EVENING_LASTS);
    const fades = (day - lastDay === 1 ? EVENING_BELIEVED : 0) * exp(-sinceMidnight);
    return Math.max(0, value + dayW + (eveningW - dayW) * fades);
  });
}

function meanGap(book: DayBook, day: number, forecast: Float64Array, fromSlot: number): number {
  let sum = 0;
  let known = 0;
  for (let slot = fromSlot; slot < forecast.length; slot += 1) {
    const gap = book.at(day, slot) - (forecast[slot] ?? Number.NaN);
    if (Number.isNaN(gap)) continue;
    sum += gap;
    known += 1;
  }
  return known === 0 ? 0 : sum / known;
}
