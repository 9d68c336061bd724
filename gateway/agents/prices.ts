import { energyPrice, type PriceSeries, type Tariff } from '../contracts/values/tariff.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../contracts/values/time.ts';

const KEPT_MS = 3 * DAY_MS;
const USUAL_SPOT_NANO_PER_WH = 80_000; // until the first prices arrive; nothing is traded on it

/**
 * Day-ahead prices as they became known, and what the tariff makes of them. A missing price is
 * unknown, not 0.
 */
export class PriceBook {
  private readonly tariff: Tariff;
  private readonly known = new Map<Instant, number>();
  private newestMs = 0;

  constructor(tariff: Tariff) {
    this.tariff = tariff;
  }

  add(series: PriceSeries): void {
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
  }

  /** Tariff price of a quarter-hour, nano-currency per Wh; undefined = not known. */
  at(direction: 'import' | 'export', atMs: Instant): number | undefined {
    return energyPrice(this.tariff, direction, atMs, this.series(atMs, atMs));
  }

  /**
   * For planning: an unknown price is taken from the day before, then from the last known one of
   * that direction.
   */
  expected(direction: 'import' | 'export', atMs: Instant): number {
    for (let days = 0; days <= 3; days += 1) {
      const price = energyPrice(
        this.tariff,
        direction,
        atMs,
        this.series(atMs, atMs - days * DAY_MS),
      );
      if (price !== undefined) return price;
    }
    const newest = energyPrice(this.tariff, direction, atMs, this.series(atMs, this.newestMs));
    if (newest !== undefined) return newest;
    const usual = { ...this.series(atMs, atMs), priceNanoPerWh: [USUAL_SPOT_NANO_PER_WH] };
    return energyPrice(this.tariff, direction, atMs, usual) ?? 0;
  }

  /** Whether both prices of a quarter-hour are known: only then it is traded. */
  isKnown(atMs: Instant): boolean {
    return this.at('import', atMs) !== undefined && this.at('export', atMs) !== undefined;
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
