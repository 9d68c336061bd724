import type { ZoneForecast } from '../../../contracts/messages.ts';
import {
  evenly,
  finite,
  listOf,
  objectOf,
  parseJson,
  SourceError,
  said,
  stepOf,
  within,
  withQuery,
} from './answer.ts';

export type Weather = Omit<ZoneForecast['weather'], 'source' | 'askedAtMs'>;
type Values = (number | null)[];

export interface Place {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

const NAMES = 'shortwave_radiation,direct_radiation,diffuse_radiation,temperature_2m,cloud_cover';
const UNITS = [
  ['temperature_2m', '°C'],
  ['shortwave_radiation', 'W/m²'],
  ['direct_radiation', 'W/m²'],
  ['diffuse_radiation', 'W/m²'],
  ['cloud_cover', '%'],
] as const;

/** The question for yesterday and three days from today on, or for other ones. */
export function openMeteoUrl(
  url: string,
  { latitudeDeg, longitudeDeg }: Place,
  key?: string,
  days = { past: 1, ahead: 3 },
) {
  return withQuery(url, {
    latitude: latitudeDeg,
    longitude: longitudeDeg,
    minutely_15: NAMES,
    past_days: days.past,
    forecast_days: days.ahead,
    timezone: 'GMT',
    timeformat: 'unixtime',
    ...(key !== undefined && { apikey: key }),
  });
}

/**
 * Weather in the shape of Open-Meteo (`timezone=GMT`, `timeformat=unixtime`). Its radiation is the
 * mean over the interval BEFORE its time, so the first slot starts a step earlier; direct and
 * diffuse are its parts on the horizontal plane, and either says the other. Temperature and
 * cloud are readings at the time, and a slot has the mean of its two ends. Quarter-hours are taken
 * where they are there, else hours.
 * @throws SourceError when the answer is not in this shape
 */
export function parseOpenMeteo(body: string): Weather {
  const answer = objectOf(parseJson(body), 'the answer');
  if (answer['error'] === true) throw new SourceError(said(answer['reason'] ?? 'it says error'));
  if ((finite(answer['utc_offset_seconds']) ?? 0) !== 0) {
    throw new SourceError('its times are not GMT: ask with timezone=GMT');
  }
  const block = answer['minutely_15'] === undefined ? 'hourly' : 'minutely_15';
  const table = objectOf(answer[block], block);
  const units = (answer[`${block}_units`] ?? {}) as Record<string, unknown>;
  for (const [name, unit] of UNITS) {
    if (units[name] !== undefined && units[name] !== unit) {
      throw new SourceError(`${name} is in ${said(units[name])}, not ${unit}`);
    }
  }
  const endsMs = listOf(table['time'], `${block}.time`).map((at) => {
    const seconds = finite(at);
    if (seconds === null) throw new SourceError('its times are text: ask with timeformat=unixtime');
    return seconds * 1_000;
  });
  const stepMs = stepOf(endsMs);
  const column = (name: string, low: number, high: number): Values => {
    const list = table[name] === undefined ? [] : listOf(table[name], `${block}.${name}`);
    const values = endsMs.map((_, n) => within(finite(list[n]), low, high));
    return evenly(endsMs, values, stepMs).values;
  };
  const ghiWPerM2 = column('shortwave_radiation', 0, 1_800);
  const direct = column('direct_radiation', 0, 1_800);
  const dhiWPerM2 = column('diffuse_radiation', 0, 1_800).map((diffuse, n) =>
    diffusePart(ghiWPerM2[n] ?? null, direct[n] ?? null, diffuse),
  );
  return {
    fromMs: (endsMs[0] ?? 0) - stepMs,
    stepMs,
    ghiWPerM2,
    ...(dhiWPerM2.some((value) => value !== null) && { dhiWPerM2 }),
    temperatureC: ends(column('temperature_2m', -90, 65)),
    cloudPct: ends(column('cloud_cover', 0, 100)),
  };
}

function diffusePart(ghi: number | null, direct: number | null, diffuse: number | null) {
  if (ghi === null) return null;
  const known = diffuse ?? (direct === null ? null : ghi - direct);
  return known === null ? null : Math.max(0, Math.min(ghi, known));
}

/** From readings at the ends of slots to slots; before the first reading there is only its end. */
function ends(values: Values): Values {
  return values.map((value, n) => {
    const before = n === 0 ? value : values[n - 1];
    return value === null || before === null || before === undefined ? null : (value + before) / 2;
  });
}
