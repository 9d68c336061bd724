import type { HorizonScore } from '../contracts/values/outlook.ts';
import type { Site } from '../contracts/values/site.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDate,
  localDayStart,
} from '../contracts/values/time.ts';
import type { Clock, Log } from '../ports.ts';
import type { Diary } from './diary.ts';
import type { ForecastDay } from './forecast-days.ts';
import { bandSentence, scoreDay, scoreSentence } from './forecasting/day-score.ts';
import { horizonSentence } from './forecasting/horizon-scores.ts';
import { localSlot } from './forecasting/site-series.ts';
import type { Mind } from './mind.ts';

export interface ScoringDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly mind: Pick<Mind, 'past' | 'foresight' | 'quarters' | 'prices'>;
  readonly diary: Diary;
}

const KEPT_DAYS = 400;

/** Brings back the scores of earlier days. */
export async function recallScores({ mind, diary }: Pick<ScoringDeps, 'mind' | 'diary'>) {
  mind.past.forecastDays = await diary.forecastDays();
}

/** Scores what was forecast of yesterday: tells it, keeps it, and lets the fleet know. */
export async function scoreForecasts({ site, clock, log, mind, diary }: ScoringDeps) {
  const { timeZone } = site.place;
  const nowMs = clock.wallMs();
  const todayMs = localDayStart(nowMs, timeZone);
  const fromMs = localDayStart(todayMs - HOUR_MS, timeZone);
  const horizons = [...mind.foresight.scoresOf(fromMs), ...priceScore(mind.prices, fromMs)];
  if (horizons.length > 0) {
    const one: ForecastDay = { day: localDate(fromMs, timeZone), scores: horizons };
    const before = mind.past.forecastDays.filter(({ day }) => day !== one.day);
    mind.past.forecastDays = [...before, one].slice(-KEPT_DAYS);
    diary.keepForecastDays(mind.past.forecastDays, nowMs);
  }
  const forecasts = await diary.siteForecasts(fromMs - 12 * HOUR_MS, fromMs + 1);
  const measured = (atMs: Instant) => mind.quarters.forForecast(atMs);
  const scores = scoreDay(forecasts, measured, fromMs, todayMs);
  if (scores.length === 0) return;
  log.info("yesterday's forecast is scored", { scores, horizons });
  const detail = [bandSentence(scores), horizonSentence(horizons)].filter((one) => one !== '');
  const event = { atMs: nowMs, text: scoreSentence(scores), detail: detail.join(' ') };
  diary.event(event, 'FORECAST_SCORE');
}

/** Of the market's day of the same date. */
function priceScore({ outlook, timeZone }: Mind['prices'], fromMs: Instant): HorizonScore[] {
  const score = outlook.lastScore();
  if (score?.day !== localSlot(fromMs + DAY_MS / 2, timeZone).day) return [];
  const { errorPct, nextErrorPct } = score;
  const one = { what: 'price', quarters: 96 } as const;
  return [
    { ...one, aheadMs: DAY_MS, errorPct },
    ...(nextErrorPct === undefined
      ? []
      : [{ ...one, aheadMs: 2 * DAY_MS, errorPct: nextErrorPct }]),
  ];
}
