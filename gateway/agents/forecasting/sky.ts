import { exp } from '../../../devices/maths.ts';
import type { ZoneForecast } from '../../contracts/messages.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { quantile } from './errors.ts';
import { planeIrradiance, ratedShare, USUAL_PLANE } from './pv.ts';
import { clearSkyGhi, type SunPosition, sunPosition } from './sun.ts';

const BINS = 24; // of the hour angle: plane and shade depend on where the sun stands
const USUAL_SHARE = 0.85;
const SUNNY_DAY = 3; // weight of the prior, in full-load hours of one bin
const FORGET = 0.93; // a day
const FORGET_LOG = -0.072_57; // its natural logarithm
const WEATHER_OLD_MS = 36 * HOUR_MS;
const WEATHER_STALE_MS = 3 * HOUR_MS;
const NEXT_HOURS_MS = 6 * HOUR_MS;
const DEFAULT_TEMPERATURE_C = 15;
const KNOWN_MOST = 1_000; // quarter-hours whose clear sky is not worked out again: ten days

export interface SkyPlace {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

type Weather = Omit<ZoneForecast['weather'], 'source' | 'askedAtMs'>;

/** What the sky gives a plane in a quarter-hour, as a share of the rated power. */
export interface SkyShare {
  readonly clearShare: number; // without clouds
  readonly expectedShare: number; // with the forecast's clouds; clear without a forecast
  readonly known: boolean; // a weather forecast was used
  readonly binIndex: number;
}

const binOf = (sun: SunPosition): number =>
  Math.max(0, Math.min(BINS - 1, Math.floor((sun.hourAngleDeg + 180) / (360 / BINS))));

/** Sky of a site: clear by geometry, clouded by the newest weather forecast. */
export class Sky {
  private readonly place: SkyPlace;
  private weather: ZoneForecast['weather'] | undefined;
  private askedAtMs = 0;
  private readonly clearShares = new Map<
    Instant,
    { share: number; ghiWPerM2: number; binIndex: number }
  >();

  constructor(place: SkyPlace) {
    this.place = place;
  }

  /** A message that says nothing of the sun, or is older than what is known, changes nothing. */
  forecast({ weather, issuedAtMs }: ZoneForecast): void {
    const askedAtMs = weather.askedAtMs ?? issuedAtMs;
    if (askedAtMs < this.askedAtMs || weather.ghiWPerM2.every((ghi) => ghi === null)) return;
    this.weather = weather;
    this.askedAtMs = askedAtMs;
  }

  /** Whether a forecast of the next hours is missing, or so old that it had better be asked. */
  isStale(nowMs: Instant): boolean {
    if (this.weather === undefined || nowMs - this.askedAtMs > WEATHER_STALE_MS) return true;
    const thenMs = Math.floor((nowMs + NEXT_HOURS_MS) / QUARTER_MS) * QUARTER_MS;
    return !this.at(thenMs, nowMs).known;
  }

  /** @param atMs start of a quarter-hour */
  at(atMs: Instant, nowMs: Instant): SkyShare {
    return this.under(nowMs - this.askedAtMs <= WEATHER_OLD_MS ? this.weather : undefined, atMs);
  }

  /** The same under another weather. */
  under(weather: Weather | undefined, atMs: Instant): SkyShare {
    const clear = this.clear(atMs);
    const index = weather ? Math.floor((atMs - weather.fromMs) / weather.stepMs) : -1;
    const ghi = weather?.ghiWPerM2[index];
    if (weather === undefined || ghi === undefined || ghi === null) {
      return {
        clearShare: clear.share,
        expectedShare: clear.share,
        known: false,
        binIndex: clear.binIndex,
      };
    }
    // The step's mean is spread over its quarter-hours as a clear sky would be.
    const stepGhi = this.clearMean(weather.fromMs + index * weather.stepMs, weather.stepMs);
    const quarterGhi = stepGhi > 5 ? (ghi * clear.ghiWPerM2) / stepGhi : ghi;
    const sun = this.sun(atMs);
    const temperatureC = weather.temperatureC[index] ?? DEFAULT_TEMPERATURE_C;
    const dhi = weather.dhiWPerM2?.[index];
    const diffuse = dhi === undefined || dhi === null || ghi <= 0 ? undefined : dhi / ghi;
    const inPlane = planeIrradiance(quarterGhi, sun, USUAL_PLANE, diffuse);
    const expected = ratedShare(inPlane, temperatureC);
    return {
      clearShare: clear.share,
      expectedShare: Math.max(0, expected),
      known: true,
      binIndex: clear.binIndex,
    };
  }

