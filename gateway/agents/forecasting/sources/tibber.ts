import { HOUR_MS } from '../../../contracts/values/time.ts';
import {
  finite,
  instantOf,
  listOf,
  objectOf,
  parseJson,
  SourceError,
  said,
  stepOf,
} from './answer.ts';
import { fromPerKwh, type Prices, pricesOf } from './slots.ts';

/** GraphQL for today and tomorrow of every home, in quarter-hours. */
export const TIBBER_QUERY = JSON.stringify({
  query:
    '{viewer{homes{id currentSubscription{priceInfo(resolution:QUARTER_HOURLY)' +
    '{current{currency} today{total energy startsAt} tomorrow{total energy startsAt}}}}}}',
});

/**
 * A customer's retail prices in the shape of Tibber's API, currency per kWh.
 * @param part  `total` with taxes and fees, or `energy` alone
 * @param home  id of the home; may be left out where the key belongs to one
 * @throws SourceError when the answer is not in this shape
 */
export function parseTibber(body: string, part: 'total' | 'energy', home?: string): Prices {
  const answer = objectOf(parseJson(body), 'the answer');
  const [error] = Array.isArray(answer['errors']) ? answer['errors'] : [];
  if (error !== undefined) throw new SourceError(`refused: ${said(messageOf(error))}`);
  const viewer = objectOf(objectOf(answer['data'], 'data')['viewer'], 'viewer');
  const homes = listOf(viewer['homes'], 'homes').map((one) => objectOf(one, 'a home'));
  const chosen = home === undefined ? homes : homes.filter(({ id }) => id === home);
  const [only, second] = chosen;
  if (only === undefined) throw new SourceError(home === undefined ? 'no home' : `no home ${home}`);
  if (second !== undefined) {
    throw new SourceError(`${homes.length} homes: name one as 'home', ${said(ids(homes))}`);
  }
  const subscription = objectOf(only['currentSubscription'], 'currentSubscription');
  const info = objectOf(subscription['priceInfo'], 'priceInfo');
  const rows = ['today', 'tomorrow'].flatMap((day) =>
    listOf(info[day] ?? [], day).map((row) => objectOf(row, 'a price')),
  );
  const startsMs = rows.map((row) => instantOf(row['startsAt'], 'startsAt'));
  const durationMs = stepOf(startsMs);
  if (durationMs > HOUR_MS) throw new SourceError('its prices are more than an hour apart');
  const slots = rows.map((row, n) => ({
    fromMs: startsMs[n] ?? 0,
    durationMs,
    priceNanoPerWh: fromPerKwh(finite(row[part])),
  }));
  return pricesOf(String(objectOf(info['current'], 'current')['currency']), slots);
}

const messageOf = (error: unknown): unknown => (error as { message?: unknown } | null)?.message;
const ids = (homes: readonly Record<string, unknown>[]): string =>
  homes.map(({ id }) => id).join(' ');
