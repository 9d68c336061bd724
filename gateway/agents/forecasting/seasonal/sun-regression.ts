import { exp } from '../../../../devices/maths.ts';
import type { DayBook } from './days.ts';
import { BLOCKS, type Hours } from './features.ts';
import { type Fitting, HourlyLearner } from './learners.ts';
import { dot, leastAbsolute } from './regression.ts';
import { ClearSkies } from './sky-days.ts';

const COLUMNS = 7;
const LONG_DAYS = 12;
const SHORT_DAYS = 4;
const LEAST_ROWS = 12;
const FORGET_DAYS = 66; // a row that old counts 1/e
const RIDGE = 2;
const MOST_SHARE = 1.2; // of a clear hour

/**
 * A regression an hour of the day with the least absolute error: production as a share of a clear
 * sky, from the means of the last days, yesterday's hour and how clear the last two days were.
 */
export class SunRegression extends HourlyLearner<readonly (Float64Array | undefined)[]> {
  protected *fit(hours: Hours, lastDay: number, lead: number): Fitting<readonly Beta[]> {
    const betas: Beta[] = [];
    for (let block = 0; block < BLOCKS; block += 1) {
      yield;
      const rows: Float64Array[] = [];
      const targets: number[] = [];
      const weights: number[] = [];
      let total = 0;
      for (let day = lastDay; day > lastDay - this.setup.historyDays; day -= 1) {
        const made = hours.at(day, block);
        const row = Number.isNaN(made) ? undefined : rowOf(hours, block, day - lead);
        if (row === undefined) continue;
        const weight = exp((day - lastDay) / FORGET_DAYS) * row.clear;
        rows.push(row.shares);
        targets.push(made / row.clear);
        weights.push(weight);
        total += weight;
      }
      const scale = rows.length / total;
      betas[block] =
        rows.length >= LEAST_ROWS
          ? leastAbsolute(
              rows,
              Float64Array.from(targets),
              Float64Array.from(weights, (weight) => weight * scale),
              RIDGE,
            )
          : undefined;
    }
    return betas;
  }

  protected say(
    betas: readonly Beta[],
    hours: Hours,
    _day: number,
    block: number,
    lastDay: number,
  ): number {
    const clear = clearHour(hours.book, lastDay, block);
    if (clear === 0) return 0;
    const beta = betas[block];
    const row = rowOf(hours, block, lastDay);
    if (beta === undefined || row === undefined) return Number.NaN;
    return Math.max(0, Math.min(MOST_SHARE, dot(row.shares, beta))) * row.clear;
  }
}

type Beta = Float64Array | undefined;

/** What an hour is told from, as shares of a clear one; undefined where not all of it is known. */
function rowOf(hours: Hours, block: number, lastDay: number) {
  const clear = clearHour(hours.book, lastDay, block);
  if (!(clear > 0)) return undefined;
  const skies = ClearSkies.of(hours.book);
  const mean = (days: number): number => {
    let sum = 0;
    let known = 0;
    for (let n = 0; n < days; n += 1) {
      const made = hours.at(lastDay - n, block);
      if (Number.isNaN(made)) continue;
      sum += made;
      known += 1;
    }
    return 2 * known < days ? Number.NaN : sum / known;
  };
  const [whole, afternoon] = skies.share(lastDay);
  const shares = new Float64Array(COLUMNS);
  shares.set([
    1,
    mean(LONG_DAYS) / clear,
    mean(SHORT_DAYS) / clear,
    hours.at(lastDay, block) / clear,
    whole,
    afternoon,
    skies.share(lastDay - 1)[0],
  ]);
  return shares.some(Number.isNaN) ? undefined : { shares, clear };
}

function clearHour(book: DayBook, lastDay: number, block: number): number {
  const best = ClearSkies.of(book).best(lastDay);
  const each = book.slots / BLOCKS;
  let sum = 0;
  for (let n = 0; n < each; n += 1) sum += best[block * each + n] ?? Number.NaN;
  return sum / each;
}
