import { amountNano, type Nano } from './money.ts';
import { HOUR_MS, type Instant, localDate, localTime, QUARTER_MS } from './time.ts';

/**
 * A tariff is a list of dated components. Prices are integer nano-currency per Wh; import prices
 * are what the site pays, export prices what it is paid, both before tax unless a tax component
 * says so.
 */
export interface Tariff {
  readonly id: string;
  readonly currency: string;
  readonly timeZone: string; // IANA zone of its windows, holidays and demand period
  readonly holidays: readonly string[]; // local dates YYYY-MM-DD, priced as Sundays
  readonly source: string;
  readonly knownUntilMs: Instant | undefined; // prices beyond are unknown, not zero
  readonly components: readonly TariffComponent[];
}

interface Dated {
  readonly id: string;
  readonly validFromMs: Instant;
  readonly validUntilMs?: Instant;
}

/**
 * Local time window; weekdays 1 = Monday ... 7 = Sunday; `untilMinute` 1440 = midnight; months
 * 1 to 12 for a price of a season, each month without.
 */
export interface PriceWindow {
  readonly months?: readonly number[] | undefined;
  readonly weekdays: readonly number[];
  readonly fromMinute: number;
  readonly untilMinute: number;
  readonly priceNanoPerWh: number;
}

export type TariffComponent =
  | (Dated & {
      readonly kind: 'energy-import' | 'energy-export';
      readonly windows: readonly PriceWindow[]; // first match counts
    })
  | (Dated & {
      readonly kind: 'market-import' | 'market-export'; // day-ahead series times share plus adder
      readonly sharePct: number;
      readonly adderNanoPerWh: number;
    })
  | (Dated & { readonly kind: 'fixed'; readonly nanoPerDay: bigint })
  | (Dated & {
      readonly kind: 'demand';
      // per W of the highest mean import in a window of `windowMs`, per period
      readonly nanoPerW: bigint;
      readonly windowMs: number;
      readonly period: 'month' | 'day';
    })
  | (Dated & {
      readonly kind: 'excess'; // on energy beyond a mean power of the settlement interval
      readonly on: 'import' | 'export';
      readonly beyondW: number;
      readonly priceNanoPerWh: number; // beside the energy's own price
    })
  | (Dated & { readonly kind: 'tax'; readonly pct: number; readonly on: 'import' });

/** Prices at equal steps from `fromMs`; null = unknown. */
export interface PriceSeries {
  readonly fromMs: Instant;
  readonly stepMs: number;
  readonly priceNanoPerWh: readonly (number | null)[];
}

export function seriesAt(series: PriceSeries | undefined, atMs: Instant): number | undefined {
  if (series === undefined) return undefined;
  return series.priceNanoPerWh[Math.floor((atMs - series.fromMs) / series.stepMs)] ?? undefined;
}

function inForce(component: Dated, atMs: Instant): boolean {
  return (
    component.validFromMs <= atMs &&
    (component.validUntilMs === undefined || atMs < component.validUntilMs)
  );
}

/** Whether the local day of an instant is a holiday of the tariff. */
export function isHoliday({ holidays, timeZone }: Tariff, atMs: Instant): boolean {
  return holidays.includes(localDate(atMs, timeZone));
}

function windowPrice(tariff: Tariff, windows: readonly PriceWindow[], atMs: Instant) {
  const at = localTime(atMs, tariff.timeZone);
  const weekday = isHoliday(tariff, atMs) ? 7 : at.weekday;
  return windows.find(
    (w) =>
      w.weekdays.includes(weekday) &&
      (w.months === undefined || w.months.includes(at.month)) &&
      w.fromMinute <= at.minuteOfDay &&
      at.minuteOfDay < w.untilMinute,
  )?.priceNanoPerWh;
}

/**
 * Energy price at an instant: the sum of all energy components of that direction in force, tax
 * included.
 * @returns nano-currency per Wh, or undefined where a component is unknown (never 0 for unknown)
 */
export function energyPrice(
  tariff: Tariff,
  direction: 'import' | 'export',
  atMs: Instant,
  dayAhead?: PriceSeries,
): number | undefined {
  if (tariff.knownUntilMs !== undefined && atMs >= tariff.knownUntilMs) return undefined;
  let sum: number | undefined;
  for (const component of tariff.components) {
    if (!inForce(component, atMs)) continue;
    let price: number | undefined;
    if (component.kind === `energy-${direction}` && 'windows' in component) {
      price = windowPrice(tariff, component.windows, atMs);
    } else if (component.kind === `market-${direction}` && 'sharePct' in component) {
      const spot = seriesAt(dayAhead, atMs);
      price =
        spot === undefined
          ? undefined
          : Math.round((spot * component.sharePct) / 100) + component.adderNanoPerWh;
    } else continue;
    if (price === undefined) return undefined;
    sum = (sum ?? 0) + price;
  }
  if (sum === undefined) return undefined;
  if (direction === 'export') return sum;
  for (const component of tariff.components) {
    if (component.kind === 'tax' && inForce(component, atMs)) {
      sum = Math.round(sum * (1 + component.pct / 100));
    }
  }
  return sum;
}

/** What energy beyond a power costs more, in force. */
export function excessComponents(tariff: Tariff, atMs: Instant) {
  return tariff.components.flatMap((one) =>
    one.kind === 'excess' && inForce(one, atMs) ? [one] : [],
  );
}

/**
 * What the energy of a quarter-hour beyond a power costs beside its price. @param netWh + import
 */
export function excessNano(tariff: Tariff, netWh: number, fromMs: Instant): Nano {
  return excessComponents(tariff, fromMs).reduce((sum, { on, beyondW, priceNanoPerWh }) => {
    const wayWh = on === 'import' ? netWh : -netWh;
    const beyondWh = Math.max(0, Math.round(wayWh - (beyondW * QUARTER_MS) / HOUR_MS));
    return sum + amountNano(beyondWh, priceNanoPerWh);
  }, 0n);
}

/** Demand component in force, if the tariff has one. */
export function demandComponent(tariff: Tariff, atMs: Instant) {
  for (const component of tariff.components) {
    if (component.kind === 'demand' && inForce(component, atMs)) return component;
  }
  return undefined;
}
