import { exp } from '../../devices/maths.ts';
import {
  energyPrice,
  isHoliday,
  type PriceSeries,
  type Tariff,
} from '../contracts/values/tariff.ts';
import { DAY_MS, HOUR_MS, type Instant, localTime, QUARTER_MS } from '../contracts/values/time.ts';
import { daysBefore } from './forecasting/load.ts';
import { type ForetoldPrices, type PriceDay, PriceOutlook } from './forecasting/price/outlook.ts';

const DUE_MS = 9 * HOUR_MS; // at 15:00 tomorrow's have been out for two hours
const SHAPE_DAYS = 7;
const KEPT_MS = (SHAPE_DAYS + 1) * DAY_MS;
const SHAPE_MEMORY_DAYS = 3; // a day that old counts 1/e
const UNLIKE_SHARE = 0.05; // weight of a day of work for one of rest, and the other way round
const SAME_WEEKDAY_SHARE = 1.5;
const USUAL_SPOT_NANO_PER_WH = 80_000; // until the first prices arrive; nothing is traded on it

/**
 * Day-ahead prices as they became known, and what the tariff makes of them. A missing price is
 * unknown, not 0.
 */
export class PriceBook {
  private readonly tariff: Tariff;
  private readonly known = new Map<Instant, number>();
  readonly outlook: PriceOutlook;
  readonly timeZone: string; // of the market's days
  private newestMs = 0;
  private foretold: ForetoldPrices | undefined; // by the cloud

  constructor(tariff: Tariff) {
    this.tariff = tariff;
    this.timeZone = tariff.timeZone;
    this.outlook = new PriceOutlook(tariff.timeZone);
  }

  /** @returns days of the market that are whole by it: what its forecast learns from */
  add(series: PriceSeries): PriceDay[] {
    series.priceNanoPerWh.forEach((price, i) => {
      if (price === null) return;
      const fromMs = series.fromMs + i * series.stepMs;
      for (let atMs = fromMs; atMs < fromMs + series.stepMs; atMs += QUARTER_MS) {
        this.known.set(atMs, price);
        this.newestMs = Math.max(this.newestMs, atMs);
      }
    });
    for (const atMs of this.known.keys()) {
      if (atMs < this.newestMs - KEPT_MS) this.known.delete(atMs);
    }
    return this.outlook.add(series);
  }

  /** What the zone's cloud expects of prices that the market has not told. */
  foretell(prices: ForetoldPrices | undefined): void {
    this.foretold = prices ?? this.foretold;
  }

  /** Whether the market's prices of now or of the next hours are not known. */
  isLacking(nowMs: Instant): boolean {
    const slotOf = (atMs: Instant): Instant => Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    return [nowMs, nowMs + DUE_MS].some((atMs) => !this.known.has(slotOf(atMs)));
  }

  /** Tariff price of a quarter-hour, nano-currency per Wh; undefined = not known. */
  at(direction: 'import' | 'export', atMs: Instant): number | undefined {
    return energyPrice(this.tariff, direction, atMs, this.series(atMs, atMs));
  }

  /**
   * For planning: beyond the known prices the market's is what the forecast says; where that says
   * nothing, what it was at that hour of the last days, mostly of like ones; with no such hour the
   * last known one.
   */
  expected(direction: 'import' | 'export', atMs: Instant): number {
    const known = this.at(direction, atMs);
    if (known !== undefined) return known;
    const foretold = this.outlook.at(atMs)?.mid ?? foretoldAt(this.foretold, atMs);
    const spots = [
      foretold,
      this.usual(atMs),
      this.known.get(this.newestMs),
      USUAL_SPOT_NANO_PER_WH,
    ];
    for (const spot of spots) {
      if (spot === undefined) continue;
      const series = { ...this.series(atMs, atMs), priceNanoPerWh: [Math.round(spot)] };
      const price = energyPrice(this.tariff, direction, atMs, series);
      if (price !== undefined) return price;
    }
    // Nobody has said that export is paid; import is never taken to be free.
    return direction === 'export' ? 0 : USUAL_SPOT_NANO_PER_WH;
  }

  /** Whether both prices of a quarter-hour are known: only then it is traded. */
  isKnown(atMs: Instant): boolean {
    return this.at('import', atMs) !== undefined && this.at('export', atMs) !== undefined;
  }

  /** Weighted mean of the same local time of the last days; undefined where none is known. */
  private usual(atMs: Instant): number | undefined {
    const { timeZone } = this.tariff;
    const isRest = this.isRest(atMs);
    let sum = 0;
    let total = 0;
    for (let days = 1; days <= SHAPE_DAYS; days += 1) {
      const pastMs = daysBefore(atMs, days, timeZone);
      const spot = this.known.get(Math.floor(pastMs / QUARTER_MS) * QUARTER_MS);
      if (spot === undefined) continue;
      const alike = this.isRest(pastMs) === isRest ? 1 : UNLIKE_SHARE;
      const weight =
        exp(-days / SHAPE_MEMORY_DAYS) * alike * (days === SHAPE_DAYS ? SAME_WEEKDAY_SHARE : 1);
      sum += weight * spot;
      total += weight;
    }
    return total > 0 ? Math.round(sum / total) : undefined;
  }

  private isRest(atMs: Instant): boolean {
    return localTime(atMs, this.tariff.timeZone).weekday >= 6 || isHoliday(this.tariff, atMs);
  }

  /** The price known for `fromMs`, as a series of one step at `atMs`. */
  private series(atMs: Instant, fromMs: Instant): PriceSeries {
    const slotMs = Math.floor(fromMs / QUARTER_MS) * QUARTER_MS;
    return {
      fromMs: Math.floor(atMs / QUARTER_MS) * QUARTER_MS,
      stepMs: QUARTER_MS,
      priceNanoPerWh: [this.known.get(slotMs) ?? null],
    };
  }
}

function foretoldAt(prices: ForetoldPrices | undefined, atMs: Instant): number | undefined {
  if (prices === undefined) return undefined;
  return prices.midNanoPerWh[Math.floor((atMs - prices.fromMs) / prices.stepMs)];
}
