import type { ZoneForecast } from '../../../gateway/contracts/messages.ts';
import { evenly, finite, listOf, objectOf, SourceError, stepOf } from './series.ts';

type Weather = ZoneForecast['weather'];
type Values = (number | null)[];

/**
 * Weather in the shape of Open-Meteo (`timezone=GMT`, `timeformat=unixtime`). Its radiation is the
 * mean over the interval BEFORE its time, so the first slot starts a step earlier; temperature and
 * cloud are readings at the time, and a slot has the mean of its two ends. Quarter-hours are taken
 * where they are there, else hours.
 * @throws SourceError when the answer is not in this shape
 */
export function parseOpenMeteo(body: string, source: string): Weather {
  const answer = objectOf(parse(body), 'the answer');
  if (answer['error'] === true) throw new SourceError(String(answer['reason'] ?? 'it says error'));
  if ((finite(answer['utc_offset_seconds']) ?? 0) !== 0) {
    throw new SourceError('its times are not GMT: ask with timezone=GMT');
  }
  const block = answer['minutely_15'] === undefined ? 'hourly' : 'minutely_15';
  const table = objectOf(answer[block], block);
  const units = (answer[`${block}_units`] ?? {}) as Record<string, unknown>;
  for (const [name, unit] of [
    ['temperature_2m', '°C'],
    ['shortwave_radiation', 'W/m²'],
  ] as const) {
    if (units[name] !== undefined && units[name] !== unit) {
      throw new SourceError(`${name} is in ${String(units[name])}, not ${unit}`);
    }
  }
  const endsMs = listOf(table['time'], `${block}.time`).map((at) => {
    const seconds = finite(at);
    if (seconds === null) throw new SourceError('its times are text: ask with timeformat=unixtime');
    return seconds * 1_000;
  });
  const stepMs = stepOf(endsMs);
  const column = (name: string): Values => {
    const list = table[name] === undefined ? [] : listOf(table[name], `${block}.${name}`);
    return evenly(
      endsMs,
      endsMs.map((_, n) => finite(list[n])),
      stepMs,
    ).values;
  };
  return {
    source,
    fromMs: (endsMs[0] ?? 0) - stepMs,
    stepMs,
    ghiWPerM2: column('shortwave_radiation'),
    temperatureC: ends(column('temperature_2m')),
    cloudPct: ends(column('cloud_cover')),
  };
}

/** From readings at the ends of slots to slots; before the first reading there is only its end. */
function ends(values: Values): Values {
  return values.map((value, n) => {
    const before = n === 0 ? value : values[n - 1];
    return value === null || before === null || before === undefined ? null : (value + before) / 2;
  });
}

/** JSON of a source. @throws SourceError */
export function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new SourceError('the answer is not JSON');
  }
}
