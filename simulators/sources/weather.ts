import { DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { clearSkyGhi, extraterrestrialGhi, sunElevationDeg } from '../plant/sun.ts';
import { type Climate, diffuseShare, ghiAt, type Weather, weatherAt } from '../plant/weather.ts';
import { noiseAt, streamKey } from '../random.ts';

/**
 * The weather source in the shape of Open-Meteo's /v1/forecast (GMT, unixtime): the plant's own
 * weather, exact for the past, blurred ahead with an error that grows with the horizon and shrinks
 * as the hour comes nearer.
 */
export interface ForecastQuery {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly minutely15: readonly string[];
  readonly hourly: readonly string[];
  readonly pastDays: number;
  readonly forecastDays: number;
}

const VARIABLES = {
  shortwave_radiation: 'W/m²',
  direct_radiation: 'W/m²',
  diffuse_radiation: 'W/m²',
  temperature_2m: '°C',
  cloud_cover: '%',
} as const;
/** Between two runs of a weather model; in between it says the same to everybody. */
const RUN_MS = HOUR_MS;

type Variable = keyof typeof VARIABLES;
type Values = Readonly<Record<Variable, number>>;

export const isVariable = (name: string): name is Variable => Object.hasOwn(VARIABLES, name);

export interface WeatherSource {
  /** The response body as Open-Meteo gives it. `askedAtMs` is behind its run. */
  forecast(query: ForecastQuery, askedAtMs: number): Record<string, unknown>;
}

/** Mean of `value` over [fromMs, untilMs), sampled every `everyMs`. */
function mean(fromMs: number, untilMs: number, everyMs: number, value: (atMs: number) => number) {
  let sum = 0;
  const count = Math.round((untilMs - fromMs) / everyMs);
  for (let n = 0; n < count; n += 1) sum += value(fromMs + (n + 0.5) * everyMs);
  return sum / count;
}

/** What a function of an instant gave, worked out once. */
function once<T>(work: (atMs: number) => T): (atMs: number) => T {
  const known = new Map<number, T>();
  return (atMs) => {
    const found = known.get(atMs) ?? work(atMs);
    known.set(atMs, found);
    return found;
  };
}

/** Means of the plant's own sky, each worked out once. */
function createSky(climate: Climate) {
  const { latitudeDeg, longitudeDeg } = climate;
  const hours = new Map<number, number>();
  const truths = new Map<string, number>();
  const clears = new Map<string, number>();
  const clearAt = (atMs: number): number =>
    clearSkyGhi(sunElevationDeg(latitudeDeg, longitudeDeg, atMs));
  const ownGhi = (atMs: number): number => ghiAt(climate, atMs);
  const outsideAt = once((atMs) =>
    extraterrestrialGhi(sunElevationDeg(latitudeDeg, longitudeDeg, atMs), atMs),
  );
  return {
    at: once((atMs): Weather => weatherAt(climate, atMs)),
    clear: (atMs: number, stepMs: number): number => {
      const id = `${atMs}/${stepMs}`;
      const known = clears.get(id) ?? mean(atMs - stepMs, atMs, 3 * MINUTE_MS, clearAt);
      clears.set(id, known);
      return known;
    },
    /**
     * Share of the clear sky that reaches the ground in an hour: no forecast knows the single
     * cloud.
     */
    clearness: (hourMs: number): number => {
      let share = hours.get(hourMs);
      if (share === undefined) {
        const clear = mean(hourMs, hourMs + HOUR_MS, MINUTE_MS, clearAt);
        share = clear > 1 ? mean(hourMs, hourMs + HOUR_MS, MINUTE_MS, ownGhi) / clear : 0.6;
        hours.set(hourMs, share);
      }
      return share;
    },
    /** Global irradiance and its direct and diffuse part, all on the horizontal plane. */
    parts: (ghi: number, middleMs: number) => {
      const outside = outsideAt(middleMs);
      const diffuse = ghi * (outside > 5 ? diffuseShare(Math.min(1, ghi / outside)) : 1);
      return {
        shortwave_radiation: ghi,
        direct_radiation: ghi - diffuse,
        diffuse_radiation: diffuse,
      };
    },
    truth: (atMs: number, stepMs: number): number => {
      const id = `${atMs}/${stepMs}`;
      let ghi = truths.get(id);
      if (ghi === undefined) {
        ghi = mean(atMs - stepMs, atMs, 15_000, ownGhi);
        truths.set(id, ghi);
      }
      return ghi;
    },
  };
}

/**
 * One block of the answer: its units, and a column for each name from the start of the first day.
 */
function block(
  names: readonly string[],
  query: ForecastQuery,
  stepMs: number,
  nowMs: number,
  valuesAt: (atMs: number, stepMs: number, nowMs: number) => Values,
) {
  const fromMs = Math.floor(nowMs / DAY_MS) * DAY_MS - query.pastDays * DAY_MS;
  const untilMs = fromMs + (query.pastDays + query.forecastDays) * DAY_MS;
  const time: number[] = [];
  const columns: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let atMs = fromMs; atMs < untilMs; atMs += stepMs) {
    time.push(atMs / 1_000);
    const values = valuesAt(atMs, stepMs, nowMs);
    for (const name of names) {
      if (isVariable(name)) columns[name]?.push(Math.round(values[name] * 10) / 10);
    }
  }
  const units = Object.fromEntries(
    names.map((name) => [name, isVariable(name) ? VARIABLES[name] : 'undefined']),
  );
  return { units: { time: 'unixtime', ...units }, columns: { time, ...columns } };
}

