import type {
  PriceWindow,
  Tariff,
  TariffComponent,
} from '../../gateway/contracts/values/tariff.ts';

const WEEK = [1, 2, 3, 4, 5, 6, 7];
const WORKDAYS = [1, 2, 3, 4, 5];
const HOLIDAYS = [
  '2026-01-01',
  '2026-04-03',
  '2026-04-06',
  '2026-05-01',
  '2026-12-25',
  '2026-12-26',
];

const always = (priceNanoPerWh: number): PriceWindow[] => [
  { weekdays: WEEK, fromMinute: 0, untilMinute: 1440, priceNanoPerWh },
];

function tariff(id: string, components: readonly TariffComponent[]): Tariff {
  return {
    id,
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    holidays: HOLIDAYS,
    source: 'simulated',
    knownUntilMs: undefined,
    components,
  };
}

/**
 * Feed-in at a fixed price; what the site draws costs the day-ahead price plus grid fees and
 * levies.
 */
export const FEED_IN: Tariff = tariff('feed-in', [
  { id: 'spot', validFromMs: 0, kind: 'market-import', sharePct: 100, adderNanoPerWh: 95_000 },
  { id: 'feed-in', validFromMs: 0, kind: 'energy-export', windows: always(79_400) },
  { id: 'metering', validFromMs: 0, kind: 'fixed', nanoPerDay: 480_000_000n },
]);

/**
 * Industry: dear on workdays from 7 to 20, and 11 EUR for each kW of the month's highest
 * quarter-hour.
 */
export const INDUSTRY: Tariff = tariff('industry', [
  {
    id: 'energy',
    validFromMs: 0,
    kind: 'energy-import',
    windows: [
      { weekdays: WORKDAYS, fromMinute: 420, untilMinute: 1_200, priceNanoPerWh: 284_000 },
      { weekdays: WEEK, fromMinute: 0, untilMinute: 1_440, priceNanoPerWh: 201_000 },
    ],
  },
  { id: 'surplus', validFromMs: 0, kind: 'energy-export', windows: always(52_000) },
  {
    id: 'peak',
    validFromMs: 0,
    kind: 'demand',
    nanoPerW: 11_000_000n,
    windowMs: 900_000,
    period: 'month',
  },
  { id: 'base', validFromMs: 0, kind: 'fixed', nanoPerDay: 1_650_000_000n },
]);

/** Household: cheap nights, dear evenings, feed-in for the roof, tax on what is bought. */
export const HOUSEHOLD: Tariff = tariff('household', [
  {
    id: 'energy',
    validFromMs: 0,
    kind: 'energy-import',
    windows: [
      { weekdays: WEEK, fromMinute: 1_020, untilMinute: 1_260, priceNanoPerWh: 332_000 },
      { weekdays: WEEK, fromMinute: 360, untilMinute: 1_320, priceNanoPerWh: 268_000 },
      { weekdays: WEEK, fromMinute: 0, untilMinute: 1_440, priceNanoPerWh: 194_000 },
    ],
  },
  { id: 'feed-in', validFromMs: 0, kind: 'energy-export', windows: always(77_800) },
  { id: 'base', validFromMs: 0, kind: 'fixed', nanoPerDay: 395_000_000n },
  { id: 'vat', validFromMs: 0, kind: 'tax', pct: 19, on: 'import' },
]);
