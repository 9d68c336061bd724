import type { GatewayStatus } from '../contracts/messages.ts';
import type { HorizonScore } from '../contracts/values/outlook.ts';
import { DAY_MS, HOUR_MS } from '../contracts/values/time.ts';
import type { LiveView } from '../contracts/values/view.ts';
import { percent } from '../contracts/values/words.ts';

/** How far the forecasts of a local day were off, by how far ahead they looked. */
export interface ForecastDay {
  readonly day: string; // YYYY-MM-DD
  readonly scores: readonly HorizonScore[];
}

/** For the fleet: the newest day. */
export const newestForecastDay = (days: readonly ForecastDay[]): GatewayStatus['forecast'] => {
  const newest = days.at(-1);
  return newest && { day: newest.day, scores: [...newest.scores] };
};

const NAMES = { pv: 'sun', load: 'consumption', price: 'the price' } as const;

/** For the page: how far the last day's forecasts were off, a day ahead and for the next hour. */
export function forecastLink(days: readonly ForecastDay[]): NonNullable<LiveView['links']> {
  const newest = days.at(-1);
  if (newest === undefined) return [];
  const words = (aheadMs: number): string =>
    newest.scores
      .filter((one) => one.aheadMs === aheadMs)
      .map(({ what, errorPct }) => `${percent(errorPct)} for ${NAMES[what]}`)
      .join(', ');
  const parts = [
    [words(DAY_MS), 'a day ahead'],
    [words(HOUR_MS), 'an hour ahead'],
  ].flatMap(([text = '', lead]) => (text === '' ? [] : [`${lead} ${text}`]));
  if (parts.length === 0) return [];
  return [{ name: 'Forecast', text: `off on ${newest.day}: ${parts.join('; ')}` }];
}
