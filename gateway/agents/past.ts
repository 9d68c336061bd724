import type { GatewayStatus } from '../contracts/messages.ts';
import type { DayAccount } from '../contracts/values/account.ts';
import type { Site } from '../contracts/values/site.ts';
import { CheckUp } from './check-up.ts';
import { newestReduction } from './consumer/report.ts';
import { type ForecastDay, newestForecastDay } from './forecast-days.ts';
import type { Places } from './places.ts';
import { Reductions } from './reductions.ts';
import { newestDay } from './savings/words.ts';

type Closed = Pick<GatewayStatus, 'day' | 'reduction' | 'forecast'>;

/** What is known of the days that are over: their cost, their events, and how equipment does. */
export class Past {
  /** Of the last days, oldest first. */
  accounts: readonly DayAccount[] = [];
  /** How good the forecasts of the last days were, oldest first. */
  forecastDays: readonly ForecastDay[] = [];
  readonly reductions = new Reductions();
  readonly checkUp: CheckUp;
  /** What `closed` said last, and of what. */
  private told:
    | {
        readonly closed: Closed;
        readonly accounts: Past['accounts'];
        readonly days: Past['forecastDays'];
        readonly version: number;
      }
    | undefined;

  constructor(site: Site, places: Places) {
    this.checkUp = new CheckUp(site, places);
  }

  /** What the fleet is told: the newest of each; the same object while nothing has changed. */
  closed(): Closed {
    const { accounts, forecastDays } = this;
    const { version } = this.reductions;
    const { told } = this;
    const isKnown =
      told?.accounts === accounts && told.days === forecastDays && told.version === version;
    if (isKnown) return told.closed;
    const closed = this.newest();
    this.told = { closed, accounts, days: forecastDays, version };
    return closed;
  }

  private newest(): Closed {
    const day = newestDay(this.accounts);
    const reduction = newestReduction(this.reductions.list());
    const forecast = newestForecastDay(this.forecastDays);
    return { ...(day && { day }), ...(reduction && { reduction }), ...(forecast && { forecast }) };
  }
}
