import { PriceForecast } from '../../gateway/agents/forecasting/price/price.ts';
import { openDataset } from '../../gateway/config/dataset.ts';
import { DAY_MS, HOUR_MS } from '../../gateway/contracts/values/time.ts';

/** How far a day that the market has not told was off, forecast from its prices alone. */
interface DayFigures {
  readonly maePerMwh: number;
  readonly inBandPct: number;
}

export interface UnknownDays {
  readonly set: string;
  readonly days: number;
  readonly first: DayFigures;
  readonly second: DayFigures;
}

const HOURS = 24;
const LEARNT_DAYS = 730; // before it is held against what came
const PRICE = /^price_[a-z]+_mwh$/;

/** @returns undefined for a set without the prices of a market */
export function unknownDays(set: string, dir: string): UnknownDays | undefined {
  const rows = openDataset(dir, (column) => PRICE.test(column)).sites[0]?.read();
  const cells = [...(rows?.columns ?? [])].find(([name]) => PRICE.test(name))?.[1];
  if (rows === undefined || cells === undefined) return undefined;
  const days = new Map<number, number[]>();
  rows.clockMs.forEach((atMs, row) => {
    const day = Math.floor(atMs / DAY_MS);
    const prices = days.get(day) ?? new Array<number>(HOURS).fill(Number.NaN);
    prices[Math.floor((atMs % DAY_MS) / HOUR_MS)] = cells[row] ?? Number.NaN;
    days.set(day, prices);
  });
  const model = new PriceForecast(HOURS, 0);
  const [first, second] = [new Off(), new Off()];
  let lived = 0;
  for (const [day, prices] of [...days].sort(([a], [b]) => a - b)) {
    model.open(day);
    while (model.work());
    if (lived >= LEARNT_DAYS) {
      first.day(model.issue(HOURS), prices);
      second.day(model.issueNext(HOURS), days.get(day + 1) ?? []);
    }
    prices.forEach((price, hour) => {
      model.observe(day, hour, price);
    });
    lived += 1;
  }
  return { set, days: lived - LEARNT_DAYS, first: first.figures(), second: second.figures() };
}

class Off {
  private hours = 0;
  private inBand = 0;
  private off = 0;

  day(bands: ReturnType<PriceForecast['issue']>, prices: readonly number[]): void {
    bands.forEach(({ low, mid, high }, hour) => {
      const price = prices[hour] ?? Number.NaN;
      if (Number.isNaN(price)) return;
      this.hours += 1;
      this.off += Math.abs(mid - price);
      if (low <= price && price <= high) this.inBand += 1;
    });
  }

  figures(): DayFigures {
    const { hours, off, inBand } = this;
    return { maePerMwh: off / hours, inBandPct: (100 * inBand) / hours };
  }
}
