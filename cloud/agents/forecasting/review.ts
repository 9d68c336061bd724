import { sunPosition } from '../../../gateway/agents/forecasting/sun.ts';
import type { ForecastReview } from '../../../gateway/contracts/advice.ts';
import type { ZoneForecast } from '../../../gateway/contracts/messages.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../../gateway/contracts/values/time.ts';

export type ForecastFinding = ForecastReview['findings'][number];

const AHEAD_MS = DAY_MS;
const SHORT_MS = 12 * HOUR_MS;
const NIGHT_DEG = -3; // the mean of a step that the horizon cuts may be a little above 0
const NIGHT_W_PER_M2 = 10;
const SUN_JUMP_W_PER_M2 = 300;
const PRICE_JUMP_NANO_PER_WH = 100_000;
const TEMPERATURE_C = { low: -50, high: 55 };

/** One quantity of a forecast, by start of the step; null = not known. */
interface Series {
  readonly who: ForecastFinding['who'];
  readonly fromMs: Instant;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
  readonly jump: number;
}

/** What in a forecast as issued deserves a look, by rules; each kind once a quantity. */
export function reviewForecast(
  forecast: ZoneForecast,
  before: ZoneForecast | undefined,
  place: { readonly latitudeDeg: number; readonly longitudeDeg: number },
): ForecastFinding[] {
  const { issuedAtMs } = forecast;
  const older = before === undefined ? [] : seriesOf(before);
  return seriesOf(forecast).flatMap((series) => [
    ...gaps(series, issuedAtMs),
    ...ends(series, issuedAtMs),
    ...jumps(
      series,
      older.find(({ who }) => who === series.who),
    ),
    ...(series.who === 'sun' ? nightSun(series, place) : []),
    ...(series.who === 'temperature' ? impossible(series) : []),
  ]);
}

function seriesOf({ weather, price }: ZoneForecast): Series[] {
  const { fromMs, stepMs } = weather;
  const none = Number.POSITIVE_INFINITY;
  return [
    { who: 'sun', fromMs, stepMs, values: weather.ghiWPerM2, jump: SUN_JUMP_W_PER_M2 },
    { who: 'temperature', fromMs, stepMs, values: weather.temperatureC, jump: none },
    {
      who: 'price',
      fromMs: price.fromMs,
      stepMs: price.stepMs,
      values: price.priceNanoPerWh,
      jump: PRICE_JUMP_NANO_PER_WH,
    },
  ];
}

const at = ({ fromMs, stepMs, values }: Series, atMs: Instant): number | null =>
  values[Math.floor((atMs - fromMs) / stepMs)] ?? null;

/** Unknown values between known ones. */
function gaps({ who, fromMs, stepMs, values }: Series, nowMs: Instant): ForecastFinding[] {
  const last = values.findLastIndex((value) => value !== null);
  const first = Math.max(0, Math.floor((nowMs - fromMs) / stepMs));
  const missing = values.slice(first, Math.max(first, last)).filter((value) => value === null);
  const why = `${missing.length} steps between known ones are not known`;
  return missing.length > 0 ? [{ kind: 'gap', who, why }] : [];
}

/** Prices of tomorrow come at noon; weather ought to reach further. */
function ends({ who, fromMs, stepMs, values }: Series, nowMs: Instant): ForecastFinding[] {
  const last = values.findLastIndex((value) => value !== null);
  const leftMs = last < 0 ? 0 : fromMs + (last + 1) * stepMs - nowMs;
  const hours = Math.max(0, Math.floor(leftMs / HOUR_MS));
  const least = who === 'price' ? SHORT_MS : AHEAD_MS;
  const why = last < 0 ? 'nothing is known' : `only ${hours} h ahead are known`;
  return leftMs < least ? [{ kind: 'short', who, why }] : [];
}

function jumps(series: Series, before: Series | undefined): ForecastFinding[] {
  if (before === undefined || !Number.isFinite(series.jump)) return [];
  const far = series.values.filter((value, n) => {
    const old = at(before, series.fromMs + n * series.stepMs);
    return value !== null && old !== null && Math.abs(value - old) > series.jump;
  });
  const why = `${far.length} steps are far from what was issued before`;
  return far.length > 0 ? [{ kind: 'jump', who: series.who, why }] : [];
}

function nightSun(
  { who, fromMs, stepMs, values }: Series,
  { latitudeDeg, longitudeDeg }: { readonly latitudeDeg: number; readonly longitudeDeg: number },
): ForecastFinding[] {
  const up = (atMs: Instant): boolean =>
    sunPosition(latitudeDeg, longitudeDeg, atMs).elevationDeg > NIGHT_DEG;
  const night = values.filter((value, n) => {
    const startMs = fromMs + n * stepMs;
    return (value ?? 0) > NIGHT_W_PER_M2 && !up(startMs) && !up(startMs + stepMs);
  });
  const why = `the sun shines in ${night.length} steps of the night`;
  return night.length > 0 ? [{ kind: 'impossible', who, why }] : [];
}

function impossible({ who, values }: Series): ForecastFinding[] {
  const wrong = values.some(
    (value) => value !== null && (value < TEMPERATURE_C.low || value > TEMPERATURE_C.high),
  );
  const why = 'a temperature is outside what the air can be';
  return wrong ? [{ kind: 'impossible', who, why }] : [];
}

/** An hour a row, for a model: what the rules see, without a word of theirs. */
export function reviewRows(forecast: ZoneForecast, before: ZoneForecast | undefined) {
  const now = seriesOf(forecast);
  const old = before === undefined ? [] : seriesOf(before);
  const rows: Record<string, number | null>[] = [];
  for (let atMs = forecast.issuedAtMs; atMs < forecast.issuedAtMs + AHEAD_MS; atMs += HOUR_MS) {
    const row: Record<string, number | null> = { atMs };
    for (const series of now) row[series.who] = at(series, atMs);
    for (const series of old) row[`${series.who}Before`] = at(series, atMs);
    rows.push(row);
  }
  return rows;
}
