import type { Reduction } from '../contracts/values/reduction.ts';
import type { Site } from '../contracts/values/site.ts';
import {
  DAY_MS,
  type Instant,
  localDate,
  localDayStart,
  localTime,
  MINUTE_MS,
  QUARTER_MS,
} from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';
import { deliveredIn, type MeteredSite } from './consumer/baseline.ts';
import { reductionSentence } from './consumer/report.ts';
import type { Diary } from './diary.ts';
import type { Mind } from './mind.ts';
import { COVERED_PCT } from './quarters.ts';

/** The last quarter-hour's record is there by then; later than a day nobody waits for more. */
const RECORDS_MS = 20 * MINUTE_MS;
const LATEST_MS = DAY_MS;

export interface ReductionsDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly mind: Mind;
  readonly diary: Diary;
}

/** Works out what was delivered of the events that are over, and writes down what has changed. */
export async function closeEvents({ site, clock, mind, diary }: ReductionsDeps): Promise<void> {
  const nowMs = clock.wallMs();
  for (const one of mind.past.reductions.list()) {
    const over = nowMs >= one.untilMs + RECORDS_MS;
    if (one.result !== undefined || !one.taken || !over) continue;
    const found = deliveredIn(one, meteredSite(mind, one));
    if (typeof found === 'string' && nowMs < one.untilMs + LATEST_MS && isOpen(mind, one)) continue;
    const closed = { ...one, result: typeof found === 'string' ? { unknown: found } : found };
    mind.past.reductions.put(closed);
    const text = reductionSentence(closed, site.place.timeZone);
    diary.event({ atMs: nowMs, text }, 'DEMAND_RESPONSE_REPORT');
  }
  for (const one of mind.past.reductions.take()) diary.reduction(one);
}

/** Records of the event may still come. */
function isOpen(mind: Mind, { fromMs, untilMs }: Reduction): boolean {
  return mind.quarters.list(fromMs, untilMs).length < Math.floor((untilMs - fromMs) / QUARTER_MS);
}

function meteredSite(mind: Mind, event: Reduction): MeteredSite {
  const { timeZone } = mind.site.place;
  const { holidays } = mind.places.connection.tariff;
  const others = mind.past.reductions
    .list()
    .filter(({ taken, sequence }) => taken && sequence !== event.sequence);
  const dayStart = (atMs: Instant): Instant => localDayStart(atMs, timeZone);
  return {
    netWh: (atMs) => {
      if (others.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)) return undefined;
      const quarter = mind.quarters.measured(atMs);
      const isMeasured =
        quarter && quarter.quality !== 'substituted' && quarter.coveragePct >= COVERED_PCT;
      return isMeasured ? quarter.inWh - quarter.outWh : undefined;
    },
    soldWh: (atMs) => mind.soldWh(atMs),
    dayStart,
    isWorkday: (atMs) =>
      localTime(atMs, timeZone).weekday <= 5 && !holidays.includes(localDate(atMs, timeZone)),
    isEventDay: (startMs) =>
      others.some(({ fromMs, untilMs }) => dayStart(fromMs) <= startMs && startMs < untilMs),
  };
}
