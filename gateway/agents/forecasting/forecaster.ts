import { exp } from '../../../devices/maths.ts';
import type { ZoneForecast } from '../../contracts/messages.ts';
import type { Band, SiteForecast } from '../../contracts/values/outlook.ts';
import { parseStamp } from '../../contracts/values/stamp.ts';
import { DAY_MS, HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { ErrorBook, LEAD_CLASSES, leadClass } from './errors.ts';
import { type LevelShift, LevelWatch } from './level-watch.ts';
import { forecastLoad, seasonalNaive } from './load.ts';
import { Nowcast } from './nowcast.ts';
import { Conformal, type Ends } from './seasonal/bands.ts';
import { Blend } from './seasonal/blend.ts';
import { loadExperts, seededStream, sunExperts } from './seasonal/sets.ts';
import { localSlot, SiteSeries } from './site-series.ts';
import { Performance, Sky, type SkyPlace } from './sky.ts';
import type { Weather } from './sources/open-meteo.ts';

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
  /** Local dates YYYY-MM-DD that are like Sundays. */
  readonly holidays?: readonly string[];
}

const KEPT_MS = 36 * DAY_MS;
const SCORED_WITHIN_MS = 600_000;
const LOAD_HISTORY_DAYS = 14; // before them the weeks' naive forecast knows as much
const SUN_HISTORY_DAYS = 5;
const TREES_SEED = 1;
const SUN_TRUST = { sharpnessFactor: 8, rememberedShare: 0.995 }; // a quarter-hour: two days count
/** Size of a usual error of production, as a share of what a clear sky would give. */
const SUN_ERROR_SHARE = 0.2;
const CALM_SHARE = 0.15; // of the size of a usual error

/** Mean powers of the last minutes, W >= 0; undefined = not known. */
export interface Recent {
  readonly pvW?: number | undefined; // not while it is held back
  readonly loadW?: number | undefined;
}

type Carried = Pick<SiteForecast, 'pv' | 'load'>;

/** What was said of a quarter-hour at a class of lead, with what its production was made of. */
interface Said {
  readonly sky: SiteForecast['sky'];
  readonly loadW: number;
  readonly pvW: number;
  readonly modelW: number; // of sky and weather
  readonly historyW: number; // of the last weeks alone; NaN where they say nothing
  readonly ends: Ends;
}

/**
 * A site's own forecast of production and load. Pure state: quarter-hours and weather go in, a
 * forecast comes out.
 *
 * Load: after two weeks by the blend of experts with its conformal band, before that (and in an
 * hour that a clock change repeats) by the same quarter-hour of the last weeks. Production: the
 * model of sky and weather and the history alone, weighed at each lead by what either got wrong,
 * apart with and without a weather forecast; its band adapts until four of five values lie in it.
 */
export class Forecaster {
  private readonly setup: ForecasterSetup;
  private readonly sky: Sky;
  private readonly performance = new Performance();
  private readonly pv = new Map<Instant, number>();
  private readonly load = new Map<Instant, number>();
  private readonly loadErrors = new ErrorBook();
  private readonly loadSeries: SiteSeries;
  private readonly sunSeries: SiteSeries | undefined;
  private readonly sunBands = LEAD_CLASSES.map(() => new Conformal());
  private readonly sunBlends = {
    forecast: LEAD_CLASSES.map(() => new Blend(2, SUN_TRUST)),
    'clear-sky': LEAD_CLASSES.map(() => new Blend(2, SUN_TRUST)),
  };
  private readonly heldBack = new Set<Instant>(); // quarter-hours of production that teach nothing
  private skySinceMs: Instant | undefined; // first quarter-hour whose weather was known in time
  private readonly nowcasts = { pv: new Nowcast(), load: new Nowcast() };
  private readonly level: LevelWatch;
  private shifts: LevelShift[] = [];
  private readonly said = new Map<Instant, (Said | undefined)[]>(); // by class of lead
  private seeded = false;

  constructor(setup: ForecasterSetup) {
    this.setup = setup;
    this.sky = new Sky(setup);
    const { timeZone, pvRatedW } = setup;
    const holidays = new Set((setup.holidays ?? []).map(dayOf));
    const isHoliday = (day: number): boolean => holidays.has(day);
    const random = seededStream(TREES_SEED);
    this.loadSeries = new SiteSeries({ timeZone, experts: loadExperts(random), isHoliday });
    if (pvRatedW > 0) {
      this.sunSeries = new SiteSeries({ timeZone, experts: sunExperts(), isHoliday });
    }
    this.level = new LevelWatch(isHoliday);
  }

  /** One step of what is to be learnt, some milliseconds. @returns whether there was one */
  work(): boolean {
    const { loadSeries, sunSeries } = this;
    if (loadSeries.settle() || sunSeries?.settle() === true) return true;
    return loadSeries.work() || sunSeries?.work() === true;
  }

  /** Changes of the load's level that were found since the last call. */
  levelShifts(): readonly LevelShift[] {
    const found = this.shifts;
    this.shifts = [];
    return found;
  }

