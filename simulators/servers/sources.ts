import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR_MS, localDayStart } from '../../gateway/contracts/values/time.ts';
import type { Climate } from '../plant/weather.ts';
import { MARKET_ZONE, priceBody } from '../sources/prices.ts';
import { createWeatherSource, type ForecastQuery, isVariable } from '../sources/weather.ts';

/**
 * Weather and day-ahead prices over HTTP on the loopback:
 *
 *   const sources = await startSources({ climate, wallMs: () => clock.wallMs() });
 *   sources.weatherUrl  // as https://api.open-meteo.com/v1/forecast
 *   sources.priceUrl    // as https://api.energy-charts.info/price
 *   await sources.stop();
 *
 * `outage` makes either answer 503, as a broken supplier does.
 */
export interface Sources {
  readonly weatherUrl: string;
  readonly priceUrl: string;
  readonly outage: { weather: boolean; price: boolean };
  stop(): Promise<void>;
}

export interface SourcesOptions {
  readonly climate: Climate;
  readonly wallMs: () => number;
  readonly host?: string;
  readonly port?: number;
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
  if (text !== null && /T.*(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    const at = Date.parse(text);
    if (Number.isFinite(at)) return at;
  }
  const noon = text === null ? nowMs : Date.parse(`${text}T12:00:00Z`);
  if (!Number.isFinite(noon)) throw new BadRequest(`'${text}' is not a date.`);
  const startMs = localDayStart(noon, MARKET_ZONE);
  return end ? localDayStart(startMs + 26 * HOUR_MS, MARKET_ZONE) : startMs;
}

export async function startSources(options: SourcesOptions): Promise<Sources> {
  const weather = createWeatherSource(options.climate);
  const outage = { weather: false, price: false };
  const bodyOf = (path: string, query: URLSearchParams): unknown => {
    const nowMs = options.wallMs();
    if (path === '/v1/forecast') return weather.forecast(forecastQuery(query), nowMs);
    const fromMs = instant(query.get('start'), false, nowMs);
    const untilMs = instant(query.get('end') ?? query.get('start'), true, nowMs);
    return priceBody(options.climate, fromMs, untilMs, nowMs);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        connection: 'close',
      });
      response.end(JSON.stringify(body));
    };
    const known = pathname === '/v1/forecast' || pathname === '/price';
    const down = pathname === '/price' ? outage.price : outage.weather;
    if (request.method !== 'GET' || !known) send(404, { error: true, reason: 'Not Found' });
    else if (down) send(503, { error: true, reason: 'Service unavailable' });
    else {
      try {
        send(200, bodyOf(pathname, searchParams));
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        send(400, { error: true, reason: error.message });
      }
    }
  };
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    weatherUrl: `http://${address}:${port}/v1/forecast`,
    priceUrl: `http://${address}:${port}/price`,
    outage,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
