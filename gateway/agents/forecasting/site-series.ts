import { offsetAt } from '../../contracts/values/stamp.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import type { Expert } from './seasonal/experts.ts';
import { SeriesForecast, type SlotForecast } from './seasonal/series.ts';

const SLOTS = DAY_MS / QUARTER_MS;
const QUARTERS_A_STEP = 48;
const TAUGHT_A_STEP = 480;
const LIVED_QUARTERS = 90 * SLOTS; // of a history, gone through day by day
const FRESH_QUARTERS = 8; // more than these wait: a history is being read
const MOST_BEHIND_DAYS = 3; // beyond it what is known says little of now

/** A day of a zone's clock since 1970-01-01, and its quarter-hour. */
export function localSlot(atMs: Instant, timeZone: string): { day: number; slot: number } {
  const clockMs = atMs + offsetAt(atMs, timeZone);
  const day = Math.floor(clockMs / DAY_MS);
  return { day, slot: Math.floor((clockMs - day * DAY_MS) / QUARTER_MS) };
}

interface SiteSeriesSetup {
  readonly timeZone: string;
  readonly experts: readonly Expert[];
  readonly isHoliday: (day: number) => boolean;
}

/**
 * A site's quarter-hours, forecast by the calendar of the place. What is slow (a history after a
 * start, regressions and trees after a day) is done in steps of some milliseconds by `work`;
 * until a history is read nothing is said.
 */
export class SiteSeries {
  private readonly timeZone: string;
  private readonly series: SeriesForecast;
  private waiting: { readonly fromMs: Instant; readonly value: number }[] = [];
  private next = Number.NEGATIVE_INFINITY; // slot counted from 1970-01-01, first that is not known
  private known = 0;

  constructor({ timeZone, experts, isHoliday }: SiteSeriesSetup) {
    this.timeZone = timeZone;
    this.series = new SeriesForecast(SLOTS, experts, { spread: true, isHoliday });
  }

  /** Days' worth of quarter-hours that were known. */
  get knownDays(): number {
    return this.known / SLOTS;
  }

  /** In order of time. @param value  undefined where it is not known */
  observe(fromMs: Instant, value: number | undefined): void {
    this.waiting.push({ fromMs, value: value ?? Number.NaN });
  }

  /** One step of a day's end. @returns whether there was one */
  settle(): boolean {
    return this.series.settle();
  }

  /** One step. @returns whether there was one */
  work(): boolean {
    const isReading = this.waiting.length > FRESH_QUARTERS;
    if (!isReading && this.series.settle()) return true;
    if (this.waiting.length === 0) return this.series.work();
    if (this.waiting.length > LIVED_QUARTERS) this.teach();
    else this.take(QUARTERS_A_STEP);
    return true;
  }

  /**
   * @param startsMs  of coming quarter-hours
   * @returns undefined where nothing is known, as of the hour that a clock change repeats
   */
  issue(startsMs: readonly Instant[]): readonly (SlotForecast | undefined)[] {
    if (this.waiting.length > FRESH_QUARTERS) return startsMs.map(() => undefined);
    this.take(this.waiting.length);
    const indices = startsMs.map((atMs) => this.indexOf(atMs));
    const count = Math.max(...indices, 0) - this.next + 1;
    const isFresh = count > 0 && count <= startsMs.length + MOST_BEHIND_DAYS * SLOTS;
    const said = isFresh ? this.series.issue(count) : [];
    return indices.map((index) => {
      const one = said[index - this.next];
      return one === undefined || Number.isNaN(one.mid) ? undefined : one;
    });
  }

  private take(count: number): void {
    for (const { fromMs, value } of this.waiting.splice(0, count)) {
      const { day, slot } = localSlot(fromMs, this.timeZone);
      this.series.observe(day, slot, value);
      this.next = Math.max(this.next, day * SLOTS + slot + 1);
      if (!Number.isNaN(value)) this.known += 1;
    }
  }

  /** The older part of a history: what was said of it then would weigh nothing by now. */
  private teach(): void {
    const count = Math.min(TAUGHT_A_STEP, this.waiting.length - LIVED_QUARTERS);
    for (const { fromMs, value } of this.waiting.splice(0, count)) {
      const { day, slot } = localSlot(fromMs, this.timeZone);
      this.series.teach(day, slot, value);
      if (!Number.isNaN(value)) this.known += 1;
    }
  }

  private indexOf(atMs: Instant): number {
    const { day, slot } = localSlot(atMs, this.timeZone);
    return day * SLOTS + slot;
  }
}
