import { type PriceDay, PriceOutlook } from '../../../gateway/agents/forecasting/price/outlook.ts';
import type { Weather } from '../../../gateway/agents/forecasting/sources/open-meteo.ts';
import type { Prices } from '../../../gateway/agents/forecasting/sources/slots.ts';
import type { ZoneForecast } from '../../../gateway/contracts/messages.ts';
import type { PriceSource, WeatherSource } from '../../../gateway/contracts/sources.ts';
import { zoneTopics } from '../../../gateway/contracts/topics.ts';
import type { PriceSeries } from '../../../gateway/contracts/values/tariff.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  intervalStart,
} from '../../../gateway/contracts/values/time.ts';
import { canonical } from '../../canonical.ts';
import { SITES_FEWEST } from '../../ingest/history.ts';
import type { Effects, Row, Store, Write } from '../../ports.ts';
import { byTheHour, type DemandForecast, RegionDemand } from './demand.ts';

/** Where a zone's weather and prices come from. */
export interface ForecastZone {
  readonly id: string;
  readonly currency: string;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly timeZone: string; // days of the price source
  readonly holidays?: readonly string[]; // local dates YYYY-MM-DD that are like Sundays
  readonly weather?: WeatherSource;
  readonly prices?: PriceSource;
  readonly everyMs: number; // between two questions
  readonly historyDays?: number; // that are asked for where they are not known; absent = none
}

export interface ForecastState {
  readonly zone: ForecastZone;
  weather: ZoneForecast['weather'];
  readonly prices: Map<Instant, number>; // by start of the step
  readonly outlook: PriceOutlook; // of the first day that the market has not told
  readonly demand: RegionDemand;
  demandForecast: DemandForecast | undefined; // as it is told
  priceStepMs: number;
  priceSource: string;
  published: ZoneForecast | undefined;
}

/** Prices are kept as long as settlements may be corrected. */
const KEPT_MS = 9 * DAY_MS;
/** What the price forecast learns from. */
const LEARNT_MS = 740 * DAY_MS;
const SLOTS_MAX = 800;
const STAMPED_MS = 2 * HOUR_MS; // weather that stays the same is told again, with its new stamp

export function openForecast(zone: ForecastZone): ForecastState {
  return {
    zone,
    weather: {
      source: '',
      fromMs: 0,
      stepMs: 900_000,
      ghiWPerM2: [],
      temperatureC: [],
      cloudPct: [],
    },
    prices: new Map(),
    outlook: new PriceOutlook(zone.timeZone),
    demand: new RegionDemand(zone),
    demandForecast: undefined,
    priceStepMs: 900_000,
    priceSource: '',
    published: undefined,
  };
}

/** Takes weather as its source has it now; the last stays where it has none. */
export function onWeather(
  state: ForecastState,
  weather: Weather,
  source: string,
  askedAtMs: Instant,
): void {
  const keep = (values: (number | null)[]) => values.slice(0, SLOTS_MAX);
  state.weather = {
    ...weather,
    source,
    askedAtMs,
    ghiWPerM2: keep(weather.ghiWPerM2),
    ...(weather.dhiWPerM2 && { dhiWPerM2: keep(weather.dhiWPerM2) }),
    temperatureC: keep(weather.temperatureC),
    cloudPct: keep(weather.cloudPct),
  };
}

/** The source stands by what it said; told when something new is. */
export function onSameWeather(state: ForecastState, askedAtMs: Instant): void {
  state.weather = { ...state.weather, askedAtMs };
}

/**
 * Takes prices; those known before and absent from it stay known.
 * @returns what is wrong with them, or undefined
 */
export function onPrices(state: ForecastState, prices: Prices, source: string): string | undefined {
  const { currency } = state.zone;
  if (prices.currency !== currency) {
    return `its prices are in ${prices.currency}, the zone's in ${currency}`;
  }
  remember(state, prices);
  state.priceSource = source;
  return undefined;
}

/**
 * Takes the newest forecast of demand, once an hour. Of fewer than three sites nothing is told: it
 * would say something about one of them.
 * @returns whether there is one to be told
 */
export function onDemand(state: ForecastState): boolean {
  const { forecast } = state.demand;
  const isTold = forecast !== undefined && forecast.sites >= SITES_FEWEST;
  const next = isTold ? byTheHour(forecast) : undefined;
  if (next?.fromMs === state.demandForecast?.fromMs) return false;
  state.demandForecast = next;
  return true;
}

