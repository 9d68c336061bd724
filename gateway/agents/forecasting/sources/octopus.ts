import { isoMinute } from '../../../contracts/values/stamp.ts';
import type { Instant } from '../../../contracts/values/time.ts';
import {
  finite,
  instantOf,
  listOf,
  objectOf,
  parseJson,
  SourceError,
  said,
  withQuery,
} from './answer.ts';
import { fromPerKwh, type Prices, pricesOf } from './slots.ts';

const PENCE = 100; // a pound

/** Unit rates of an Agile product in a grid region (A to P), in one page. */
export function octopusUrl(
  url: string,
  product: string,
  region: string,
  fromMs: Instant,
  untilMs: Instant,
): string {
  const rates = `electricity-tariffs/E-1R-${product}-${region}/standard-unit-rates/`;
  return withQuery(`${url}/products/${product}/${rates}`, {
    period_from: isoMinute(fromMs),
    period_to: isoMinute(untilMs),
    page_size: 1_500,
  });
}

/**
 * Half-hourly retail prices in the shape of Octopus Energy, newest first, pence per kWh.
 * @param vat  which of its two values counts
 * @throws SourceError when the answer is not in this shape
 */
export function parseOctopus(body: string, vat: 'included' | 'excluded'): Prices {
  const answer = objectOf(parseJson(body), 'the answer');
  if (typeof answer['detail'] === 'string') throw new SourceError(said(answer['detail']));
  const slots = listOf(answer['results'], 'results').map((entry) => {
    const rate = objectOf(entry, 'a rate');
    const fromMs = instantOf(rate['valid_from'], 'valid_from');
    const untilMs = instantOf(rate['valid_to'], 'valid_to');
    const pence = finite(rate[vat === 'included' ? 'value_inc_vat' : 'value_exc_vat']);
    const pounds = pence === null ? null : pence / PENCE;
    return { fromMs, durationMs: untilMs - fromMs, priceNanoPerWh: fromPerKwh(pounds) };
  });
  return pricesOf('GBP', slots);
}
