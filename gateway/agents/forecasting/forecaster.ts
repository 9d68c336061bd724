import { exp } from '../../../devices/maths.ts';
import type { ZoneForecast } from '../../contracts/messages.ts';
import type { Band, SiteForecast } from '../../contracts/values/outlook.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { ErrorBook, LEAD_CLASSES, leadClass } from './errors.ts';
import { forecastLoad, seasonalNaive } from './load.ts';
import { Performance, Sky, type SkyPlace } from './sky.ts';

/** One measured quarter-hour of a site, mean powers in W >= 0; undefined = not known. */
export interface Quarter {
  readonly fromMs: Instant;
  readonly pvW: number | undefined;
  readonly loadW: number | undefined; // uncontrolled
  readonly curtailed: boolean; // production was held back: nothing to learn from
}

export interface ForecasterSetup extends SkyPlace {
  readonly timeZone: string;
  readonly pvRatedW: number; // of all production together
  readonly loadRatedW: number; // most that uncontrolled load can be
}

const KEPT_MS = 36 * DAY_MS;
const ISSUES_KEPT = 50; // twelve hours of quarter-hours
const SCORED_WITHIN_MS = 600_000;

/**
 * A site's own forecast of production and load. Pure state: quarter-hours and weather go in, a
 * forecast comes out; the likely range rests on the errors that its own earlier forecasts made at
 * the same lead.
 */
export class Forecaster {
  private readonly setup: ForecasterSetup;
  private readonly sky: Sky;
  private readonly performance = new Performance();
  private readonly pv = new Map<Instant, number>();
  private readonly load = new Map<Instant, number>();
  private readonly pvErrors = new ErrorBook();
  private readonly loadErrors = new ErrorBook();
  private issued: SiteForecast[] = [];
  private seeded = false;

  constructor(setup: ForecasterSetup) {
    this.setup = setup;
    this.sky = new Sky(setup);
  }

  weather(message: ZoneForecast): void {
    this.sky.forecast(message);
  }

  /** A quarter-hour as measured, in order of time; scores what was forecast of it. */
  observe(quarter: Quarter): void {
    const { fromMs, pvW, loadW } = quarter;
    if (pvW !== undefined) {
      this.pv.set(fromMs, pvW);
      if (!quarter.curtailed && this.setup.pvRatedW > 0) {
        const sky = this.sky.at(fromMs, fromMs);
        this.performance.learn(fromMs, pvW / this.setup.pvRatedW, sky);
        this.score(fromMs, 'pv', pvW, this.pvScale(fromMs), this.pvErrors);
      }
    }
    if (loadW !== undefined) {
      this.load.set(fromMs, loadW);
      this.score(fromMs, 'load', loadW, 1, this.loadErrors);
    }
    for (const series of [this.pv, this.load]) {
      for (const oldest of series.keys()) {
        if (oldest >= fromMs - KEPT_MS) break;
        series.delete(oldest);
      }
    }
  }

  /**
   * @param steps  quarter-hours from the one that contains `nowMs`
   * @param nowLoadW  uncontrolled load just now, for a site without any history
   */
  issue(nowMs: Instant, steps: number, nowLoadW?: number): SiteForecast {
    this.seedLoadErrors(nowMs);
    const fromMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    const startsMs = Array.from({ length: steps }, (_, i) => fromMs + i * QUARTER_MS);
    const loads = forecastLoad(this.load, nowMs, startsMs, this.setup.timeZone);
    const recent = this.recentPv(nowMs);
    const forecast: SiteForecast = {
      issuedAtMs: nowMs,
      fromMs,
      stepMs: QUARTER_MS,
      sky: this.sky.at(fromMs + 6 * HOUR_MS, nowMs).known ? 'forecast' : 'clear-sky',
      pv: startsMs.map((atMs) => this.pvBand(atMs, nowMs, recent)),
      load: startsMs.map((atMs, i) => this.loadBand(atMs, nowMs, loads[i] ?? nowLoadW ?? 0)),
    };
    this.issued = [...this.issued, forecast].slice(-ISSUES_KEPT);
    return forecast;
  }