/** Prices are known without a gap from the running step until here. */
export function knownUntil(state: ForecastState, nowMs: Instant): Instant {
  let atMs = intervalStart(nowMs, state.priceStepMs);
  while (state.prices.has(atMs)) atMs += state.priceStepMs;
  return atMs;
}

function remember(
  state: ForecastState,
  prices: Pick<Prices, 'fromMs' | 'stepMs' | 'priceNanoPerWh'>,
) {
  if (prices.stepMs !== state.priceStepMs) state.prices.clear();
  state.priceStepMs = prices.stepMs;
  prices.priceNanoPerWh.forEach((price, n) => {
    if (price !== null) state.prices.set(prices.fromMs + n * prices.stepMs, price);
  });
  state.outlook.add(prices);
}

/** Publishes what is known, when it is not what was published last. */
export function publish(state: ForecastState, tenant: string, nowMs: Instant): Effects {
  for (const atMs of state.prices.keys()) if (atMs < nowMs - KEPT_MS) state.prices.delete(atMs);
  const series = priceSeries(state, intervalStart(nowMs - DAY_MS, state.priceStepMs));
  const priceForecast = state.outlook.next();
  const forecast: ZoneForecast = {
    v: 1,
    zone: state.zone.id,
    issuedAtMs: nowMs,
    weather: state.weather,
    price: {
      source: state.priceSource,
      currency: state.zone.currency,
      fromMs: series.fromMs,
      stepMs: series.stepMs,
      priceNanoPerWh: series.priceNanoPerWh.slice(0, SLOTS_MAX),
    },
    ...(priceForecast && { priceForecast }),
    ...(state.demandForecast && { demandForecast: state.demandForecast }),
  };
  if (!isNew(state.published, forecast)) return { writes: [], messages: [] };
  state.published = forecast;
  const topic = zoneTopics(tenant, state.zone.id).forecast;
  return {
    writes: [{ op: 'put', row: forecastRow(forecast) }, ...priceRows(state, nowMs)],
    messages: [{ topic, body: forecast, retain: true }],
  };
}

/** When the sky of a message was told. */
const weatherAtMs = ({ weather, issuedAtMs }: ZoneForecast): Instant =>
  weather.askedAtMs ?? issuedAtMs;

/** Only the moving start of the price list is no news. */
function isNew(before: ZoneForecast | undefined, now: ZoneForecast): boolean {
  if (before === undefined) {
    const { weather, price, demandForecast } = now;
    return weather.source !== '' || price.source !== '' || demandForecast !== undefined;
  }
  const sky = ({ weather }: ZoneForecast) => canonical({ ...weather, askedAtMs: 0 });
  if (sky(before) !== sky(now) || weatherAtMs(now) - weatherAtMs(before) > STAMPED_MS) return true;
  if (canonical(before.priceForecast ?? null) !== canonical(now.priceForecast ?? null)) return true;
  if (now.demandForecast?.fromMs !== before.demandForecast?.fromMs) return true;
  const end = (one: ZoneForecast) =>
    one.price.fromMs + one.price.stepMs * one.price.priceNanoPerWh.length;
  const tail = (one: ZoneForecast) => canonical(one.price.priceNanoPerWh.slice(-96));
  return end(before) !== end(now) || tail(before) !== tail(now);
}

/** Every known price from an instant on, with null where one is missing. */
export function priceSeries(state: ForecastState, sinceMs: Instant): PriceSeries {
  const known = [...state.prices.keys()].filter((atMs) => atMs >= sinceMs);
  const stepMs = state.priceStepMs;
  if (known.length === 0) return { fromMs: sinceMs, stepMs, priceNanoPerWh: [] };
  const fromMs = known.reduce((a, b) => Math.min(a, b));
  const lastMs = known.reduce((a, b) => Math.max(a, b));
  const priceNanoPerWh: (number | null)[] = [];
  for (let atMs = fromMs; atMs <= lastMs; atMs += stepMs) {
    priceNanoPerWh.push(state.prices.get(atMs) ?? null);
  }
  return { fromMs, stepMs, priceNanoPerWh };
}

/** All prices that are kept: what settlement needs. */
export const keptPrices = (state: ForecastState): PriceSeries => priceSeries(state, 0);

