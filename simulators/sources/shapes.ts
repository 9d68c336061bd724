import { isoMinute, offsetAt } from '../../gateway/contracts/values/stamp.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  localDayStart,
  MINUTE_MS,
  QUARTER_MS,
} from '../../gateway/contracts/values/time.ts';
import type { Climate } from '../plant/weather.ts';
import { dayAheadPrice, MARKET_ZONE, publishedUntil } from './prices.ts';

/** The simulated market's day-ahead prices, in the shapes of those who sell or publish them. */
export interface Window {
  readonly climate: Climate;
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly nowMs: Instant;
}

export const SIMULATED_AREA = '10Y1001A1001A82H';
const FLAT_PER_KWH = 0.15; // what a retailer adds, EUR
const VAT = 1.19;
const BRITISH_VAT = 1.05;

interface Step {
  readonly fromMs: Instant;
  readonly price: number; // EUR/MWh, mean over the step
}

/** What is published of a window, in whole steps. */
function steps({ climate, fromMs, untilMs, nowMs }: Window, stepMs: number): Step[] {
  const endMs = Math.min(untilMs, publishedUntil(nowMs), fromMs + 40 * DAY_MS);
  const found: Step[] = [];
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs + stepMs <= endMs; atMs += stepMs) {
    let sum = 0;
    for (let partMs = 0; partMs < stepMs; partMs += QUARTER_MS) {
      sum += dayAheadPrice(climate, atMs + partMs);
    }
    found.push({ fromMs: atMs, price: (sum * QUARTER_MS) / stepMs });
  }
  return found;
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Hours, EUR/MWh. */
export const awattarBody = (window: Window): string =>
  JSON.stringify({
    object: 'list',
    data: steps(window, HOUR_MS).map(({ fromMs, price }) => ({
      start_timestamp: fromMs,
      end_timestamp: fromMs + HOUR_MS,
      marketprice: rounded(price, 2),
      unit: 'Eur/MWh',
    })),
    url: '/de/v1/marketdata',
  });

/** Half-hours in pence per kWh, newest first; the market's figures as if they were British. */
export const octopusBody = (window: Window): string => {
  const stamp = (atMs: Instant): string => isoMinute(atMs).replace('Z', ':00Z');
  const results = steps(window, 2 * QUARTER_MS).map(({ fromMs, price }) => ({
    value_exc_vat: rounded(price / 10, 2),
    value_inc_vat: rounded((price / 10) * BRITISH_VAT, 4),
    valid_from: stamp(fromMs),
    valid_to: stamp(fromMs + 2 * QUARTER_MS),
    payment_method: null,
  }));
  return JSON.stringify({
    ...{ count: results.length, next: null, previous: null },
    results: results.reverse(),
  });
};

/** Today and tomorrow of one home, quarter-hours in EUR/kWh with the market's offset from UTC. */
export function tibberBody(climate: Climate, nowMs: Instant): string {
  const todayMs = localDayStart(nowMs, MARKET_ZONE);
  const tomorrowMs = localDayStart(todayMs + 26 * HOUR_MS, MARKET_ZONE);
  const untilMs = localDayStart(tomorrowMs + 26 * HOUR_MS, MARKET_ZONE);
  const day = (fromMs: Instant, endMs: Instant) =>
    steps({ climate, fromMs, untilMs: endMs, nowMs }, QUARTER_MS).map((step) => ({
      total: rounded((step.price / 1_000 + FLAT_PER_KWH) * VAT, 4),
      energy: rounded(step.price / 1_000, 4),
      startsAt: withOffset(step.fromMs),
    }));
  const priceInfo = {
    current: { currency: 'EUR' },
    today: day(todayMs, tomorrowMs),
    tomorrow: day(tomorrowMs, untilMs),
  };
  const homes = [{ id: 'simulated', currentSubscription: { priceInfo } }];
  return JSON.stringify({ data: { viewer: { homes } } });
}

function withOffset(atMs: Instant): string {
  const minutes = offsetAt(atMs, MARKET_ZONE) / MINUTE_MS;
  const pad = (value: number): string => String(value).padStart(2, '0');
  const offset = `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return isoMinute(atMs + minutes * MINUTE_MS).replace('Z', `:00.000+${offset}`);
}

export const csvBody = (window: Window): string => {
  const rows = steps(window, QUARTER_MS).map(
    ({ fromMs, price }) => `${isoMinute(fromMs)},${rounded(price, 2)}`,
  );
  return `${['ts,price_eur_mwh', ...rows].join('\n')}\n`;
};

/**
 * A44 with both sequences: curve type A03, quarter-hours, a day a series. Sequence 2 is an auction
 * of its own, dearer by 3 EUR/MWh.
 */
export function entsoeBody(window: Window): string {
  const days: Step[][] = [];
  for (const step of steps(window, QUARTER_MS)) {
    const first = days.at(-1)?.[0];
    const dayMs = localDayStart(step.fromMs, MARKET_ZONE);
    if (first !== undefined && first.fromMs >= dayMs) days.at(-1)?.push(step);
    else days.push([step]);
  }
  const series = days.flatMap((day) => [timeSeries(day, 2, 3), timeSeries(day, 1, 0)]);
  if (series.length === 0) return acknowledgement('No matching data found');
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n<Publication_MarketDocument ' +
    'xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"><mRID>simulated</mRID>' +
    `<revisionNumber>1</revisionNumber><type>A44</type>${series.join('\n')}` +
    '</Publication_MarketDocument>\n'
  );
}

function timeSeries(day: readonly Step[], sequence: number, more: number): string {
  const fromMs = day[0]?.fromMs ?? 0;
  let before = '';
  const points = day.map(({ price }, n) => {
    const amount = (price + more).toFixed(2);
    if (amount === before) return '';
    before = amount;
    return `<Point><position>${n + 1}</position><price.amount>${amount}</price.amount></Point>`;
  });
  const endMs = fromMs + day.length * QUARTER_MS;
  const position = 'classificationSequence_AttributeInstanceComponent.position';
  return (
    '<TimeSeries><businessType>A62</businessType>' +
    `<in_Domain.mRID codingScheme="A01">${SIMULATED_AREA}</in_Domain.mRID>` +
    `<out_Domain.mRID codingScheme="A01">${SIMULATED_AREA}</out_Domain.mRID>` +
    '<currency_Unit.name>EUR</currency_Unit.name>' +
    '<price_Measure_Unit.name>MWH</price_Measure_Unit.name>' +
    `<${position}>${sequence}</${position}><curveType>A03</curveType><Period><timeInterval>` +
    `<start>${isoMinute(fromMs)}</start><end>${isoMinute(endMs)}</end></timeInterval>` +
    `<resolution>PT15M</resolution>${points.join('')}</Period></TimeSeries>`
  );
}

export const acknowledgement = (text: string): string =>
  '<?xml version="1.0" encoding="utf-8"?>\n<Acknowledgement_MarketDocument ' +
  'xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>simulated</mRID>' +
  `<Reason><code>999</code><text>${text}</text></Reason></Acknowledgement_MarketDocument>\n`;