  weather(message: ZoneForecast): void {
    this.sky.forecast(message);
  }

  /** Whether days of production are known whose weather was not. */
  lacksPastWeather(nowMs: Instant): boolean {
    const [oldestMs] = this.pv.keys();
    return oldestMs !== undefined && oldestMs < (this.skySinceMs ?? nowMs) - DAY_MS;
  }

  /**
   * Weather of the last days, told afterwards: what was produced under it teaches what this roof
   * makes of a sky, as if it had been known in time.
   */
  pastWeather(weather: Weather, nowMs: Instant): void {
    const { pvRatedW } = this.setup;
    if (pvRatedW <= 0) return;
    for (const [fromMs, pvW] of this.pv) {
      if (fromMs >= (this.skySinceMs ?? nowMs)) break;
      if (this.heldBack.has(fromMs)) continue;
      const sky = this.sky.under(weather, fromMs);
      this.performance.learnPast(nowMs - fromMs, pvW / pvRatedW, sky);
    }
    this.skySinceMs = weather.fromMs;
  }

  /** Whether a forecast of the sky is missing or old. */
  lacksWeather(nowMs: Instant): boolean {
    return this.sky.isStale(nowMs);
  }

  /** A quarter-hour of long ago, before any that is observed: teaches the series alone. */
  remember({ fromMs, pvW, loadW, curtailed }: Quarter): void {
    this.loadSeries.observe(fromMs, loadW);
    this.sunSeries?.observe(fromMs, curtailed ? undefined : pvW);
  }

  /** A quarter-hour as measured, in order of time; scores what was forecast of it. */
  observe(quarter: Quarter): void {
    const { fromMs, pvW, loadW } = quarter;
    if (pvW !== undefined) {
      this.pv.set(fromMs, pvW);
      if (quarter.curtailed) this.heldBack.add(fromMs);
      if (!quarter.curtailed && this.setup.pvRatedW > 0) {
        const sky = this.sky.at(fromMs, fromMs);
        if (sky.known) this.skySinceMs ??= fromMs;
        this.performance.learn(fromMs, pvW / this.setup.pvRatedW, sky);
        this.scoreSun(fromMs, pvW);
        this.nowcasts.pv.learn(fromMs, pvW);
      }
    }
    if (loadW !== undefined) {
      this.load.set(fromMs, loadW);
      this.scoreLoad(fromMs, loadW);
      this.nowcasts.load.learn(fromMs, loadW);
      const { day } = localSlot(fromMs, this.setup.timeZone);
      const shift = this.level.observe(day, loadW);
      if (shift !== undefined) this.shifts.push(shift);
    }
    for (const oldMs of this.said.keys()) if (oldMs <= fromMs) this.said.delete(oldMs);
    this.loadSeries.observe(fromMs, loadW);
    this.sunSeries?.observe(fromMs, quarter.curtailed ? undefined : pvW);
    for (const series of [this.pv, this.load, this.heldBack]) {
      for (const oldest of series.keys()) {
        if (oldest >= fromMs - KEPT_MS) break;
        series.delete(oldest);
      }
    }
  }

  /**
   * @param steps  quarter-hours from the one that contains `nowMs`
   * @param recent  of the last minutes; of the load also what a site without history goes by
   */
  issue(nowMs: Instant, steps: number, recent: Recent = {}): SiteForecast {
    this.seedLoadErrors(nowMs);
    const fromMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    const startsMs = Array.from({ length: steps }, (_, i) => fromMs + i * QUARTER_MS);
    const isLearnt = this.loadSeries.knownDays >= LOAD_HISTORY_DAYS;
    const learnt = this.loadSeries.issue(startsMs);
    const naive =
      isLearnt && learnt.every((said) => said !== undefined)
        ? []
        : forecastLoad(this.load, nowMs, startsMs, this.setup.timeZone);
    const sky = this.sky.at(fromMs + 6 * HOUR_MS, nowMs).known ? 'forecast' : 'clear-sky';
    const lastHour = this.recentPv(nowMs);
    const model = Float64Array.from(startsMs, (atMs) => this.pvNowW(atMs, nowMs, lastHour));
    const sun = this.sunSeries?.issue(startsMs) ?? [];
    const history = Float64Array.from(startsMs, (_, i) => sun[i]?.mid ?? Number.NaN);
    const ends = this.sunBands.map((one) => one.ends());
    const pv = startsMs.map((atMs, i) => {
      const of = leadClass(atMs - nowMs);
      const midW = this.blended(this.sunBlends[sky][of], model[i] ?? 0, history[i] ?? Number.NaN);
      return this.pvBand(atMs, midW, ends[of]);
    });
    const load = startsMs.map((atMs, i) => {
      const said = isLearnt ? learnt[i] : undefined;
      return said === undefined
        ? this.naiveBand(atMs, nowMs, naive[i] ?? recent.loadW ?? 0)
        : band(said.mid, said.low, said.high, this.setup.loadRatedW);
    });
    const forecast: SiteForecast = {
      ...{ issuedAtMs: nowMs, fromMs, stepMs: QUARTER_MS, sky },
      ...this.carried({ pv, load }, fromMs, recent),
    };
    this.remembered(forecast, model, history, ends);
    return forecast;
  }

