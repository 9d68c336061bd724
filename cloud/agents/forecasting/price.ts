import { HOUR_MS, type Instant, QUARTER_MS } from '../../../gateway/contracts/values/time.ts';
import { evenly, finite, listOf, objectOf, SourceError, stepOf } from './series.ts';
import { parse } from './weather.ts';

/**
 * Day-ahead prices, nano-currency per Wh, at equal steps of at most a quarter-hour; null = not
 * published.
 */
export interface Prices {
  readonly currency: string;
  readonly fromMs: Instant;
  readonly stepMs: number;
  readonly priceNanoPerWh: readonly (number | null)[];
}

/** One currency per MWh is 1,000 nano-currency per Wh. */
const fromPerMwh = (price: number | null): number | null =>
  price === null ? null : Math.round(price * 1_000) + 0;

/**
 * Prices in the shape of energy-charts (`unix_seconds`, `price`) or aWATTar
 * (`data[].start_timestamp`, `marketprice`); both hold from their time on.
 * @throws SourceError when the answer is in neither
 */
export function parsePrices(body: string): Prices {
  const answer = objectOf(parse(body), 'the answer');
  if (answer['unix_seconds'] !== undefined) return energyCharts(answer);
  if (answer['data'] !== undefined) return awattar(answer);
  throw new SourceError('it has neither unix_seconds (energy-charts) nor data (aWATTar)');
}

function energyCharts(answer: Record<string, unknown>): Prices {
  const starts = listOf(answer['unix_seconds'], 'unix_seconds').map((at) => {
    const seconds = finite(at);
    return seconds === null ? null : seconds * 1_000;
  });
  const list = listOf(answer['price'], 'price');
  const prices = starts.map((_, n) => fromPerMwh(finite(list[n])));
  return laidOut(unitOf(answer['unit']), starts, prices, stepOf(starts));
}

function awattar(answer: Record<string, unknown>): Prices {
  const rows = listOf(answer['data'], 'data').map((row) => objectOf(row, 'a row of data'));
  const starts = rows.map((row) => finite(row['start_timestamp']));
  const endMs = finite(rows[0]?.['end_timestamp']);
  const stepMs =
    rows.length > 1 ? stepOf(starts) : (endMs ?? Number.NaN) - (starts[0] ?? Number.NaN);
  const prices = rows.map((row) => fromPerMwh(finite(row['marketprice'])));
  return laidOut(unitOf(rows[0]?.['unit']), starts, prices, stepMs);
}

/** 'EUR / MWh', 'Eur/MWh'. */
function unitOf(unit: unknown): string {
  const currency = /^\s*([A-Za-z]{3})\s*\/\s*MWh\s*$/.exec(String(unit))?.[1];
  if (currency === undefined) throw new SourceError(`its unit is ${String(unit)}, not EUR / MWh`);
  return currency.toUpperCase();
}

/** Longer steps (hours) are cut into quarter-hours of the same price. */
function laidOut(
  currency: string,
  starts: readonly (number | null)[],
  prices: readonly (number | null)[],
  stepMs: number,
): Prices {
  if (!(stepMs > 0 && stepMs <= HOUR_MS)) throw new SourceError(`its step is ${stepMs} ms`);
  const { fromMs, values } = evenly(starts, prices, stepMs);
  const parts = stepMs > QUARTER_MS && stepMs % QUARTER_MS === 0 ? stepMs / QUARTER_MS : 1;
  return {
    currency,
    fromMs,
    stepMs: stepMs / parts,
    priceNanoPerWh: values.flatMap((value) => new Array<number | null>(parts).fill(value)),
  };
}