  private sun(atMs: Instant): SunPosition {
    const middleMs = atMs + QUARTER_MS / 2; // a mean over the interval
    return sunPosition(this.place.latitudeDeg, this.place.longitudeDeg, middleMs);
  }

  private clear(atMs: Instant): { share: number; ghiWPerM2: number; binIndex: number } {
    let known = this.clearShares.get(atMs);
    if (known === undefined) {
      const sun = this.sun(atMs);
      const ghi = clearSkyGhi(sun.elevationDeg);
      const share = ratedShare(planeIrradiance(ghi, sun, USUAL_PLANE), DEFAULT_TEMPERATURE_C);
      known = { share: Math.max(0, share), ghiWPerM2: ghi, binIndex: binOf(sun) };
      if (this.clearShares.size >= KNOWN_MOST) this.clearShares.clear();
      this.clearShares.set(atMs, known);
    }
    return known;
  }

  private clearMean(fromMs: Instant, lengthMs: number): number {
    const count = Math.max(1, Math.round(lengthMs / QUARTER_MS));
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += this.clear(fromMs + i * QUARTER_MS).ghiWPerM2;
    return sum / count;
  }
}

/**
 * What a site makes of the sky, learnt by the sun's hour angle: the ratio of production to the
 * model with weather forecasts, and to the clear sky for times without one.
 */
export class Performance {
  private readonly made = new Float64Array(BINS);
  private readonly modelled = new Float64Array(BINS);
  private readonly clearRatios: { readonly atMs: Instant; readonly ratio: number }[][] = Array.from(
    { length: BINS },
    () => [],
  );
  private forgottenAtMs = 0;

  /**
   * @param share production of the quarter-hour as a share of the rated power, curtailed ones left
   * out
   */
  learn(atMs: Instant, share: number, sky: SkyShare): void {
    this.forget(atMs);
    if (sky.clearShare < 0.03) return;
    const ratios = this.clearRatios[sky.binIndex];
    ratios?.push({ atMs, ratio: share / sky.clearShare });
    if (ratios && ratios.length > 80) ratios.shift();
    if (!sky.known) return;
    this.made[sky.binIndex] = (this.made[sky.binIndex] ?? 0) + share / 4;
    this.modelled[sky.binIndex] = (this.modelled[sky.binIndex] ?? 0) + sky.expectedShare / 4;
  }

  /** A quarter-hour of so long ago whose weather came afterwards; clear sky is taught already. */
  learnPast(ageMs: number, share: number, sky: SkyShare): void {
    if (sky.clearShare < 0.03 || !sky.known) return;
    const weight = exp((ageMs / DAY_MS) * FORGET_LOG) / 4;
    this.made[sky.binIndex] = (this.made[sky.binIndex] ?? 0) + weight * share;
    this.modelled[sky.binIndex] = (this.modelled[sky.binIndex] ?? 0) + weight * sky.expectedShare;
  }

  /**
   * Production over the model, where a weather forecast is known; before much is learnt, that of
   * the best days.
   */
  withWeather(bin: number): number {
    const ratios = this.clearRatios[bin] ?? [];
    const best = ratios.map(({ ratio }) => ratio).sort((a, b) => a - b);
    const prior = best.length >= 8 ? bounded(quantile(best, 0.9)) : USUAL_SHARE;
    const modelled = this.modelled[bin] ?? 0;
    return bounded(((this.made[bin] ?? 0) + SUNNY_DAY * prior) / (modelled + SUNNY_DAY));
  }

  /** Production over the clear sky in the last days, the newest counting most. */
  withoutWeather(bin: number, nowMs: Instant): number {
    let sum = 0;
    let weight = 0;
    for (const { atMs, ratio } of this.clearRatios[bin] ?? []) {
      const w = 1 / (1 + (nowMs - atMs) / DAY_MS);
      sum += w * ratio;
      weight += w;
    }
    return weight === 0 ? 0.6 : bounded(sum / weight);
  }

  private forget(atMs: Instant): void {
    if (atMs - this.forgottenAtMs < DAY_MS) return;
    this.forgottenAtMs = atMs;
    for (let bin = 0; bin < BINS; bin += 1) {
      this.made[bin] = (this.made[bin] ?? 0) * FORGET;
      this.modelled[bin] = (this.modelled[bin] ?? 0) * FORGET;
    }
  }
}

const bounded = (ratio: number): number => Math.max(0.02, Math.min(1.5, ratio));
