import type { Delivered } from '../../contracts/values/reduction.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';

/** What a baseline may look at; every energy is net import at the connection, Wh. */
export interface MeteredSite {
  /** Of a quarter-hour; undefined where it was not measured, or where another event ran. */
  readonly netWh: (fromMs: Instant) => number | undefined;
  readonly soldWh: (fromMs: Instant) => number; // sold minus bought in the market
  readonly dayStart: (atMs: Instant) => Instant; // local midnight
  readonly isWorkday: (atMs: Instant) => boolean;
  readonly isEventDay: (dayStartMs: Instant) => boolean;
}

const DAYS = 10;
const LEAST_DAYS = 5;
const BACK_DAYS = 35; // the site's records are held so long
const CAP_SHARE = 0.2;
/** The adjustment looks at the three hours before the last one before the event. */
const WINDOW_FROM_MS = 4 * HOUR_MS;
const WINDOW_UNTIL_MS = HOUR_MS;

/**
 * Delivered energy of an event: 10-in-10 baseline, the mean of the last ten days of its kind
 * (workday or not) without an event, scaled by what the day itself was before the event, by 20 % at
 * most; minus what was metered and what was sold for it.
 * @returns why it is not known, in words
 */
export function deliveredIn(
  event: { readonly fromMs: Instant; readonly untilMs: Instant },
  site: MeteredSite,
): Delivered | string {
  const quarters = quartersIn(event.fromMs, event.untilMs);
  if (quarters.length === 0) return 'the event holds no whole quarter-hour';
  const metered = netOf(quarters, site);
  if (metered === undefined) return 'quarter-hours of the event were not measured';
  const window = quartersIn(event.fromMs - WINDOW_FROM_MS, event.fromMs - WINDOW_UNTIL_MS);
  const todayMs = site.dayStart(event.fromMs);
  const isWorkday = site.isWorkday(event.fromMs);
  const days: { readonly eventWh: number; readonly windowWh: number }[] = [];
  let startMs = todayMs;
  for (let back = 0; back < BACK_DAYS && days.length < DAYS; back += 1) {
    const endMs = startMs;
    startMs = site.dayStart(endMs - HOUR_MS);
    // A day of a clock change has other hours.
    if (endMs - startMs !== DAY_MS || site.isEventDay(startMs)) continue;
    if (site.isWorkday(startMs) !== isWorkday) continue;
    const shiftMs = startMs - todayMs;
    const eventWh = netOf(shifted(quarters, shiftMs), site);
    const windowWh = netOf(shifted(window, shiftMs), site);
    if (eventWh !== undefined && windowWh !== undefined) days.push({ eventWh, windowWh });
  }
  if (days.length < LEAST_DAYS) {
    return `only ${days.length} comparable days were measured, ${LEAST_DAYS} are needed`;
  }
  const mean = (pick: (day: (typeof days)[number]) => number): number =>
    days.reduce((sum, day) => sum + pick(day), 0) / days.length;
  const share = adjustment(
    netOf(window, site),
    mean(({ windowWh }) => windowWh),
  );
  const rawWh = mean(({ eventWh }) => eventWh);
  // A site that usually sells then has nothing to scale.
  const baselineWh = Math.round(rawWh > 0 ? rawWh * (1 + share) : rawWh);
  const tradedWh = quarters.reduce((sum, atMs) => sum + Math.max(0, site.soldWh(atMs)), 0);
  return {
    ...{ baselineWh, meteredWh: metered, tradedWh },
    deliveredWh: baselineWh - metered - tradedWh,
    adjustmentPct: rawWh > 0 ? Math.round(share * 1_000) / 10 : 0,
    days: days.length,
  };
}

function adjustment(todayWh: number | undefined, usualWh: number): number {
  if (todayWh === undefined || usualWh <= 0) return 0;
  return Math.max(-CAP_SHARE, Math.min(CAP_SHARE, todayWh / usualWh - 1));
}

/** Whole quarter-hours of a span. */
function quartersIn(fromMs: Instant, untilMs: Instant): Instant[] {
  const found: Instant[] = [];
  let atMs = Math.ceil(fromMs / QUARTER_MS) * QUARTER_MS;
  for (; atMs + QUARTER_MS <= untilMs; atMs += QUARTER_MS) found.push(atMs);
  return found;
}

const shifted = (quarters: readonly Instant[], byMs: number): Instant[] =>
  quarters.map((atMs) => atMs + byMs);

function netOf(quarters: readonly Instant[], { netWh }: MeteredSite): number | undefined {
  let sumWh = 0;
  for (const atMs of quarters) {
    const one = netWh(atMs);
    if (one === undefined) return undefined;
    sumWh += one;
  }
  return sumWh;
}
