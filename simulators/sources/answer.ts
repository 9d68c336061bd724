import { parseStamp } from '../../gateway/contracts/values/stamp.ts';
import { HOUR_MS, localDayStart } from '../../gateway/contracts/values/time.ts';
import type { Climate } from '../plant/weather.ts';
import { MARKET_ZONE, priceBody } from './prices.ts';
import { createWeatherSource, type ForecastQuery, isVariable } from './weather.ts';

export interface SourceAnswer {
  readonly status: number;
  readonly body: unknown; // JSON
}

/**
 * The suppliers of weather and prices, before any wire. `outage` makes either answer 503; `odd`
 * stands in place of every other price.
 */
export interface SourceSide {
  readonly outage: { weather: boolean; price: boolean };
  readonly odd: { price: number | string | null | undefined };
  get(path: string, query: URLSearchParams): SourceAnswer;
}

class BadRequest extends Error {}

function number(query: URLSearchParams, name: string, fallback?: number): number {
  const text = query.get(name);
  const value = text === null ? fallback : Number(text);
  if (value === undefined || !Number.isFinite(value)) {
    throw new BadRequest(`Parameter '${name}' is missing or not a number.`);
  }
  return value;
}

function names(query: URLSearchParams, block: string): string[] {
  const list = (query.get(block) ?? '').split(',').filter((name) => name !== '');
  const unknown = list.find((name) => !isVariable(name));
  if (unknown !== undefined) {
    throw new BadRequest(
      `Cannot initialize ForecastVariable from invalid String value ${unknown}.`,
    );
  }
  return list;
}

function forecastQuery(query: URLSearchParams): ForecastQuery {
  if (query.get('timeformat') !== 'unixtime') {
    throw new BadRequest('This source answers timeformat=unixtime only.');
  }
  const zone = query.get('timezone') ?? 'GMT';
  if (zone !== 'GMT' && zone !== 'UTC') {
    throw new BadRequest('This source answers timezone=GMT only.');
  }
  const forecastDays = number(query, 'forecast_days', 7);
  const pastDays = number(query, 'past_days', 0);
  if (forecastDays < 0 || forecastDays > 16 || pastDays < 0 || pastDays > 92) {
    throw new BadRequest('Forecast days is invalid. Allowed range 0 to 16; past days 0 to 92.');
  }
  return {
    latitudeDeg: number(query, 'latitude'),
    longitudeDeg: number(query, 'longitude'),
    minutely15: names(query, 'minutely_15'),
    hourly: names(query, 'hourly'),
    pastDays: Math.floor(pastDays),
    forecastDays: Math.floor(forecastDays),
  };
}

/**
 * A local day (YYYY-MM-DD), an ISO instant with zone, or unix seconds; the end of a day for `end`.
 */
function instant(text: string | null, end: boolean, nowMs: number): number {
  if (text !== null && /^\d{9,11}$/.test(text)) return Number(text) * 1_000;
  const stamp = text === null ? undefined : parseStamp(text);
  if (stamp?.offsetMs !== undefined) return stamp.clockMs - stamp.offsetMs;
  const noonMs = text === null ? nowMs : parseStamp(`${text}T12:00Z`)?.clockMs;
  if (noonMs === undefined) throw new BadRequest(`'${text}' is not a date.`);
  const startMs = localDayStart(noonMs, MARKET_ZONE);
  return end ? localDayStart(startMs + 26 * HOUR_MS, MARKET_ZONE) : startMs;
}

export function createSources(climate: Climate, wallMs: () => number): SourceSide {
  const weather = createWeatherSource(climate);
  const outage = { weather: false, price: false };
  const odd: SourceSide['odd'] = { price: undefined };
  const bodyOf = (path: string, query: URLSearchParams): unknown => {
    const nowMs = wallMs();
    if (path === '/v1/forecast') return weather.forecast(forecastQuery(query), nowMs);
    const fromMs = instant(query.get('start'), false, nowMs);
    const untilMs = instant(query.get('end') ?? query.get('start'), true, nowMs);
    const body = priceBody(climate, fromMs, untilMs, nowMs);
    if (odd.price === undefined) return body;
    return { ...body, price: body.price.map((price, n) => (n % 2 === 0 ? odd.price : price)) };
  };
  return {
    outage,
    odd,
    get(path, query) {
      if (path !== '/v1/forecast' && path !== '/price') {
        return { status: 404, body: { error: true, reason: 'Not Found' } };
      }
      const down = path === '/price' ? outage.price : outage.weather;
      if (down) return { status: 503, body: { error: true, reason: 'Service unavailable' } };
      try {
        return { status: 200, body: bodyOf(path, query) };
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        return { status: 400, body: { error: true, reason: error.message } };
      }
    },
  };
}
