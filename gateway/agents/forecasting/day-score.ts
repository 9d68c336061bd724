import type { SiteForecast } from '../../contracts/values/outlook.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import type { Quarter } from './forecaster.ts';

/**
 * How far a day's forecast was off: the sum of its errors over the sum of what was measured, in
 * percent (normalised mean absolute error), beside the same of an earlier day taken as a forecast.
 */
export interface DayScore {
  readonly what: 'pv' | 'load';
  readonly errorPct: number;
  readonly naivePct: number | undefined; // unknown while there is no such day
  readonly inBandPct: number | undefined; // quarter-hours within the 80 % band, calm ones left out
  readonly quarters: number;
}

const QUARTERS_MIN = 48;
const MEAN_W_MIN = 50; // below it a percentage says nothing
/** The sun of yesterday, the load of the same weekday. */
const NAIVE_MS = { pv: DAY_MS, load: 7 * DAY_MS } as const;

/**
 * Scores the day from `fromMs` by the forecast that was known when it began.
 * @param forecasts  as issued, in any order
 * @param measured  of a quarter-hour; curtailed production teaches nothing
 */
export function scoreDay(
  forecasts: readonly SiteForecast[],
  measured: (fromMs: Instant) => Quarter,
  fromMs: Instant,
  untilMs: Instant,
): DayScore[] {
  const known = forecasts.filter(({ issuedAtMs }) => issuedAtMs <= fromMs);
  const newest = known.toSorted((a, b) => b.issuedAtMs - a.issuedAtMs)[0];
  if (newest === undefined) return [];
  return (['pv', 'load'] as const).flatMap((what) => {
    const sums = { quarters: 0, measuredW: 0, errorW: 0, naiveW: 0, naiveQuarters: 0 };
    const inBand = { quarters: 0, active: 0 };
    for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER_MS) {
      const seenW = wattsOf(measured(atMs), what);
      const band = newest[what][Math.round((atMs - newest.fromMs) / newest.stepMs)];
      if (seenW === undefined || band === undefined) continue;
      sums.quarters += 1;
      sums.measuredW += seenW;
      sums.errorW += Math.abs(band.midW - seenW);
      if (seenW > 0 || band.midW >= 1) {
        inBand.active += 1;
        if (band.lowW <= seenW && seenW <= band.highW) inBand.quarters += 1;
      }
      const earlierW = wattsOf(measured(atMs - NAIVE_MS[what]), what);
      if (earlierW === undefined) continue;
      sums.naiveQuarters += 1;
      sums.naiveW += Math.abs(earlierW - seenW);
    }
    const { quarters, measuredW } = sums;
    if (quarters < QUARTERS_MIN || measuredW / quarters < MEAN_W_MIN) return [];
    const pct = (errorW: number): number => Math.round((100 * errorW) / measuredW);
    const naivePct = sums.naiveQuarters === quarters ? pct(sums.naiveW) : undefined;
    const { active } = inBand;
    const inBandPct = active === 0 ? undefined : Math.round((100 * inBand.quarters) / active);
    return [{ what, errorPct: pct(sums.errorW), naivePct, inBandPct, quarters }];
  });
}

const wattsOf = (quarter: Quarter, what: 'pv' | 'load'): number | undefined =>
  what === 'load' ? quarter.loadW : quarter.curtailed ? undefined : quarter.pvW;

const NAMES = { pv: 'sun', load: 'consumption' } as const;
const NAIVE_NAMES = { pv: 'the day before', load: 'a week before' } as const;

/** 'Within its 80 % band: 78 % of the quarter-hours of sun, 82 % of those of consumption.' */
export function bandSentence(scores: readonly DayScore[]): string {
  const parts = scores.flatMap(({ what, inBandPct }) =>
    inBandPct === undefined ? [] : [`${inBandPct} % of the quarter-hours of ${NAMES[what]}`],
  );
  return `Within its 80 % band: ${parts.join(', ')}.`;
}

/** 'Yesterday's forecast was 8 % off for sun (the day before: 21 %).' */
export function scoreSentence(scores: readonly DayScore[]): string {
  const parts = scores.map(({ what, errorPct, naivePct }) => {
    const naive = naivePct === undefined ? '' : ` (${NAIVE_NAMES[what]}: ${naivePct} %)`;
    return `${errorPct} % off for ${NAMES[what]}${naive}`;
  });
  return `Yesterday's forecast was ${parts.join(', ')}.`;
}