  /** Model of the production with all that is learnt, before any correction by the last hour. */
  private pvModelW(atMs: Instant, nowMs: Instant): number {
    const sky = this.sky.at(atMs, nowMs);
    const ratio = sky.known
      ? this.performance.withWeather(sky.binIndex)
      : this.performance.withoutWeather(sky.binIndex, nowMs);
    const { pvRatedW } = this.setup;
    return Math.min(pvRatedW, Math.max(0, sky.expectedShare * ratio * pvRatedW));
  }

  /** What the last hour made of its model. */
  private recentPv(nowMs: Instant): number {
    let made = 0;
    let modelled = 0;
    const lastMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    for (let i = 1; i <= 4; i += 1) {
      const actual = this.pv.get(lastMs - i * QUARTER_MS);
      if (actual === undefined) continue;
      made += actual;
      modelled += this.pvModelW(lastMs - i * QUARTER_MS, nowMs);
    }
    if (modelled <= 0.05 * this.setup.pvRatedW) return 1;
    return Math.max(0.3, Math.min(2, made / modelled));
  }

  private pvBand(atMs: Instant, nowMs: Instant, recent: number): Band {
    const { pvRatedW } = this.setup;
    const hours = Math.max(0, atMs - nowMs) / HOUR_MS;
    const model = this.pvModelW(atMs, nowMs);
    const midW = Math.min(pvRatedW, model * (1 + (recent - 1) * exp(-hours / 1.5)));
    const scale = this.pvScale(atMs);
    const range = this.pvErrors.range(leadClass(atMs - nowMs)) ?? { low: -0.25, high: 0.2 };
    return band(midW, midW + range.low * scale, midW + range.high * scale, pvRatedW);
  }

  private loadBand(atMs: Instant, nowMs: Instant, midW: number): Band {
    const range = this.loadErrors.range(leadClass(atMs - nowMs));
    const { loadRatedW } = this.setup;
    if (range) return band(midW, midW + range.low, midW + range.high, loadRatedW);
    return band(midW, 0.75 * midW, 1.25 * midW + 0.02 * loadRatedW, loadRatedW);
  }

  /**
   * Errors of production are in shares of what a clear sky would give: none at night, most at noon.
   */
  private pvScale(atMs: Instant): number {
    return this.sky.at(atMs, atMs).clearShare * this.setup.pvRatedW;
  }

  private score(
    atMs: Instant,
    of: 'pv' | 'load',
    actualW: number,
    scale: number,
    book: ErrorBook,
  ): void {
    if (scale <= 0) return;
    LEAD_CLASSES.forEach(({ scoredAtMs }, index) => {
      const forecast = this.issued.find(
        (one) => Math.abs(atMs - one.issuedAtMs - scoredAtMs) <= SCORED_WITHIN_MS,
      );
      const step = forecast?.[of][(atMs - forecast.fromMs) / forecast.stepMs];
      if (step) book.add(index, (actualW - step.midW) / scale);
    });
  }

  /**
   * Before anything was issued: the errors that the naive forecast would have made in the last
   * week.
   */
  private seedLoadErrors(nowMs: Instant): void {
    if (this.seeded || this.load.size < 96) return;
    this.seeded = true;
    for (const [atMs, actual] of this.load) {
      if (atMs < nowMs - 8 * DAY_MS) continue;
      const naive = seasonalNaive(this.load, atMs, atMs, this.setup.timeZone);
      if (naive === undefined) continue;
      LEAD_CLASSES.forEach((_, index) => {
        this.loadErrors.add(index, (actual - naive) * (0.6 + 0.2 * index));
      });
    }
  }
}

function band(midW: number, lowW: number, highW: number, mostW: number): Band {
  const mid = Math.max(0, midW);
  return {
    lowW: Math.max(0, Math.min(lowW, mid)),
    midW: mid,
    highW: Math.max(mid, Math.min(highW, Math.max(mid, mostW))),
  };
}
