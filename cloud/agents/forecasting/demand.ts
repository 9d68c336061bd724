import {
  Forecaster,
  type ForecasterSetup,
} from '../../../gateway/agents/forecasting/forecaster.ts';
import { HorizonScores } from '../../../gateway/agents/forecasting/horizon-scores.ts';
import {
  type KeptForecast,
  keptForecast,
  readForecast,
} from '../../../gateway/agents/forecasting/issued.ts';
import { localSlot } from '../../../gateway/agents/forecasting/site-series.ts';
import type { Weather } from '../../../gateway/agents/forecasting/sources/open-meteo.ts';
import type { GatewayStatus, ZoneForecast } from '../../../gateway/contracts/messages.ts';
import type { SiteForecast } from '../../../gateway/contracts/values/outlook.ts';
import {
  DAY_MS,
  HOUR_MS,
  type Instant,
  intervalStart,
  MINUTE_MS,
  QUARTER_MS,
} from '../../../gateway/contracts/values/time.ts';
import { canonical } from '../../canonical.ts';
import type { Row, Store, StoredEnergy, Write } from '../../ports.ts';
import { type RegionQuarter, RegionSum } from './region-sum.ts';

/** A zone as its demand is forecast. */
export interface DemandZone {
  readonly id: string;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly timeZone: string;
  /** Local dates YYYY-MM-DD that are like Sundays. */
  readonly holidays?: readonly string[];
}

/** Demand and sun of all sites that tell, together; W, both >= 0. */
export interface RegionForecast extends SiteForecast {
  readonly sites: number;
}

export type DemandForecast = NonNullable<ZoneForecast['demandForecast']>;

const ISSUED_STEPS = 192; // 48 hours
const LEAST_QUARTERS = 96; // a day: before it nothing is said
const LIVED_MS = 36 * DAY_MS; // what is older only teaches
const LEARNT_MS = 399 * DAY_MS;
const SCORED_MS = 50 * HOUR_MS; // forecasts that are still to be held against what comes
const LATE_MS = 2 * DAY_MS; // what a cloud that was away longer has missed stays unknown
const TOLD_MS = 10 * MINUTE_MS; // after a start, until what waited at the gateways has come

interface KeptDay {
  readonly quarters: readonly RegionQuarter[];
}

/**
 * What the sites of a zone use and make together, forecast by the model that each site has of
 * itself: the sums of their quarter-hours go in, a forecast of 48 hours with its band comes out. It
 * is kept as issued and held against what comes.
 */
export class RegionDemand {
  private readonly zone: DemandZone;
  private readonly sum = new RegionSum();
  private readonly setup: ForecasterSetup & { pvRatedW: number; loadRatedW: number };
  private readonly forecaster: Forecaster;
  private readonly scores = new HorizonScores();
  private nextMs: Instant | undefined; // first quarter-hour that is not closed
  private notBeforeMs = Number.NEGATIVE_INFINITY;
  private knownCount = 0; // quarter-hours
  private day: RegionQuarter[] = []; // of UTC, so far
  private said: RegionForecast | undefined;

  constructor(zone: DemandZone) {
    this.zone = zone;
    // The forecaster reads both ratings anew each time: sites come and go.
    this.setup = { ...zone, pvRatedW: 1, loadRatedW: 1 };
    this.forecaster = new Forecaster(this.setup);
  }

  /** What stands at a site, as its gateway says. */
  places(gateway: string, places: NonNullable<GatewayStatus['places']>): void {
    this.sum.places(gateway, places);
    const { loadW, pvW } = this.sum.ratings();
    this.setup.loadRatedW = Math.max(1, loadW);
    this.setup.pvRatedW = Math.max(1, pvW);
  }

  weather(forecast: ZoneForecast): void {
    this.forecaster.weather(forecast);
  }

  /** Days of which the sun is known and the weather is not. */
  lacksPastWeather(nowMs: Instant): boolean {
    return this.forecaster.lacksPastWeather(nowMs);
  }

  pastWeather(weather: Weather, nowMs: Instant): void {
    this.forecaster.pastWeather(weather, nowMs);
  }

  /** Energy records as they were stored, of any place. */
  take(records: readonly StoredEnergy[]): void {
    for (const record of records) {
      if (record.fromMs >= (this.nextMs ?? 0)) this.sum.take(record);
    }
  }

  /** A small step of what is to be learnt. @returns whether there was one */
  work(): boolean {
    return this.forecaster.work();
  }

  /** Closes what is over and forecasts anew. @param settledMs after an end its records are there */
  turn(nowMs: Instant, settledMs: number): Write[] {
    const writes: Write[] = [];
    this.nextMs ??= this.sum.oldestMs();
    if (this.nextMs === undefined || nowMs < this.notBeforeMs) return writes;
    this.nextMs = Math.max(this.nextMs, intervalStart(nowMs - LATE_MS));
    const before = this.nextMs;
    while (this.nextMs + QUARTER_MS + settledMs <= nowMs) {
      writes.push(...this.close(this.nextMs));
    }
    if (this.nextMs === before) return writes;
    const { sites } = this.sum;
    this.said = undefined;
    if (sites === 0 || this.knownCount < LEAST_QUARTERS) return writes;
    this.said = { ...this.forecaster.issue(nowMs, ISSUED_STEPS), sites };
    this.remember(this.said);
    const { issuedAtMs } = this.said;
    const name = `demand-forecast/${this.zone.id}/${issuedAtMs}`;
    const body = { ...keptForecast(this.said), sites };
    return [...writes, this.put('demand-forecast', name, issuedAtMs, body)];
  }

