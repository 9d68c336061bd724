import { HOUR_MS } from '../../../contracts/values/time.ts';
import { instantOf, SLOTS_MAX, SourceError, said, stepOf } from './answer.ts';
import { fromPerKwh, fromPerMwh, type Prices, pricesOf } from './slots.ts';

const HEADER = /^ts,price_([a-z]{3})_(mwh|kwh)$/;
const PRICE = /^[+-]?\d{1,9}(\.\d{1,9})?$/;

/**
 * Prices of a CSV with the header `ts,price_eur_mwh` (or another currency, or `_kwh`): the start of
 * each step with Z or an offset, and its price; an empty price is unknown.
 * @throws SourceError with the line
 */
export function parsePriceCsv(body: string): Prices {
  const [header = '', ...lines] = body
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  const [, currency, unit] = HEADER.exec(header) ?? [];
  if (currency === undefined) {
    throw new SourceError(`line 1 is '${said(header)}', not ts,price_eur_mwh`);
  }
  if (lines.length > SLOTS_MAX) throw new SourceError(`it has more than ${SLOTS_MAX} lines`);
  const toNano = unit === 'mwh' ? fromPerMwh : fromPerKwh;
  const rows = lines.map((line, n) => {
    const [ts, price, ...more] = line.split(',').map((field) => field.trim());
    if (price === undefined || more.length > 0 || !(price === '' || PRICE.test(price))) {
      throw new SourceError(`line ${n + 2} is '${said(line)}', not a time and a price`);
    }
    const fromMs = instantOf(ts, `line ${n + 2}`);
    return { fromMs, priceNanoPerWh: toNano(price === '' ? null : Number(price)) };
  });
  const durationMs = stepOf(rows.map(({ fromMs }) => fromMs));
  if (durationMs > HOUR_MS) throw new SourceError('its times are more than an hour apart');
  return pricesOf(
    currency.toUpperCase(),
    rows.map((row) => ({ ...row, durationMs })),
  );
}
