import { isoMinute } from '../../../contracts/values/stamp.ts';
import type { PriceSeries } from '../../../contracts/values/tariff.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../../../contracts/values/time.ts';
import { SLOTS_MAX, SourceError } from './answer.ts';

/** Prices of a market or a retailer at equal steps of at most a quarter-hour; null = not known. */
export interface Prices extends PriceSeries {
  readonly currency: string;
}

/** One price as a source states it: from an instant, for so long. Negative ones are prices too. */
export interface PriceSlot {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly priceNanoPerWh: number | null;
}

const PRICE_MAX = 1e10; // nano-currency per Wh: 10,000 a kWh

/** One currency per MWh is 1,000 nano-currency per Wh. */
export const fromPerMwh = (price: number | null): number | null => nano(price, 1_000);
/** One currency per kWh is 1,000,000 nano-currency per Wh. */
export const fromPerKwh = (price: number | null): number | null => nano(price, 1_000_000);

function nano(price: number | null, factor: number): number | null {
  if (price === null) return null;
  const value = Math.round(price * factor) + 0; // no -0
  if (Math.abs(value) > PRICE_MAX) throw new SourceError(`a price of ${price} cannot be`);
  return value;
}

/**
 * Slots of any length laid out in steps of the shortest, at most a quarter-hour. Where slots of two
 * lengths cover a time the shorter one counts; what no slot covers is unknown.
 * @throws SourceError when a time has two prices, or a slot does not lie on the steps
 */
export function pricesOf(currency: string, slots: readonly PriceSlot[]): Prices {
  if (!/^[A-Z]{3}$/.test(currency)) throw new SourceError('it names no currency');
  const first = slots[0];
  if (first === undefined) throw new SourceError('it has no prices');
  let stepMs = QUARTER_MS;
  let fromMs = first.fromMs;
  let untilMs = fromMs;
  for (const slot of slots) {
    if (!(slot.durationMs > 0 && slot.durationMs <= DAY_MS)) {
      throw new SourceError(`a price holds for ${slot.durationMs} ms`);
    }
    stepMs = Math.min(stepMs, slot.durationMs);
    fromMs = Math.min(fromMs, slot.fromMs);
    untilMs = Math.max(untilMs, slot.fromMs + slot.durationMs);
  }
  const count = (untilMs - fromMs) / stepMs;
  if (!Number.isInteger(count) || count > SLOTS_MAX) {
    throw new SourceError('its times are not in equal steps');
  }
  return { currency, fromMs, stepMs, priceNanoPerWh: laid(slots, fromMs, stepMs, count) };
}

function laid(
  slots: readonly PriceSlot[],
  fromMs: Instant,
  stepMs: number,
  count: number,
): (number | null)[] {
  const prices = new Array<number | null>(count).fill(null);
  const lengths = new Float64Array(count).fill(Number.POSITIVE_INFINITY); // of the slot that won
  for (const { fromMs: startMs, durationMs, priceNanoPerWh } of slots) {
    const at = (startMs - fromMs) / stepMs;
    const steps = durationMs / stepMs;
    if (!Number.isInteger(at) || !Number.isInteger(steps)) {
      throw new SourceError('its times are not in equal steps');
    }
    if (priceNanoPerWh === null) continue;
    for (let n = at; n < at + steps; n += 1) {
      const length = lengths[n] ?? 0;
      if (durationMs > length) continue;
      if (durationMs === length && prices[n] !== priceNanoPerWh) {
        throw new SourceError(`it has two prices for ${isoMinute(startMs)}`);
      }
      prices[n] = priceNanoPerWh;
      lengths[n] = durationMs;
    }
  }
  return prices;
}