  /** The newest forecast. */
  get forecast(): RegionForecast | undefined {
    return this.said;
  }

  /** What was kept before a restart. @param gateways of the zone, whose places are known */
  restore(store: Pick<Store, 'rows' | 'energy'>, gateways: readonly string[], nowMs: Instant) {
    const mine = (kind: string, sinceMs: Instant): Row[] =>
      store.rows('forecast_data', kind, sinceMs).filter(({ zone }) => zone === this.zone.id);
    for (const { body } of mine('demand', nowMs - LEARNT_MS)) {
      const { quarters } = JSON.parse(body) as KeptDay;
      for (const quarter of quarters) this.learn(quarter, nowMs);
      this.day = [...quarters];
    }
    for (const { body } of mine('demand-forecast', nowMs - SCORED_MS)) {
      this.remember(readForecast(JSON.parse(body) as KeptForecast));
    }
    this.notBeforeMs = this.nextMs === undefined ? this.notBeforeMs : nowMs + TOLD_MS;
    const sinceMs = (this.nextMs ?? nowMs) - DAY_MS;
    for (const gateway of gateways) {
      for (const place of this.sum.placesOf(gateway)) {
        const records = store.energy(gateway, place, sinceMs);
        this.sum.recall(records.filter(({ fromMs }) => fromMs < (this.nextMs ?? 0)));
        this.take(records);
      }
    }
  }

  private close(fromMs: Instant): Write[] {
    const quarter = this.sum.close(fromMs);
    const dayMs = intervalStart(fromMs, DAY_MS);
    if (dayMs !== intervalStart(this.day[0]?.[0] ?? dayMs, DAY_MS)) this.day = [];
    this.day.push(quarter);
    const { timeZone, id } = this.zone;
    const { day } = localSlot(fromMs, timeZone);
    this.learn(quarter, fromMs);
    const writes = [this.put('demand', `demand/${id}/${dayMs}`, dayMs, { quarters: this.day })];
    if (localSlot(fromMs + QUARTER_MS, timeZone).day === day) return writes;
    const scores = this.scores.of(day);
    if (scores.length === 0) return writes;
    return [...writes, this.put('demand-score', `demand-score/${id}/${day}`, fromMs, { scores })];
  }

  private learn([fromMs, loadWh, pvWh]: RegionQuarter, nowMs: Instant): void {
    const wattsOf = (energyWh: number | null): number | undefined =>
      energyWh === null ? undefined : (energyWh * HOUR_MS) / QUARTER_MS;
    const quarter = { fromMs, loadW: wattsOf(loadWh), pvW: wattsOf(pvWh), curtailed: false };
    this.nextMs = fromMs + QUARTER_MS;
    if (loadWh !== null) this.knownCount += 1;
    if (fromMs < nowMs - LIVED_MS) return this.forecaster.remember(quarter);
    this.forecaster.observe(quarter);
    this.scores.observe(quarter, localSlot(fromMs, this.zone.timeZone).day);
  }

  /** It was issued some minutes into its quarter-hour, but has seen nothing of it. */
  private remember(forecast: SiteForecast): void {
    this.scores.issued({ ...forecast, issuedAtMs: forecast.fromMs });
  }

  private put(kind: string, key: string, fromMs: Instant, body: unknown): Write {
    const zone = this.zone.id;
    const row = { key, kind, zone, who: '', fromMs, body: canonical(body) };
    return { op: 'put', row: { table: 'forecast_data', ...row } };
  }
}

/** Whole hours of a forecast, as the zone's message carries them. */
export function byTheHour({ fromMs, load, pv, sites }: RegionForecast): DemandForecast {
  const perHour = HOUR_MS / QUARTER_MS;
  const startMs = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const first = (startMs - fromMs) / QUARTER_MS;
  const hours = Math.floor((load.length - first) / perHour);
  const bandsOf = (bands: SiteForecast['load']) => {
    const means = (of: 'lowW' | 'midW' | 'highW'): number[] =>
      Array.from({ length: hours }, (_, hour) => {
        const own = bands.slice(first + hour * perHour, first + (hour + 1) * perHour);
        return Math.round(own.reduce((sum, band) => sum + band[of], 0) / perHour);
      });
    return { lowW: means('lowW'), midW: means('midW'), highW: means('highW') };
  };
  return { fromMs: startMs, stepMs: HOUR_MS, sites, load: bandsOf(load), pv: bandsOf(pv) };
}

/** The most that sites are likely to take or give together within a day; nine of ten times less. */
export function likelyMost({ load, pv }: SiteForecast): { importW: number; exportW: number } {
  let [importW, exportW] = [0, 0];
  for (let n = 0; n < Math.min(load.length, DAY_MS / QUARTER_MS); n += 1) {
    const [use, sun] = [load[n], pv[n]];
    if (use === undefined || sun === undefined) continue;
    importW = Math.max(importW, use.highW - sun.lowW);
    exportW = Math.max(exportW, sun.highW - use.lowW);
  }
  return { importW: Math.round(importW), exportW: Math.round(exportW) };
}
