import type { DayBook } from './days.ts';

export const BLOCKS = 24; // of a day: what is learnt by regression is learnt by the hour
const WEEK = 7;
const WEEKS = [7, 14, 21, 28];
const EVENING_BLOCKS = 3;

const KEPT_DAYS = 1_000;
const PLAIN_FACTS = 12; // the columns before the weekdays
const TREE_FACTS = 5; // of trees in place of the weekdays
const VALUES = PLAIN_FACTS + 6; // of an hour's row: with the weekdays

/** Rows of hours, a block of memory a day: thousands of small arrays would take a multiple. */
class KeptRows {
  private readonly columns: number;
  private readonly days = new Map<number, { rows: Float64Array; states: Uint8Array }>();

  constructor(columns: number) {
    this.columns = columns;
  }

  /** @param make  called once: the past stays as it is */
  row(key: number, block: number, make: () => Float64Array | undefined): Float64Array | undefined {
    const { columns } = this;
    let day = this.days.get(key);
    if (day === undefined) {
      if (this.days.size > KEPT_DAYS) this.days.clear();
      day = { rows: new Float64Array(BLOCKS * columns), states: new Uint8Array(BLOCKS) };
      this.days.set(key, day);
    }
    const row = day.rows.subarray(block * columns, (block + 1) * columns);
    if (day.states[block] === UNASKED) {
      const made = make();
      if (made !== undefined) row.set(made);
      day.states[block] = made === undefined ? UNKNOWN : KNOWN;
    }
    return day.states[block] === KNOWN ? row : undefined;
  }

  drop(key: number): void {
    this.days.delete(key);
  }
}
const [UNASKED, KNOWN, UNKNOWN] = [0, 1, 2];

const hoursOf = new WeakMap<DayBook, Hours>();

/** A book's days by the hour, and what each hour was to be told from. */
export class Hours {
  readonly book: DayBook;
  private readonly days = new Map<number, Float64Array>();
  private readonly facts = new KeptRows(VALUES + 1); // and the level
  private readonly trees = new KeptRows(PLAIN_FACTS + TREE_FACTS);

  /** The one of a book: all who learn from it share what they look up. */
  static of(book: DayBook): Hours {
    const hours = hoursOf.get(book) ?? new Hours(book);
    hoursOf.set(book, hours);
    return hours;
  }

  private constructor(book: DayBook) {
    this.book = book;
  }

  weekday(day: number): number {
    return this.book.weekday(day);
  }

  at(day: number, block: number): number {
    return this.of(day)[block] ?? Number.NaN;
  }

  mean(day: number): number {
    return this.of(day)[BLOCKS] ?? Number.NaN;
  }

  /** The day's hours, its mean, the mean of its evening and that of the week that ends with it. */
  private of(day: number): Float64Array {
    const known = this.days.get(day);
    if (known !== undefined) return known;
    const row = new Float64Array(BLOCKS + 1).fill(Number.NaN);
    const each = this.book.slots / BLOCKS;
    for (let block = 0; block < BLOCKS; block += 1) {
      let sum = 0;
      for (let n = 0; n < each; n += 1) sum += this.book.at(day, block * each + n);
      row[block] = sum / each;
    }
    row[BLOCKS] = this.book.mean(day);
    if (this.days.size > KEPT_DAYS) this.days.clear();
    this.days.set(day, row);
    return row;
  }

  /** What an hour of a past day is told from, `lead` days ahead; kept, as the past stays so. */
  factsOf(day: number, block: number, lead: number): Facts | undefined {
    const kept = this.facts.row(2 * day + lead, block, () => {
      const facts = factsOf(this, day, block, day - lead);
      return facts && Float64Array.of(...facts.row, facts.level);
    });
    return kept && { row: kept.subarray(0, VALUES), level: kept[VALUES] ?? 0 };
  }

  treeFactsOf(day: number, block: number, lead: number): Float64Array | undefined {
    const key = 2 * day + lead;
    return this.trees.row(key, block, () => treeFacts(this, day, block, day - lead));
  }