/** Prices by UTC day, so that each is written once and found again after a restart. */
function priceRows(state: ForecastState, nowMs: Instant): Write[] {
  const rows: Write[] = [];
  for (
    let dayMs = intervalStart(nowMs - 2 * DAY_MS, DAY_MS); // yesterday begins in it, somewhere
    dayMs <= nowMs + 2 * DAY_MS;
    dayMs += DAY_MS
  ) {
    const prices: [Instant, number][] = [];
    for (let atMs = dayMs; atMs < dayMs + DAY_MS; atMs += state.priceStepMs) {
      const price = state.prices.get(atMs);
      if (price !== undefined) prices.push([atMs, price]);
    }
    if (prices.length === 0) continue;
    rows.push(row(state, 'price', `${dayMs}`, dayMs, { stepMs: state.priceStepMs, prices }));
  }
  return rows;
}

/** Days that a source told afterwards. */
export const priceDayRows = (state: ForecastState, days: readonly PriceDay[]): Write[] =>
  days.map((one) => row(state, 'price-day', `${one.day}`, one.day * DAY_MS, one));

function row(
  state: ForecastState,
  kind: string,
  name: string,
  fromMs: Instant,
  body: unknown,
): Write {
  const { id } = state.zone;
  return {
    op: 'put',
    row: {
      table: 'forecast_data',
      key: `${kind}/${id}/${name}`,
      kind,
      zone: id,
      who: '',
      fromMs,
      body: canonical(body),
    },
  };
}

/** A forecast as it is kept: by zone and issue. */
export function forecastRow(forecast: ZoneForecast): Row {
  const { zone, issuedAtMs } = forecast;
  return {
    table: 'forecast_data',
    key: `forecast/${zone}/${issuedAtMs}`,
    kind: 'forecast',
    zone,
    who: '',
    fromMs: issuedAtMs,
    body: canonical(forecast),
  };
}

/** Its steps from the running one on, for so long; what has passed is left out. */
export function fromNow(forecast: ZoneForecast, nowMs: Instant, lengthMs: number): ZoneForecast {
  const window = ({ fromMs, stepMs }: { fromMs: Instant; stepMs: number }) => {
    const first = Math.max(0, Math.floor((nowMs - fromMs) / stepMs));
    const last = Math.max(first, Math.ceil((nowMs + lengthMs - fromMs) / stepMs));
    return {
      fromMs: fromMs + first * stepMs,
      cut: <T>(values: readonly T[]): T[] => values.slice(first, last),
    };
  };
  const weather = window(forecast.weather);
  const price = window(forecast.price);
  return {
    ...forecast,
    weather: {
      ...forecast.weather,
      fromMs: weather.fromMs,
      ghiWPerM2: weather.cut(forecast.weather.ghiWPerM2),
      ...(forecast.weather.dhiWPerM2 && { dhiWPerM2: weather.cut(forecast.weather.dhiWPerM2) }),
      temperatureC: weather.cut(forecast.weather.temperatureC),
      cloudPct: weather.cut(forecast.weather.cloudPct),
    },
    price: {
      ...forecast.price,
      fromMs: price.fromMs,
      priceNanoPerWh: price.cut(forecast.price.priceNanoPerWh),
    },
  };
}

/** What was known before a restart. */
export function restoreForecast(
  state: ForecastState,
  store: Pick<Store, 'rows'>,
  nowMs: Instant,
): void {
  const rows = store.rows('forecast_data', 'price', nowMs - LEARNT_MS);
  for (const one of rows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (one.zone !== state.zone.id) continue;
    const { stepMs, prices } = JSON.parse(one.body) as {
      stepMs: number;
      prices: [Instant, number][];
    };
    for (const [fromMs, price] of prices) {
      state.outlook.add({ fromMs, stepMs, priceNanoPerWh: [price] });
    }
    if (one.fromMs < nowMs - KEPT_MS) continue;
    if (stepMs !== state.priceStepMs) state.prices.clear();
    state.priceStepMs = stepMs;
    for (const [atMs, price] of prices) state.prices.set(atMs, price);
  }
  const past = store.rows('forecast_data', 'price-day', nowMs - LEARNT_MS);
  state.outlook.learnPast(
    past.flatMap(({ zone, body }) =>
      zone === state.zone.id ? (JSON.parse(body) as PriceDay) : [],
    ),
  );
  const newest = store
    .rows('forecast_data', 'forecast', nowMs - 2 * DAY_MS)
    .filter((one) => one.zone === state.zone.id)
    .reduce<{ fromMs: number; body: string } | undefined>(
      (best, one) => (best === undefined || one.fromMs > best.fromMs ? one : best),
      undefined,
    );
  if (newest === undefined) return;
  state.published = JSON.parse(newest.body) as ZoneForecast;
  state.weather = state.published.weather;
  state.priceSource = state.published.price.source;
}
