import { parseStamp } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS, HOUR_MS, localDayStart } from '../../gateway/contracts/values/time.ts';
import type { Climate } from '../plant/weather.ts';
import { freshness, metNorwayBody } from './met-norway.ts';
import { MARKET_ZONE, priceBody } from './prices.ts';
import {
  acknowledgement,
  awattarBody,
  csvBody,
  entsoeBody,
  octopusBody,
  SIMULATED_AREA,
  tibberBody,
} from './shapes.ts';
import {
  createWeatherSource,
  type ForecastQuery,
  isVariable,
  type WeatherSource,
} from './weather.ts';

/** A question as it comes over HTTP; header names in lower case. */
export interface SourceQuestion {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string; // of a POST
}

export interface SourceAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where each supplier of the simulated world answers, as on its own server. */
export const SOURCE_PATHS = {
  openMeteo: '/v1/forecast',
  metNorway: '/weatherapi/locationforecast/2.0/compact',
  energyCharts: '/price',
  entsoe: '/api',
  awattar: '/v1/marketdata',
  octopus: '/v1', // and the product behind it
  tibber: '/v1-beta/gql',
  csv: '/prices.csv',
} as const;
const OCTOPUS = /^\/v1\/products\/[\w-]+\/electricity-tariffs\/[\w-]+\/standard-unit-rates\/$/;

/** What opens the doors that want a key. */
export const SIMULATED_KEY = 'simulated-key';

/**
 * The suppliers of weather and prices, before any wire. `outage` makes either answer 503; `odd`
 * stands in place of every other price of energy-charts.
 */