  /** A day that was not whole when it was asked for. */
  drop(day: number): void {
    this.days.delete(day);
    for (const rows of [this.facts, this.trees]) {
      for (const lead of [1, 2]) rows.drop(2 * day + lead);
    }
  }
}

/** What an hour of a day is told from; `level` is the mean of the week before. */
export interface Facts {
  readonly row: Float64Array; // 1, then values as multiples of the level
  readonly level: number; // > 0
}

/** @returns undefined where not all of it is known */
export function factsOf(
  hours: Hours,
  day: number,
  block: number,
  lastDay: number,
): Facts | undefined {
  const row = valuesOf(hours, day, block, lastDay);
  const level = row?.[LEVEL] ?? Number.NaN;
  if (row === undefined || !(level > 0)) return undefined;
  for (let i = 1; i < row.length; i += 1) row[i] = (row[i] ?? Number.NaN) / level;
  return row.some(Number.isNaN) ? undefined : { row, level };
}

const LEVEL = 7; // the column of the week's mean

/** In the series' own unit, some of it NaN. */
function valuesOf(
  hours: Hours,
  day: number,
  block: number,
  lastDay: number,
): Float64Array | undefined {
  let week = 0;
  let weekBlock = 0;
  for (let n = 0; n < WEEK; n += 1) {
    week += hours.mean(lastDay - n) / WEEK;
    weekBlock += hours.at(lastDay - n, block) / WEEK;
  }
  if (Number.isNaN(week)) return undefined;
  let weeks = 0;
  for (const back of WEEKS) weeks += hours.at(day - back, block) / WEEKS.length;
  const evening = eveningOf(hours, lastDay);
  const mean = hours.mean(lastDay);
  const row = new Float64Array(VALUES);
  row.set([
    1,
    hours.at(lastDay, block),
    hours.at(lastDay - 1, block),
    hours.at(day - WEEK, block),
    weeks,
    weekBlock,
    mean,
    week,
    evening,
    hours.at(lastDay, BLOCKS - 1),
    evening - eveningOf(hours, lastDay - WEEK),
    mean - hours.mean(lastDay - WEEK),
  ]);
  const weekday = hours.weekday(day);
  if (weekday > 0) row[11 + weekday] = week;
  return row;
}

function eveningOf(hours: Hours, day: number): number {
  let sum = 0;
  for (let n = 1; n <= EVENING_BLOCKS; n += 1) sum += hours.at(day, BLOCKS - n);
  return sum / EVENING_BLOCKS;
}

/** The same for trees: the hour, the weekday and medians in place of the weekdays' columns. */
export function treeFacts(
  hours: Hours,
  day: number,
  block: number,
  lastDay: number,
): Float64Array | undefined {
  const values = valuesOf(hours, day, block, lastDay);
  if (values === undefined) return undefined;
  const row = new Float64Array(PLAIN_FACTS + TREE_FACTS);
  row.set(values.subarray(0, PLAIN_FACTS));
  const weekday = hours.weekday(day);
  const back = (count: number, step: number, from: number): number =>
    medianOf(Array.from({ length: count }, (_, n) => hours.at(from - n * step, block)));
  row[0] = block;
  row[PLAIN_FACTS] = weekday;
  row[PLAIN_FACTS + 1] = weekday === 0 || weekday === 6 ? 1 : 0;
  row[PLAIN_FACTS + 2] = back(14, 1, lastDay);
  row[PLAIN_FACTS + 3] = back(28, 1, lastDay);
  row[PLAIN_FACTS + 4] = back(4, WEEK, day - WEEK);
  return row;
}

function medianOf(values: number[]): number {
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = known.length >> 1;
  const upper = known[middle] ?? Number.NaN;
  return known.length % 2 === 1 ? upper : ((known[middle - 1] ?? Number.NaN) + upper) / 2;
}