export function createWeatherSource(climate: Climate): WeatherSource {
  const key = streamKey(climate.seed, 'forecast-error');
  const sky = createSky(climate);

  /**
   * Values stamped `atMs`: radiation is the mean of the preceding step, the others hold at the
   * stamp.
   */
  const valuesAt = (atMs: number, stepMs: number, nowMs: number): Values => {
    const here = sky.at(atMs);
    const middleMs = atMs - stepMs / 2;
    if (atMs <= nowMs) {
      return {
        ...sky.parts(sky.truth(atMs, stepMs), middleMs),
        temperature_2m: here.temperatureC,
        cloud_cover: here.cloudPct,
      };
    }
    const growth = Math.min(1, (atMs - nowMs) / (36 * HOUR_MS));
    const error = noiseAt(key, atMs, 3 * HOUR_MS) + 0.5 * noiseAt(key ^ 1, atMs, 11 * HOUR_MS);
    const hourMs = Math.floor(middleMs / HOUR_MS) * HOUR_MS;
    const clear = sky.clear(atMs, stepMs);
    const share = sky.clearness(hourMs) * (1 + (0.05 + 0.35 * growth) * error);
    const cloud = here.cloudPct - 100 * (0.03 + 0.25 * growth) * error;
    return {
      ...sky.parts(clear * Math.max(0.05, Math.min(1.02, share)), middleMs),
      temperature_2m:
        here.temperatureC + (0.3 + 2.2 * growth) * noiseAt(key ^ 2, atMs, 9 * HOUR_MS),
      cloud_cover: Math.max(0, Math.min(100, cloud)),
    };
  };

  return {
    forecast: (query, askedAtMs) => {
      const nowMs = Math.floor(askedAtMs / RUN_MS) * RUN_MS;
      const body: Record<string, unknown> = {
        latitude: query.latitudeDeg,
        longitude: query.longitudeDeg,
        generationtime_ms: 0.1,
        utc_offset_seconds: 0,
        timezone: 'GMT',
        timezone_abbreviation: 'GMT',
        elevation: 35,
      };
      if (query.minutely15.length > 0) {
        const { units, columns } = block(query.minutely15, query, QUARTER_MS, nowMs, valuesAt);
        body['minutely_15_units'] = units;
        body['minutely_15'] = columns;
      }
      if (query.hourly.length > 0) {
        const { units, columns } = block(query.hourly, query, HOUR_MS, nowMs, valuesAt);
        body['hourly_units'] = units;
        body['hourly'] = columns;
      }
      return body;
    },
  };
}
