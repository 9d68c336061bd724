import { type Instant, localDate } from '../../../contracts/values/time.ts';
import {
  finite,
  listOf,
  objectOf,
  parseJson,
  SourceError,
  said,
  stepOf,
  withQuery,
} from './answer.ts';
import { fromPerMwh, type Prices, pricesOf } from './slots.ts';

/** The question for the market's own days. */
export function energyChartsUrl(
  url: string,
  biddingZone: string,
  timeZone: string,
  fromMs: Instant,
  untilMs: Instant,
): string {
  const day = (atMs: Instant): string => localDate(atMs, timeZone);
  return withQuery(url, { bzn: biddingZone, start: day(fromMs), end: day(untilMs) });
}

/**
 * Prices in the shape of energy-charts: `unix_seconds` and `price`, each holding from its time on.
 * @throws SourceError when the answer is not in this shape
 */
export function parseEnergyCharts(body: string): Prices {
  const answer = objectOf(parseJson(body), 'the answer');
  const startsMs = listOf(answer['unix_seconds'], 'unix_seconds').map((at) => {
    const seconds = finite(at);
    if (seconds === null) throw new SourceError('its times are not numbers');
    return seconds * 1_000;
  });
  const list = listOf(answer['price'], 'price');
  const durationMs = stepOf(startsMs);
  const slots = startsMs.map((fromMs, n) => ({
    fromMs,
    durationMs,
    priceNanoPerWh: fromPerMwh(finite(list[n])),
  }));
  return pricesOf(perMwhCurrency(answer['unit']), slots);
}

export const awattarUrl = (url: string, fromMs: Instant, untilMs: Instant): string =>
  withQuery(url, { start: fromMs, end: untilMs });

/**
 * Prices in the shape of aWATTar: rows with `start_timestamp`, `end_timestamp`, `marketprice`.
 * @throws SourceError when the answer is not in this shape
 */
export function parseAwattar(body: string): Prices {
  const data = listOf(objectOf(parseJson(body), 'the answer')['data'], 'data');
  const rows = data.map((row) => objectOf(row, 'a row of data'));
  const slots = rows.map((row) => {
    const fromMs = finite(row['start_timestamp']);
    const untilMs = finite(row['end_timestamp']);
    if (fromMs === null || untilMs === null) throw new SourceError('its times are not numbers');
    const priceNanoPerWh = fromPerMwh(finite(row['marketprice']));
    return { fromMs, durationMs: untilMs - fromMs, priceNanoPerWh };
  });
  const currencies = new Set(rows.map((row) => perMwhCurrency(row['unit'])));
  if (currencies.size > 1) throw new SourceError('its prices are in several currencies');
  return pricesOf([...currencies][0] ?? '', slots);
}

/** 'EUR / MWh', 'Eur/MWh'. */
function perMwhCurrency(unit: unknown): string {
  const currency = /^\s*([A-Za-z]{3})\s*\/\s*MWh\s*$/.exec(String(unit))?.[1];
  if (currency === undefined) throw new SourceError(`its unit is ${said(unit)}, not EUR / MWh`);
  return currency.toUpperCase();
}