export interface SourceSide {
  readonly outage: { weather: boolean; price: boolean };
  readonly odd: { price: number | string | null | undefined };
  ask(question: SourceQuestion): SourceAnswer;
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

const json = (status: number, body: unknown, headers = {}): SourceAnswer => ({
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
});
const typed = (status: number, type: string, body: string, headers = {}): SourceAnswer => ({
  ...{ status, body },
  headers: { 'content-type': type, ...headers },
});

type Door = (question: SourceQuestion, nowMs: number) => SourceAnswer;

/** MET Norway refuses who does not say who he is, and more than four decimals of a place. */
function metNorway(weather: WeatherSource): Door {
  return ({ query, headers }, nowMs) => {
    const places = ['lat', 'lon'].map((name) => query.get(name) ?? '');
    const fine = places.some((place) => /\.\d{5,}$/.test(place));
    if (fine || !/[@/].*[@.]/.test(headers['user-agent'] ?? '')) {
      return typed(403, 'text/html', '<html><body>403 Forbidden</body></html>');
    }
    const fresh = freshness(nowMs);
    if (headers['if-modified-since'] === fresh['last-modified']) {
      return { status: 304, body: '', headers: fresh };
    }
    const [lat, lon] = [number(query, 'lat'), number(query, 'lon')];
    return typed(200, 'application/json', metNorwayBody(weather, lat, lon, nowMs), fresh);
  };
}

function entsoe(climate: Climate): Door {
  return ({ query }, nowMs) => {
    const xml = (status: number, body: string) => typed(status, 'text/xml', body);
    if (query.get('securityToken') !== SIMULATED_KEY) {
      return xml(401, acknowledgement('Unauthorized. Missing or invalid security token.'));
    }
    if (query.get('documentType') !== 'A44' || query.get('in_Domain') !== SIMULATED_AREA) {
      return xml(200, acknowledgement('No matching data found'));
    }
    const [fromMs, untilMs] = ['periodStart', 'periodEnd'].map((name) => minute(query.get(name)));
    if (fromMs === undefined || untilMs === undefined) {
      return xml(400, acknowledgement('periodStart and periodEnd are yyyyMMddHHmm'));
    }
    return xml(200, entsoeBody({ climate, fromMs, untilMs, nowMs }));
  };
}

/** yyyyMMddHHmm, UTC. */
function minute(text: string | null): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text ?? '');
  return parts === null
    ? undefined
    : parseStamp(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}Z`)?.clockMs;
}

function retail(climate: Climate): Record<'awattar' | 'octopus' | 'tibber' | 'csv', Door> {
  const window = (fromMs: number, untilMs: number, nowMs: number) => ({
    ...{ climate, fromMs, untilMs, nowMs },
  });
  const around = (nowMs: number) => window(nowMs - DAY_MS, nowMs + 3 * DAY_MS, nowMs);
  return {
    awattar({ query }, nowMs) {
      const fromMs = number(query, 'start', Math.floor(nowMs / HOUR_MS) * HOUR_MS);
      const untilMs = number(query, 'end', fromMs + DAY_MS);
      return typed(200, 'application/json', awattarBody(window(fromMs, untilMs, nowMs)));
    },
    octopus({ query }, nowMs) {
      const [fromMs, untilMs] = ['period_from', 'period_to'].map((name) =>
        instant(query.get(name), false, nowMs),
      );
      const asked = window(fromMs ?? nowMs, untilMs ?? nowMs, nowMs);
      return typed(200, 'application/json', octopusBody(asked));
    },
    tibber({ headers, body }, nowMs) {
      if (headers['authorization'] !== `Bearer ${SIMULATED_KEY}`) {
        return json(200, { errors: [{ message: 'invalid token' }], data: null });
      }
      if (body?.includes('QUARTER_HOURLY') !== true) {
        return json(400, { errors: [{ message: 'no query' }] });
      }
      return typed(200, 'application/json', tibberBody(climate, nowMs));
    },
    csv: (_question, nowMs) => typed(200, 'text/csv', csvBody(around(nowMs))),
  };
}

/** energy-charts. */
function charts(climate: Climate, odd: SourceSide['odd']): Door {
  return ({ query }, nowMs) => {
    const fromMs = instant(query.get('start'), false, nowMs);
    const untilMs = instant(query.get('end') ?? query.get('start'), true, nowMs);
    const body = priceBody(climate, fromMs, untilMs, nowMs);
    if (odd.price === undefined) return json(200, body);
    const price = body.price.map((one, n) => (n % 2 === 0 ? odd.price : one));
    return json(200, { ...body, price });
  };
}

export function createSources(climate: Climate, wallMs: () => number): SourceSide {
  const weather = createWeatherSource(climate);
  const outage = { weather: false, price: false };
  const odd: SourceSide['odd'] = { price: undefined };
  const { tibber, ...shops } = retail(climate);
  const sky = new Map<string, Door>([
    [
      SOURCE_PATHS.openMeteo,
      ({ query }, nowMs) => json(200, weather.forecast(forecastQuery(query), nowMs)),
    ],
    [SOURCE_PATHS.metNorway, metNorway(weather)],
  ]);
  const market = new Map<string, Door>([
    [SOURCE_PATHS.energyCharts, charts(climate, odd)],
    [SOURCE_PATHS.entsoe, entsoe(climate)],
    [SOURCE_PATHS.awattar, shops.awattar],
    [SOURCE_PATHS.csv, shops.csv],
  ]);
  const doorOf = ({ path, body }: SourceQuestion): Door | undefined => {
    if (body !== undefined) return path === SOURCE_PATHS.tibber ? tibber : undefined;
    return sky.get(path) ?? market.get(path) ?? (OCTOPUS.test(path) ? shops.octopus : undefined);
  };
  return {
    outage,
    odd,
    ask(question) {
      const door = doorOf(question);
      if (door === undefined) return json(404, { error: true, reason: 'Not Found' });
      const down = sky.has(question.path) ? outage.weather : outage.price;
      if (down) return json(503, { error: true, reason: 'Service unavailable' });
      try {
        return door(question, wallMs());
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        return json(400, { error: true, reason: error.message });
      }
    },
  };
}
