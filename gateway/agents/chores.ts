import type { ZoneForecast } from '../contracts/messages.ts';
import type { Site } from '../contracts/values/site.ts';
import { MINUTE_MS } from '../contracts/values/time.ts';
import type { Clock, Log, Schedule, Solver } from '../ports.ts';
import { closeDays, recallDays } from './accounts.ts';
import { checkEquipment } from './check-equipment.ts';
import { closeEvents } from './close-events.ts';
import type { Diary } from './diary.ts';
import type { Mind } from './mind.ts';
import { type OwnSources, watchOwnSources } from './own-sources.ts';
import { askPastDays, type CloudAgents } from './past-days.ts';
import { recallScores, scoreForecasts } from './score-forecasts.ts';

/** Cron fields on the site's own clock: after the day's last records have come. */
const SCORE_AT = '20 0 * * *';
/** Every hour, for a day that could not be closed before; one that is closed is not opened. */
const CLOSE_AT = '25 * * * *';
/** The records of a quarter-hour are there by then. */
const CHECK_AT = '12,27,42,57 * * * *';
/** Demand-response events: what is seen of them is kept, and what is over is told. */
const EVENTS_AT = '*/5 * * * *';
/** At an hour at which nobody waits for the disk, and which every day has. */
const FORGET_AT = '40 3 * * *';

/** After a start, until the last forecast of a cloud that is there has come. */
const CLOUD_TELLS_MS = 2 * MINUTE_MS;

export interface ChoresPorts {
  readonly schedule: Schedule;
  /** Where a gateway asks for weather and prices while no cloud tells them. */
  readonly sources?: OwnSources;
  /** Earlier days that are asked for where they are not known; absent = none. */
  readonly historyDays?: number;
}

export interface ChoresDeps extends ChoresPorts {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly mind: Mind;
  readonly diary: Diary;
  readonly want: (why: string) => void; // another plan
  readonly solver: Solver;
  readonly cloud: CloudAgents | undefined;
}

/** Slow work, for which no message and no quarter-hour asks. @returns its end */
export function startChores(deps: ChoresDeps): () => void {
  const { site, clock, schedule, log, mind, diary } = deps;
  const { timeZone } = site.place;
  const tell = (): void => {
    const nowMs = clock.wallMs();
    for (const text of mind.foresight.news(nowMs)) {
      log.info('the site has changed', { text });
      diary.event({ atMs: nowMs, text }, 'LEVEL_SHIFT');
    }
  };
  void Promise.all([recallDays(deps), recallScores(deps)]).catch((error: unknown) => {
    log.error('the accounts of the last days are not read', { why: String(error) });
  });
  const ends = [
    schedule.every(SCORE_AT, timeZone, () => scoreForecasts(deps)),
    schedule.every(CHECK_AT, timeZone, () => checkEquipment(deps)),
    schedule.every(EVENTS_AT, timeZone, () => closeEvents(deps)),
    schedule.every(CLOSE_AT, timeZone, () => closeDays(deps)),
    schedule.every(FORGET_AT, timeZone, async () => {
      tell();
      await diary.forget(clock.wallMs());
    }),
    ...(deps.sources ? [askSources(deps, deps.sources)] : []),
    askPastDays({ ...deps, historyDays: deps.historyDays ?? 0 }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function askSources(deps: ChoresDeps, sources: OwnSources): () => void {
  const { site, clock, log, mind, diary, want, cloud } = deps;
  const told = (forecast: ZoneForecast): void => {
    diary.zoneForecast(forecast, mind.zoneForecast(forecast));
    want('a new forecast');
  };
  if (cloud === undefined) return watchOwnSources(site, sources, { clock, log }, told);
  const cloudMonoMs = clock.monoMs() + CLOUD_TELLS_MS;
  const isSilent = (): boolean => clock.monoMs() >= cloudMonoMs;
  return watchOwnSources(site, sources, { clock, log }, told, {
    weather: (nowMs) => isSilent() && mind.lacking.weather(nowMs),
    prices: (nowMs) => isSilent() && mind.lacking.prices(nowMs),
  });
}
