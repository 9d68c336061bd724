import type { A2aRequest, A2aTask } from '../contracts/messages.ts';
import { pastPrices } from '../contracts/past-prices.ts';
import type { Site } from '../contracts/values/site.ts';
import { type Instant, MINUTE_MS } from '../contracts/values/time.ts';
import { dataOf } from '../link/a2a/client.ts';
import type { Clock, Log } from '../ports.ts';
import type { Diary } from './diary.ts';
import type { PriceDay } from './forecasting/price/outlook.ts';
import { localSlot } from './forecasting/site-series.ts';
import { askPast, pastWeather } from './forecasting/sources/past.ts';
import { priceRecipe, weatherRecipe } from './forecasting/sources/recipes.ts';
import type { Mind } from './mind.ts';
import type { OwnSources } from './own-sources.ts';

/** Whoever asks the cloud's agents. */
export interface CloudAgents {
  send(agent: A2aRequest['agent'], data: unknown): Promise<A2aTask>;
}

export interface PastDaysDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly mind: Mind;
  readonly diary: Diary;
  readonly historyDays: number;
  readonly sources?: OwnSources | undefined;
  readonly cloud?: CloudAgents | undefined;
}

const FIRST_MS = 2 * MINUTE_MS;
const AGAIN_MS = 10 * MINUTE_MS;
const TRIES = 6;
const ASKED_DAYS = 100; // of an answer

/**
 * Asks, once after a start, for the days of the market that this gateway does not know: the cloud,
 * which holds them for its zone, then its own source. And its own source for the weather of days
 * whose sun it knows. A new site, and one that was off, learns at once.
 * @returns the cancel
 */
export function askPastDays(deps: PastDaysDeps): () => void {
  const { site, clock, mind, historyDays, sources, cloud } = deps;
  if (historyDays <= 0) return () => undefined;
  const cancels: (() => void)[] = [];
  const ownPrices = (): void => {
    if (sources?.prices === undefined) return;
    const recipe = priceRecipe(sources.prices, site.place);
    cancels.push(askPast(recipe, sources.ports, deps, takerOf(deps)));
  };
  const { components } = mind.places.connection.tariff;
  if (components.some(({ kind }) => kind.startsWith('market-'))) {
    if (cloud === undefined) ownPrices();
    else cancels.push(askCloud(deps, cloud, ownPrices));
  }
  if (sources?.weather !== undefined) {
    const { timeZone } = site.place;
    const taker = pastWeather('weather', timeZone, historyDays, clock, mind.foresight);
    const recipe = weatherRecipe(sources.weather, site.place);
    cancels.push(askPast(recipe, sources.ports, deps, taker));
  }
  return () => {
    for (const cancel of cancels) cancel();
  };
}

function lackingOf({ mind, historyDays }: PastDaysDeps, nowMs: Instant): number[] {
  const { outlook, timeZone } = mind.prices;
  return outlook.lacking(localSlot(nowMs, timeZone).day, historyDays);
}

function learn({ mind, diary }: PastDaysDeps, days: readonly PriceDay[]): void {
  diary.priceDays(days);
  mind.prices.outlook.learnPast(days);
}

function takerOf(deps: PastDaysDeps) {
  const { site, mind } = deps;
  const found: PriceDay[] = [];
  return {
    ...{ what: 'prices', timeZone: mind.prices.timeZone },
    lacking: (nowMs: Instant) => lackingOf(deps, nowMs),
    take(value: Parameters<typeof mind.prices.outlook.pastOf>[0] & { readonly currency: string }) {
      const days = value.currency === site.currency ? mind.prices.outlook.pastOf(value) : [];
      found.push(...days);
      return days.length;
    },
    done: () => learn(deps, found),
  };
}

/** Asks until it has answered, then goes on. @returns the cancel */
function askCloud(deps: PastDaysDeps, cloud: CloudAgents, then: () => void): () => void {
  const { clock, log } = deps;
  let running = true;
  let cancel = (): void => undefined;
  let tries = 0;
  const turn = async (): Promise<void> => {
    tries += 1;
    try {
      const days = await daysOfCloud(deps, cloud);
      if (!running) return;
      if (days.length > 0) {
        log.info('prices: earlier days came from the cloud', { days: days.length });
        learn(deps, days);
      }
    } catch (error) {
      if (!running) return;
      log.info('the cloud does not tell earlier prices', { why: String(error) });
      if (tries < TRIES) {
        cancel = clock.at(clock.monoMs() + AGAIN_MS, () => void turn());
        return;
      }
    }
    then();
  };
  cancel = clock.at(clock.monoMs() + FIRST_MS, () => void turn());
  return () => {
    running = false;
    cancel();
  };
}

/** What it has of the lacking days, the newest first, until it has no older ones. */
async function daysOfCloud(deps: PastDaysDeps, cloud: CloudAgents): Promise<PriceDay[]> {
  const { site, mind, clock } = deps;
  const lacking = new Set(lackingOf(deps, clock.wallMs()));
  const found: PriceDay[] = [];
  while (lacking.size > 0) {
    const untilDay = Math.max(...lacking) + 1;
    const span = { fromDay: untilDay - ASKED_DAYS, untilDay };
    const task = await cloud.send('forecasting', { v: 1, kind: 'get-past-prices', ...span });
    const [told] = dataOf(task).flatMap((data) => pastPrices.safeParse(data).data ?? []);
    const isOurs = told?.currency === site.currency && told.timeZone === mind.prices.timeZone;
    if (told === undefined || !isOurs || told.days.length === 0) break;
    found.push(...told.days.filter(({ day }) => lacking.has(day)));
    for (const day of lacking) if (day >= span.fromDay) lacking.delete(day);
  }
  return found;
}