  /** Keeps what is to be scored of a forecast; the first one at a lead counts. */
  private remembered(
    { issuedAtMs, fromMs, sky, pv, load }: SiteForecast,
    model: Float64Array,
    history: Float64Array,
    ends: readonly Ends[],
  ): void {
    for (const [of, { scoredAtMs }] of LEAD_CLASSES.entries()) {
      const firstMs = issuedAtMs + scoredAtMs - SCORED_WITHIN_MS;
      const lastMs = issuedAtMs + scoredAtMs + SCORED_WITHIN_MS;
      for (let step = Math.max(0, Math.ceil((firstMs - fromMs) / QUARTER_MS)); ; step += 1) {
        const atMs = fromMs + step * QUARTER_MS;
        const [sun, use, bounds] = [pv[step], load[step], ends[of]];
        if (atMs > lastMs || !sun || !use || !bounds) break;
        const about = this.said.get(atMs) ?? [];
        about[of] ??= {
          ...{ sky, loadW: use.midW, pvW: sun.midW, ends: bounds },
          ...{ modelW: model[step] ?? 0, historyW: history[step] ?? Number.NaN },
        };
        this.said.set(atMs, about);
      }
    }
  }

  /** With what the last minutes showed. */
  private carried(bands: Carried, fromMs: Instant, recent: Recent): Carried {
    const { pv, load } = this.nowcasts;
    const { pvRatedW, loadRatedW } = this.setup;
    const within =
      (mostW: number) =>
      ({ lowW, midW, highW }: Band): Band =>
        band(Math.min(midW, mostW), lowW, highW, mostW);
    const scaleOf = (atMs: Instant): number => this.pvScale(atMs);
    return {
      pv: pv.carry(bands.pv, fromMs, recent.pvW, scaleOf).map(within(pvRatedW)),
      load: load.carry(bands.load, fromMs, recent.loadW, () => 1).map(within(loadRatedW)),
    };
  }

  private blended(blend: Blend | undefined, modelW: number, historyW: number): number {
    const isYoung = (this.sunSeries?.knownDays ?? 0) < SUN_HISTORY_DAYS;
    if (blend === undefined || isYoung || Number.isNaN(historyW)) return modelW;
    const [mixed = modelW] = blend.mix([Float64Array.of(modelW), Float64Array.of(historyW)]);
    return Math.min(this.setup.pvRatedW, mixed);
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

  /** The model, moved by what the last hour made of it. */
  private pvNowW(atMs: Instant, nowMs: Instant, recent: number): number {
    const hours = Math.max(0, atMs - nowMs) / HOUR_MS;
    const model = this.pvModelW(atMs, nowMs);
    return Math.min(this.setup.pvRatedW, model * (1 + (recent - 1) * exp(-hours / 1.5)));
  }

  private pvBand(atMs: Instant, midW: number, ends: Ends | undefined): Band {
    const scale = SUN_ERROR_SHARE * this.pvScale(atMs);
    const { low, high } = ends ?? { low: 0, high: 0 };
    return band(midW, midW + low * scale, midW + high * scale, this.setup.pvRatedW);
  }

  private naiveBand(atMs: Instant, nowMs: Instant, midW: number): Band {
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

  private scoreLoad(atMs: Instant, actualW: number): void {
    for (const [of, said] of this.said.get(atMs)?.entries() ?? []) {
      if (said) this.loadErrors.add(of, actualW - said.loadW);
    }
  }

  private scoreSun(atMs: Instant, actualW: number): void {
    const scale = SUN_ERROR_SHARE * this.pvScale(atMs);
    if (scale <= 0) return;
    for (const [of, said] of this.said.get(atMs)?.entries() ?? []) {
      if (said === undefined) continue;
      const { pvW, modelW, historyW, ends, sky } = said;
      // Nothing said and nothing come, as behind a hill: no sign of how good a band is.
      const isCalm = actualW === 0 && pvW <= CALM_SHARE * scale;
      if (!isCalm) this.sunBands[of]?.learn((actualW - pvW) / scale, ends);
      const opinions = [Float64Array.of(modelW), Float64Array.of(historyW)];
      this.sunBlends[sky][of]?.learn(opinions, Float64Array.of(actualW));
    }
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

/** @param date  YYYY-MM-DD @returns days since 1970-01-01 */
const dayOf = (date: string): number => (parseStamp(`${date}T00:00`)?.clockMs ?? -1) / DAY_MS;

function band(midW: number, lowW: number, highW: number, mostW: number): Band {
  const mid = Math.max(0, midW);
  return {
    lowW: Math.max(0, Math.min(lowW, mid)),
    midW: mid,
    highW: Math.max(mid, Math.min(highW, Math.max(mid, mostW))),
  };
}
