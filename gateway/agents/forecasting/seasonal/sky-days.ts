import { exp } from '../../../../devices/maths.ts';
import { type DayBook, weightedMedian } from './days.ts';
import type { Expert } from './experts.ts';

const BEST_DAYS = 21;
const BEST_SHARE = 0.9;
const KEPT_DAYS = 440;
const AFTERNOON_SHARE = 0.55; // of a day, from which it tells more of the next one

/**
 * The sky over a site as its own production shows it: what the best of the last days made of each
 * slot stands for a clear one, and a day's share of that for its clouds.
 */
export class ClearSkies {
  private readonly book: DayBook;
  private readonly bests = new Map<number, Float64Array>();
  private readonly shares = new Map<number, readonly [number, number]>();

  private constructor(book: DayBook) {
    this.book = book;
  }

  static of(book: DayBook): ClearSkies {
    const skies = skiesOf.get(book) ?? new ClearSkies(book);
    skiesOf.set(book, skies);
    return skies;
  }

  /** By slot, from the days up to `lastDay`, which is whole; NaN where none is known. */
  best(lastDay: number): Float64Array {
    const known = this.bests.get(lastDay);
    if (known !== undefined) return known;
    const { book } = this;
    const values: number[] = [];
    const best = Float64Array.from({ length: book.slots }, (_, slot) => {
      values.length = 0;
      for (let past = lastDay; past > lastDay - BEST_DAYS; past -= 1) {
        const value = book.at(past, slot);
        if (!Number.isNaN(value)) values.push(value);
      }
      values.sort((a, b) => a - b);
      return values[Math.floor(BEST_SHARE * (values.length - 1))] ?? Number.NaN;
    });
    for (const old of this.bests.keys()) if (old <= lastDay - KEPT_DAYS) this.bests.delete(old);
    return this.bests.set(lastDay, best) && best;
  }

  /** What a whole day made of a clear one, and its afternoon; NaN where not known. */
  share(day: number): readonly [number, number] {
    const known = this.shares.get(day);
    if (known !== undefined) return known;
    const { slots } = this.book;
    const afternoon = Math.round(AFTERNOON_SHARE * slots);
    const shares = [this.part(day, 0, slots), this.part(day, afternoon, slots)] as const;
    for (const old of this.shares.keys()) if (old <= day - KEPT_DAYS) this.shares.delete(old);
    this.shares.set(day, shares);
    return shares;
  }

  private part(day: number, fromSlot: number, untilSlot: number): number {
    const best = this.best(day - 1);
    let made = 0;
    let possible = 0;
    for (let slot = fromSlot; slot < untilSlot; slot += 1) {
      const value = this.book.at(day, slot);
      const most = best[slot] ?? Number.NaN;
      if (Number.isNaN(value) || Number.isNaN(most)) continue;
      made += value;
      possible += most;
    }
    return possible > 0 ? made / possible : Number.NaN;
  }
}

const skiesOf = new WeakMap<DayBook, ClearSkies>();

/** Which earlier days a day of sun is compared with, and how much each counts. */
export interface SkyAnalogy {
  readonly likeShare: number; // a day before it that differs by that much of a clear day counts 1/e
  readonly memoryDays: number; // a day that old counts 1/e of a fresh one
  readonly seasonDays: number; // the same of a day that far from this date a year ago
}

const COMPARED_DAYS = 420;
const YEAR_DAYS = 365;
const LAST_YEAR_SHARE = 0.5;
const LEAST_DAYS = 8;
const LEAST_WEIGHT_SHARE = 0.01; // of the best day's: less changes no median
const UNKNOWN_SHARE = 0.3; // taken for a difference that nobody knows
const MOST_SHARE = 1.5; // of a clear day
const LEAST_CLEAR_SHARE = 0.02; // of now's: less says nothing of the sky
const WEIGHTS = [1, 0.5, 0.3]; // of the day before, its afternoon, and the day before that

/**
 * A day as what followed days like the last ones: clouds persist. Each slot is the weighted median
 * of the shares of a clear sky that came then, of late and in the same season a year ago, times
 * what a clear sky gives now.
 */
export class SkyDays implements Expert {
  private readonly analogy: SkyAnalogy;

  constructor(analogy: SkyAnalogy) {
    this.analogy = analogy;
  }

  forecast(book: DayBook, day: number, lastDay: number): Float64Array {
    const skies = ClearSkies.of(book);
    const best = skies.best(lastDay);
    const { days, weights } = this.alike(book, skies, day - lastDay, lastDay);
    if (days.length === 0) return best.map(() => Number.NaN);
    const clear = days.map((past) => skies.best(past - 1));
    const shares = new Float64Array(days.length);
    return best.map((most, slot) => {
      if (!(most > 0)) return most;
      for (const [n, past] of days.entries()) {
        const could = clear[n]?.[slot] ?? Number.NaN;
        const isClear = could > LEAST_CLEAR_SHARE * most;
        shares[n] = isClear ? Math.min(MOST_SHARE, book.at(past, slot) / could) : Number.NaN;
      }
      return most * weightedMedian(shares, weights, days.length);
    });
  }

  private alike(book: DayBook, skies: ClearSkies, lead: number, lastDay: number) {
    const { likeShare, memoryDays, seasonDays } = this.analogy;
    const now = features(skies, lastDay);
    const found: { past: number; weight: number }[] = [];
    let most = 0;
    for (let back = 0; back < COMPARED_DAYS; back += 1) {
      const past = lastDay - back;
      if (book.of(past) === undefined || book.of(past - lead) === undefined) continue;
      const lastYear = LAST_YEAR_SHARE * exp(-Math.abs(back - YEAR_DAYS) / seasonDays);
      const fresh = Math.max(exp(-back / memoryDays), lastYear);
      if (fresh < LEAST_WEIGHT_SHARE * most) continue;
      const then = features(skies, past - lead);
      let far = 0;
      for (const [n, weight] of WEIGHTS.entries()) {
        const gap = Math.abs((then[n] ?? Number.NaN) - (now[n] ?? Number.NaN));
        far += weight * (Number.isNaN(gap) ? UNKNOWN_SHARE : gap);
      }
      const weight = fresh * exp(-far / likeShare);
      most = Math.max(most, weight);
      found.push({ past, weight });
    }
    const days = (found.length < LEAST_DAYS ? [] : found).filter(
      ({ weight }) => weight >= LEAST_WEIGHT_SHARE * most,
    );
    return {
      days: days.map(({ past }) => past),
      weights: Float64Array.from(days, ({ weight }) => weight),
    };
  }
}

function features(skies: ClearSkies, day: number): readonly number[] {
  const [whole, afternoon] = skies.share(day);
  return [whole, afternoon, skies.share(day - 1)[0]];
}
