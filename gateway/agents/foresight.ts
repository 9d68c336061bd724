import type { ZoneForecast } from '../contracts/messages.ts';
import type { Image } from '../contracts/values/image.ts';
import type { HorizonScore, SiteForecast } from '../contracts/values/outlook.ts';
import type { Site } from '../contracts/values/site.ts';
import { type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import { Forecaster, type Quarter } from './forecasting/forecaster.ts';
import { HorizonScores } from './forecasting/horizon-scores.ts';
import { shiftSentence } from './forecasting/level-watch.ts';
import { localSlot } from './forecasting/site-series.ts';
import type { Weather } from './forecasting/sources/open-meteo.ts';
import { LastMinutes } from './last-minutes.ts';
import type { Places } from './places.ts';
import type { QuarterBook } from './quarters.ts';

const ISSUED_STEPS = 192; // 48 hours; a plan rests on the first of them

/** A site's forecast of itself: taught, issued for two days, and scored as it was issued. */
export class Foresight {
  private readonly timeZone: string;
  private readonly forecaster: Forecaster;
  private readonly lastMinutes: LastMinutes;
  private readonly scores = new HorizonScores();
  private readonly waiting = new Set<Instant>(); // quarter-hours not told to the forecaster yet
  private told = 0; // newest quarter-hour that the forecaster has
  private hasLoad: boolean; // somebody has measured it, or there is none

  constructor({ place }: Site, places: Places) {
    this.timeZone = place.timeZone;
    this.hasLoad = places.base.length === 0;
    this.lastMinutes = new LastMinutes(places);
    this.forecaster = new Forecaster({
      latitudeDeg: place.latitudeDeg,
      longitudeDeg: place.longitudeDeg,
      timeZone: place.timeZone,
      pvRatedW: places.pvRatedW,
      loadRatedW: places.loadRatedW,
      holidays: places.connection.tariff.holidays,
    });
  }

  /** A small step of what is to be learnt. @returns whether there was one */
  work(): boolean {
    return this.forecaster.work();
  }

  weather(message: ZoneForecast): void {
    this.forecaster.weather(message);
  }

  lacksWeather(nowMs: Instant): boolean {
    return this.forecaster.lacksWeather(nowMs);
  }

  lacksPastWeather(nowMs: Instant): boolean {
    return this.forecaster.lacksPastWeather(nowMs);
  }

  /** Of the last days, told afterwards. */
  pastWeather(weather: Weather, nowMs: Instant): void {
    this.forecaster.pastWeather(weather, nowMs);
  }

  see(image: Image): void {
    this.lastMinutes.see(image);
  }

  /** Quarter-hours whose records came; each is learnt from when a later one begins. */
  changed(startsMs: readonly Instant[]): void {
    for (const fromMs of startsMs) if (fromMs > this.told) this.waiting.add(fromMs);
  }

  /** A quarter-hour of long ago, in order of time. */
  remember(quarter: Quarter): void {
    this.hasLoad ||= quarter.loadW !== undefined;
    this.forecaster.remember(quarter);
  }

  /** A forecast that was issued before a restart. */
  recall(forecast: SiteForecast): void {
    this.scores.issued(forecast);
  }

  /** The forecast of the next 48 hours, with all that is measured until now. */
  issue(nowMs: Instant, quarters: QuarterBook): SiteForecast {
    this.learn(nowMs, quarters);
    const forecast = this.forecaster.issue(nowMs, ISSUED_STEPS, this.lastMinutes.at(nowMs));
    this.scores.issued(forecast);
    return forecast;
  }

  /** Whether anything can be said of the load: a forecast of nothing is none. */
  isKnown(nowMs: Instant): boolean {
    return this.hasLoad || this.lastMinutes.at(nowMs).loadW !== undefined;
  }

  /** How far the forecasts of a day were off, by how far ahead they looked. */
  scoresOf(dayFromMs: Instant): HorizonScore[] {
    return this.scores.of(localSlot(dayFromMs, this.timeZone).day);
  }

  /** What has changed at the site since yesterday and since the last call, with the evidence. */
  news(nowMs: Instant): string[] {
    const today = localSlot(nowMs, this.timeZone).day;
    const found = this.forecaster.levelShifts().filter(({ foundDay }) => foundDay >= today - 1);
    return found.map((shift) => shiftSentence(shift));
  }

  /** Tells the forecaster of every quarter-hour that is over, in order. */
  private learn(nowMs: Instant, quarters: QuarterBook): void {
    const runningMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    for (const fromMs of [...this.waiting].sort((a, b) => a - b)) {
      if (fromMs >= runningMs) continue;
      this.waiting.delete(fromMs);
      if (fromMs <= this.told) continue;
      const quarter = quarters.forForecast(fromMs);
      this.hasLoad ||= quarter.loadW !== undefined;
      this.forecaster.observe(quarter);
      this.scores.observe(quarter, localSlot(fromMs, this.timeZone).day);
      this.told = fromMs;
    }
  }
}
