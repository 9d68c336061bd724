import {
  type PastPrices,
  type PastPricesWanted,
  pastPricesWanted,
} from '../../../gateway/contracts/past-prices.ts';
import type { AgentAnswer, AgentPort } from '../../a2a/router.ts';
import type { ForecastState } from './forecasting.ts';

const DAYS_MOST = 100; // of an answer

/**
 * The forecasting agent as others may talk to it: it tells a gateway its zone's newest forecast, or
 * its market's prices of earlier days.
 */
export function forecastingAgent(zones: ReadonlyMap<string, ForecastState>): AgentPort {
  return {
    send(speaker, message) {
      const asked = message.parts.some(
        (part) =>
          'data' in part && (part.data as { kind?: unknown } | null)?.kind === 'get-forecast',
      );
      const state = zones.get(speaker.zone);
      const data = state?.published;
      const [wanted] = message.parts.flatMap((part) =>
        'data' in part ? (pastPricesWanted.safeParse(part.data).data ?? []) : [],
      );
      if (wanted !== undefined && state !== undefined) return past(state, wanted);
      if (!asked) {
        const says = 'send a data part {kind: "get-forecast"} or {kind: "get-past-prices"}';
        return { state: 'TASK_STATE_REJECTED', says };
      }
      if (data === undefined) return { state: 'TASK_STATE_FAILED', says: 'nothing is known yet' };
      return {
        state: 'TASK_STATE_COMPLETED',
        result: { name: 'forecast', parts: [{ data, mediaType: 'application/json' }] },
      };
    },
  };
}

/** The newest days of a span that are known. */
function past(
  { zone, outlook }: ForecastState,
  { fromDay, untilDay }: PastPricesWanted,
): AgentAnswer {
  const days = outlook.days().filter(({ day }) => day >= fromDay && day < untilDay);
  const data: PastPrices = {
    ...{ v: 1, kind: 'past-prices', currency: zone.currency, timeZone: zone.timeZone },
    days: days.slice(-DAYS_MOST).map(({ day, hours }) => ({ day, hours: [...hours] })),
  };
  const parts = [{ data, mediaType: 'application/json' }];
  return { state: 'TASK_STATE_COMPLETED', result: { name: 'past-prices', parts } };
}
