import { pow } from '../../../../devices/maths.ts';
import { HOUR_MS, type Instant, QUARTER_MS } from '../../../contracts/values/time.ts';
import { clearSkyGhi, sunPosition } from '../sun.ts';
import {
  evenly,
  finite,
  instantOf,
  listOf,
  objectOf,
  parseJson,
  SourceError,
  said,
  within,
  withQuery,
} from './answer.ts';
import type { Place, Weather } from './open-meteo.ts';

type Values = readonly (number | null)[];

/** More than four decimals of a place are answered with 403. */
export function metNorwayUrl(url: string, { latitudeDeg, longitudeDeg }: Place): string {
  const four = (degrees: number): number => Number(degrees.toFixed(4));
  return withQuery(url, { lat: four(latitudeDeg), lon: four(longitudeDeg) });
}

/**
 * Weather in the shape of MET Norway's locationforecast 2.0 (compact or complete). Its values hold
 * at their time, so an hour has the mean of its two ends; where the hours end and it goes on in
 * steps of six, we stop. It forecasts no radiation: that is the clear sky under its cloud cover,
 * after Kasten and Czeplak 1980, G = G_clear (1 - 0.75 N^3.4).
 * @throws SourceError when the answer is not in this shape
 */
export function parseMetNorway(body: string, place: Place): Weather {
  const answer = objectOf(parseJson(body), 'the answer');
  const properties = objectOf(answer['properties'], 'properties');
  const units = objectOf(objectOf(properties['meta'], 'meta')['units'], 'meta.units');
  for (const [name, unit] of [
    ['air_temperature', 'celsius'],
    ['cloud_area_fraction', '%'],
  ] as const) {
    if (units[name] !== unit) throw new SourceError(`${name} is in ${said(units[name])}`);
  }
  const points = hourly(
    listOf(properties['timeseries'], 'timeseries').map((entry) => {
      const { time, data } = objectOf(entry, 'an entry of timeseries');
      const instant = objectOf(objectOf(data, 'data')['instant'], 'instant');
      return { atMs: instantOf(time, 'time'), details: objectOf(instant['details'], 'details') };
    }),
  );
  const times = points.map(({ atMs }) => atMs);
  const column = (name: string, low: number, high: number): Values => {
    const values = points.map(({ details }) => within(finite(details[name]), low, high));
    return middles(evenly(times, values, HOUR_MS).values);
  };
  const fromMs = times[0] ?? 0;
  const cloudPct = column('cloud_area_fraction', 0, 100);
  return {
    fromMs,
    stepMs: HOUR_MS,
    ghiWPerM2: cloudPct.map((cloud, n) =>
      cloud === null ? null : clouded(clearHour(place, fromMs + n * HOUR_MS), cloud),
    ),
    temperatureC: [...column('air_temperature', -90, 65)],
    cloudPct: [...cloudPct],
  };
}

/** From its start to where the steps of six hours begin. */
function hourly<T extends { readonly atMs: Instant }>(points: readonly T[]): T[] {
  const end = points.findIndex(
    ({ atMs }, n) => n > 0 && atMs - (points[n - 1]?.atMs ?? 0) >= 6 * HOUR_MS,
  );
  const taken = points.slice(0, end === -1 ? points.length : end);
  if (taken.length < 2) throw new SourceError('it has less than two hours');
  return taken;
}

const middles = (values: Values): Values =>
  values.slice(1).map((value, n) => {
    const before = values[n] ?? null;
    return value === null || before === null ? null : (value + before) / 2;
  });

function clearHour({ latitudeDeg, longitudeDeg }: Place, fromMs: Instant): number {
  let sum = 0;
  for (let atMs = fromMs + QUARTER_MS / 2; atMs < fromMs + HOUR_MS; atMs += QUARTER_MS) {
    sum += clearSkyGhi(sunPosition(latitudeDeg, longitudeDeg, atMs).elevationDeg);
  }
  return sum / 4;
}

const clouded = (clearWPerM2: number, cloudPct: number): number =>
  cloudPct <= 0 ? clearWPerM2 : clearWPerM2 * (1 - 0.75 * pow(cloudPct / 100, 3.4));
