import { type Analogy, analogDay, shiftedDay } from './analog.ts';
import type { DayBook } from './days.ts';

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
