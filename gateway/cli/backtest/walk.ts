import { SeriesForecast, type SlotForecast } from '../../agents/forecasting/seasonal/series.ts';
import { loadExperts, seededStream, sunExperts } from '../../agents/forecasting/seasonal/sets.ts';
import type { Foretold } from '../../agents/planning/backtest/ours.ts';
import type { Losses, Recording } from '../../agents/planning/backtest/recording.ts';
import { HORIZON_HOURS } from '../../agents/planning/value/ahead.ts';
import { DAY_MS, HOUR_MS } from '../../contracts/values/time.ts';

const SEED = 1;

/**
 * The gateway's forecasts, walked once through a recording in order of time: at each step that is
 * asked for, what would have been said from all that came before it.
 */
export class ForecastWalk {
  private readonly recording: Recording;
  private readonly losses: Losses;
  private readonly load: SeriesForecast;
  private readonly pv: SeriesForecast | undefined;
  private readonly said = new Map<number, Foretold | undefined>();
  private next = 0;

  constructor(recording: Recording, losses: Losses) {
    const slots = DAY_MS / recording.stepMs;
    this.recording = recording;
    this.losses = losses;
    this.load = new SeriesForecast(slots, loadExperts(seededStream(SEED)));
    const hasSun = recording.pvWh.some((wh) => wh > 0);
    this.pv = hasSun ? new SeriesForecast(slots, sunExperts()) : undefined;
  }

  /** @returns undefined where nothing can be said yet */
  at(index: number): Foretold | undefined {
    if (this.said.has(index)) return this.said.get(index);
    for (; this.next < index; this.next += 1) this.observe(this.next);
    const count = (HORIZON_HOURS * HOUR_MS) / this.recording.stepMs;
    const load = this.load.issue(count);
    const pv = this.pv?.issue(count);
    const isKnown = [load, pv ?? load].every(
      (bands) => bands.length === count && bands.every(isTold),
    );
    const foretold = isKnown ? { load, pv } : undefined;
    this.said.set(index, foretold);
    return foretold;
  }

  private observe(index: number): void {
    const { clockMs, stepMs, loadWh, pvWh } = this.recording;
    const atMs = clockMs[index] ?? 0;
    const day = Math.floor(atMs / DAY_MS);
    const slot = Math.floor((atMs - day * DAY_MS) / stepMs);
    const isLost = this.losses.isMeterLost(index);
    this.load.observe(day, slot, isLost ? Number.NaN : (loadWh[index] ?? Number.NaN));
    this.pv?.observe(day, slot, isLost ? Number.NaN : (pvWh[index] ?? Number.NaN));
  }
}

const isTold = ({ low, mid, high }: SlotForecast): boolean => Number.isFinite(low + mid + high);
