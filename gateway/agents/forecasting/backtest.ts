import type { SlotForecast } from './seasonal/series.ts';

/** What is scored: told each slot as it came, it says the next ones. */
export interface Forecasting {
  /** A local day begins: what others foretell of it is known. */
  begin?(day: number): void;
  /** @param value  NaN where it is not known */
  observe(day: number, slot: number, value: number): void;
  issue(count: number): readonly SlotForecast[];
}

/** A recorded series by the local clock, in order of time. */
export interface RecordedSeries {
  readonly slots: number; // of a day, a multiple of 24
  readonly clockMs: readonly number[]; // start of a slot, fields of the local clock as if UTC
  readonly values: readonly number[]; // mean of the slot; NaN is not known
}

export interface BacktestSetup {
  readonly testFromMs: number; // by the local clock: scored from here on, all before is history
  readonly horizonsH: readonly number[];
  readonly progress?: (share: number) => void;
}

/** Hourly means, issued at local midnight for the whole day; bands and pinball by slot. */
export interface Score {
  readonly maeShare: number; // MAE over the mean that came
  readonly maeValue: number; // in the unit of the series
  readonly maseRatio: number; // MAE over that of 'as yesterday' on the history
  readonly pinballValue: number; // mean over 10, 50 and 90 %
  readonly coverageShare: number; // share of the slots within the band; not where nothing was
  readonly horizons: Readonly<Record<string, number>>; // nMAE of that hour ahead, issued hourly
}

const DAY_MS = 86_400_000;
const CALM_SHARE = 0.005; // of the mean of a series
const QUANTILES = [
  ['low', 0.1],
  ['mid', 0.5],
  ['high', 0.9],
] as const;

class Sums {
  error = 0;
  actual = 0;
  hours = 0;

  add(actual: number, forecast: number): void {
    if (Number.isNaN(actual) || Number.isNaN(forecast)) return;
    this.error += Math.abs(actual - forecast);
    this.actual += Math.abs(actual);
    this.hours += 1;
  }

  /** NaN where nothing came. */
  get nMae(): number {
    return this.actual > 0 ? this.error / this.actual : Number.NaN;
  }
}

/** Walks once through a series; nothing is told before its time. */
export function backtest(
  series: RecordedSeries,
  forecasting: Forecasting,
  { testFromMs, horizonsH, progress }: BacktestSetup,
): Score {
  const { slots, clockMs, values } = series;
  const perHour = slots / 24;
  const day = new Sums();
  const horizons = horizonsH.map(() => new Sums());
  const level = mean(
    values.map((value) => Math.abs(value || 0)),
    values.length,
  );
  const bands = new Bands(CALM_SHARE * level);
  let begun = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i += 1) {
    const atMs = clockMs[i] ?? 0;
    const dayNumber = Math.floor(atMs / DAY_MS);
    const slot = Math.floor(((atMs - dayNumber * DAY_MS) * slots) / DAY_MS);
    if (dayNumber > begun) forecasting.begin?.(dayNumber);
    begun = Math.max(begun, dayNumber);
    if (atMs >= testFromMs && slot % perHour === 0) {
      const farH = slot === 0 ? 24 : Math.max(0, ...horizonsH);
      const forecast = forecasting.issue(farH * perHour);
      const hour = (ahead: number, to: Sums): void => {
        const fromAt = ahead * perHour;
        const said = forecast.slice(fromAt, fromAt + perHour).map(({ mid }) => mid);
        to.add(mean(values.slice(i + fromAt, i + fromAt + perHour), perHour), mean(said, perHour));
      };
      for (const [n, hours] of horizonsH.entries()) {
        const to = horizons[n];
        if (to !== undefined) hour(hours - 1, to);
      }
      if (slot === 0) {
        for (let ahead = 0; ahead < 24; ahead += 1) hour(ahead, day);
        for (let n = 0; n < slots; n += 1) bands.add(values[i + n] ?? Number.NaN, forecast[n]);
        progress?.(i / values.length);
      }
    }
    forecasting.observe(dayNumber, slot, values[i] ?? Number.NaN);
  }
  const mae = day.error / day.hours;
  return {
    maeShare: day.nMae,
    maeValue: mae,
    maseRatio: mae / naiveMae(series, testFromMs),
    pinballValue: bands.pinball / bands.count,
    coverageShare: bands.inside / bands.active,
    horizons: Object.fromEntries(horizonsH.map((h, n) => [`${h}h`, horizons[n]?.nMae ?? 0])),
  };
}

class Bands {
  private readonly calmLevel: number;
  pinball = 0;
  count = 0;
  inside = 0;
  active = 0;

  /** @param calmLevel  a forecast up to it says nothing */
  constructor(calmLevel: number) {
    this.calmLevel = calmLevel;
  }

  add(actual: number, said: SlotForecast | undefined): void {
    if (said === undefined || Number.isNaN(actual) || Number.isNaN(said.mid)) return;
    this.count += 1;
    for (const [which, quantile] of QUANTILES) {
      const over = actual - said[which];
      this.pinball += Math.max(quantile * over, (quantile - 1) * over) / QUANTILES.length;
    }
    if (actual === 0 && Math.abs(said.mid) <= this.calmLevel) return; // by night all are right
    this.active += 1;
    if (actual >= said.low && actual <= said.high) this.inside += 1;
  }
}

/** NaN where one is not known, or where there are fewer. */
function mean(values: readonly number[], count: number): number {
  if (values.length < count) return Number.NaN;
  return values.reduce((sum, value) => sum + value, 0) / count;
}

/** Error of 'as yesterday' on hourly means before the test, by which MASE is scaled. */
function naiveMae({ slots, clockMs, values }: RecordedSeries, testFromMs: number): number {
  const perHour = slots / 24;
  const sums = new Sums();
  for (let i = slots; i + perHour <= values.length; i += perHour) {
    if ((clockMs[i] ?? 0) >= testFromMs) break;
    const before = values.slice(i - slots, i - slots + perHour);
    sums.add(mean(values.slice(i, i + perHour), perHour), mean(before, perHour));
  }
  return sums.error / sums.hours;
}
