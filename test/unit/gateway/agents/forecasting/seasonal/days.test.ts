import { expect, it } from 'vitest';
import {
  analogDay,
  shiftedDay,
} from '../../../../../../gateway/agents/forecasting/seasonal/analog.ts';
import {
  DayBook,
  likeness,
  weekdayOf,
  weightedMedian,
} from '../../../../../../gateway/agents/forecasting/seasonal/days.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';

const MONDAY = 4; // 1970-01-05

it('knows weekdays and how alike they are', () => {
  expect(weekdayOf(0)).toBe(4);
  expect(weekdayOf(-1)).toBe(3);
  expect(weekdayOf(MONDAY)).toBe(1);
  expect([likeness(1, 1), likeness(1, 5), likeness(0, 6), likeness(1, 6)]).toEqual([
    'same',
    'working',
    'weekend',
    'other',
  ]);
});

it('the weighted median halves the weight and leaves gaps out', () => {
  const of = (values: number[], weights: number[]): number =>
    weightedMedian(Float64Array.from(values), Float64Array.from(weights), values.length);
  expect(of([3, 1, 2], [1, 1, 1])).toBe(2);
  expect(of([3, 1, 2], [5, 1, 1])).toBe(3);
  expect(of([1, 3], [1, 1])).toBe(2);
  expect(of([Number.NaN, 7], [9, 1])).toBe(7);
  expect(of([Number.NaN], [1])).toBeNaN();
});

it('a skipped hour stays unknown, a repeated one is the mean of both, old days go', () => {
  const book = new DayBook(24, 3);
  for (let hour = 0; hour < 24; hour += 1) if (hour !== 2) book.put(10, hour, hour);
  expect(book.at(10, 2)).toBeNaN();
  expect(book.mean(10)).toBeCloseTo((276 - 2) / 23, 9);
  book.put(11, 2, 4);
  book.put(11, 2, 6);
  expect(book.at(11, 2)).toBe(5);
  expect(book.mean(11)).toBeNaN(); // too little of it is known
  book.put(13, 0, 1);
  expect(book.of(10)).toBeUndefined();
  book.put(10, 0, 1);
  expect(book.of(10)).toBeUndefined();
});

it('an analog day says what its weekday was, also after a burst and over gaps', () => {
  const book = new DayBook(24, 100);
  const valueOn = (day: number, hour: number): number =>
    (weekdayOf(day) === 0 || weekdayOf(day) === 6 ? 1 : 10) + hour;
  for (let day = MONDAY; day < MONDAY + 56; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) {
      if (day % 9 === 0) continue; // a day is missing
      book.put(day, hour, day === MONDAY + 49 ? 1_000 : valueOn(day, hour));
    }
  }
  const analogy = { memoryDays: 30, workingShare: 0.3, otherShare: 0.02 };
  for (const day of [MONDAY + 56, MONDAY + 61]) {
    const said = analogDay(book, day, MONDAY + 55, analogy);
    expect([...said]).toEqual(Array.from({ length: 24 }, (_, hour) => valueOn(day, hour)));
  }
  // The last day lay 4 above its own analogy: half of that is believed of tomorrow.
  const last = MONDAY + 56;
  for (let hour = 0; hour < 24; hour += 1) book.put(last, hour, valueOn(last, hour) + 4);
  const shifted = shiftedDay(book, last + 1, last, analogy);
  expect(shifted[20]).toBeCloseTo(valueOn(last + 1, 20) + 2, 1);
  expect(shifted[0]).toBeGreaterThan(valueOn(last + 1, 0) + 2);
});

it('medians by rank are those of every row, gaps, ties and late values too', () => {
  const random = seededStream(2);
  const book = new DayBook(24, 200);
  for (let day = 0; day < 90; day += 1) {
    for (let slot = 0; slot < 24; slot += 1) {
      if (random() > 0.1) book.put(day, slot, Math.floor(6 * random()));
    }
  }
  for (const lateValue of [undefined, 40]) {
    if (lateValue !== undefined) book.put(89, 3, lateValue);
    const weights = Float64Array.from({ length: 84 }, (_, n) => (n % 3 === 0 ? 1 : 0));
    for (let slot = 0; slot < 24; slot += 1) {
      const rows: number[] = [];
      for (let back = 0; back < 84; back += 3) rows.push(book.at(89 - back, slot));
      const ones = new Float64Array(rows.length).fill(1);
      const plain = weightedMedian(Float64Array.from(rows), ones, rows.length);
      expect(book.ranks(89).median(slot, weights)).toBe(plain);
    }
  }
});

it('a holiday is a Sunday', () => {
  const book = new DayBook(24, 100, (day) => day === MONDAY + 60);
  expect(book.weekday(MONDAY + 60)).toBe(0);
  for (let day = MONDAY; day < MONDAY + 56; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) book.put(day, hour, weekdayOf(day) === 0 ? 1 : 9);
  }
  const analogy = { memoryDays: 30, workingShare: 0.3, otherShare: 0.02 };
  expect(analogDay(book, MONDAY + 60, MONDAY + 55, analogy)[12]).toBe(1);
  expect(analogDay(book, MONDAY + 61, MONDAY + 55, analogy)[12]).toBe(9);
});
