import {
  backtest,
  type Forecasting,
  type RecordedSeries,
  type Score,
} from '../agents/forecasting/backtest.ts';
import { PriceForecast } from '../agents/forecasting/price/price.ts';
import { SeriesForecast } from '../agents/forecasting/seasonal/series.ts';
import { loadExperts, seededStream, sunExperts } from '../agents/forecasting/seasonal/sets.ts';
import { chosenSites, type Dataset, openDataset } from '../config/dataset.ts';
import type { DatasetRows } from '../config/dataset-rows.ts';
import { Fault } from '../contracts/values/fault.ts';
import { DAY_MS, HOUR_MS } from '../contracts/values/time.ts';
import { print, printJson, table, tell } from './output.ts';

export interface ForecastOptions {
  readonly site?: readonly string[];
  readonly json?: boolean;
}

const COLUMNS = { load: 'load_kwh', pv: 'pv_kwh' } as const;
const VARIABLES = ['load', 'pv', 'price'] as const;
type Variable = (typeof VARIABLES)[number];
/** A price of the wholesale market, and what was foretold of its day (not the tariff of a site). */
const PRICE = /^price_[a-z]+_mwh$/;
const OUTLOOK = /_forecast_mw$/;
const HORIZONS_H = [1, 4, 12, 24];
const HISTORY_SHARE = 0.75; // of a recording that names no start of its test
const SEED = 1;
const LEAST_DAYS = 28;

interface Scored {
  readonly site: string;
  readonly variable: Variable;
  readonly score: Score;
}

/**
 * `edgewatt forecast PATH`: the gateway's forecasts from history alone, over a folder of
 * recordings, scored as they would have been issued.
 */
export function forecast(dir: string, options: ForecastOptions): void {
  const names = new Set<string>(Object.values(COLUMNS));
  const wanted = (column: string): boolean =>
    names.has(column) || PRICE.test(column) || OUTLOOK.test(column);
  const dataset = openDataset(dir, wanted);
  const scored: Scored[] = [];
  for (const site of chosenSites(dataset, dir, options.site ?? [])) {
    const rows = site.read();
    for (const variable of VARIABLES) {
      const series = variable === 'price' ? pricesOf(rows) : seriesOf(rows, COLUMNS[variable]);
      if (series === undefined) continue;
      const what = `${site.id} ${variable}`;
      scored.push({
        site: site.id,
        variable,
        score: scoreOf(variable, series, dataset, rows, what),
      });
    }
  }
  if (scored.length === 0) {
    throw new Fault(
      'no column to forecast',
      dir,
      `name one of them ${Object.values(COLUMNS).join(', ')} or price_eur_mwh`,
    );
  }
  if (options.json === true) printJson(jsonOf(dataset.set, scored));
  else print(tableOf(scored));
}

/** Mean powers in kW; undefined where the column lacks or is zero throughout. */
function seriesOf(rows: DatasetRows, column: string): RecordedSeries | undefined {
  const energies = rows.columns.get(column);
  if (energies === undefined || !energies.some((kwh) => kwh > 0)) return undefined;
  const perHour = HOUR_MS / rows.stepMs;
  return {
    slots: DAY_MS / rows.stepMs,
    clockMs: rows.clockMs,
    values: energies.map((kwh) => kwh * perHour),
  };
}

function scoreOf(
  variable: Variable,
  series: RecordedSeries,
  dataset: Dataset,
  rows: DatasetRows,
  what: string,
): Score {
  const { clockMs, name } = rows;
  const firstMs = clockMs[0] ?? 0;
  const lastMs = clockMs.at(-1) ?? firstMs;
  const testFromMs = dataset.testFromMs ?? firstMs + HISTORY_SHARE * (lastMs - firstMs);
  if (testFromMs - firstMs < LEAST_DAYS * DAY_MS || lastMs - testFromMs < DAY_MS) {
    throw new Fault(
      `less than ${LEAST_DAYS} days of history, or less than a day to score`,
      name,
      'give a longer recording, or correct forecast_test_start in meta.json',
    );
  }
  let told = 0;
  const progress = (share: number): void => {
    if (share < told + 0.1) return;
    told = share;
    tell(`forecast: ${what}, ${Math.round(share * 100)} %`);
  };
  if (variable === 'price') {
    const score = backtest(series, priceForecast(rows), { testFromMs, horizonsH: [], progress });
    return { ...score, horizons: { '24h': score.maeShare } }; // the auction of tomorrow is one lead
  }
  const experts = variable === 'load' ? loadExperts(seededStream(SEED)) : sunExperts();
  const forecasting = new SeriesForecast(series.slots, experts);
  return backtest(series, forecasting, { testFromMs, horizonsH: HORIZONS_H, progress });
}

function pricesOf(rows: DatasetRows): RecordedSeries | undefined {
  const column = [...rows.columns.keys()].find((name) => PRICE.test(name));
  const values = column === undefined ? undefined : rows.columns.get(column);
  if (values === undefined) return undefined;
  return { slots: DAY_MS / rows.stepMs, clockMs: rows.clockMs, values };
}

/** With what was foretold of each day; all of it was known the day before. */
function priceForecast({ columns, clockMs, stepMs }: DatasetRows): Forecasting {
  const outlooks = [...columns].filter(([name]) => OUTLOOK.test(name)).map(([, values]) => values);
  const model = new PriceForecast(DAY_MS / stepMs, outlooks.length);
  let next = 0;
  return {
    begin: (day) => {
      for (; next < clockMs.length && (clockMs[next] ?? 0) < (day + 1) * DAY_MS; next += 1) {
        const atMs = clockMs[next] ?? 0;
        const foretold = outlooks.map((values) => values[next] ?? Number.NaN);
        const of = Math.floor(atMs / DAY_MS);
        model.foretell(of, (atMs - of * DAY_MS) / stepMs, foretold);
      }
      model.open(day);
    },
    observe: (day, slot, value) => model.observe(day, slot, value),
    issue: (count) => model.issue(count),
  };
}

const rounded = (value: number): number | null =>
  Number.isFinite(value) ? Math.round(value * 10_000) / 10_000 : null;

/** Means over the sites, every site counting the same. */
function jsonOf(set: string, scored: readonly Scored[]): object {
  const variables: Record<string, object> = {};
  for (const variable of VARIABLES) {
    const scores = scored.filter((one) => one.variable === variable).map(({ score }) => score);
    if (scores.length === 0) continue;
    const mean = (of: (score: Score) => number): number | null =>
      rounded(scores.reduce((sum, score) => sum + of(score), 0) / scores.length);
    variables[variable] = {
      nMAE: mean((score) => score.maeShare),
      MAE: mean((score) => score.maeValue),
      MASE: mean((score) => score.maseRatio),
      pinball: mean((score) => score.pinballValue),
      coverage80: mean((score) => score.coverageShare),
      horizons: Object.fromEntries(
        Object.keys(scores[0]?.horizons ?? {}).map((ahead) => [
          ahead,
          mean((score) => score.horizons[ahead] ?? Number.NaN),
        ]),
      ),
    };
  }
  return { set, variables };
}

function tableOf(scored: readonly Scored[]): string {
  const ahead = HORIZONS_H.map((hours) => `${hours} h`);
  const head = ['site', 'of', 'nMAE', 'MAE', 'MASE', 'pinball', 'in band', ...ahead];
  const cell = (value: number, digits = 3): string =>
    Number.isFinite(value) ? value.toFixed(digits) : '-';
  const rows = scored.map(({ site, variable, score }) => [
    site,
    variable,
    cell(score.maeShare),
    cell(score.maeValue),
    cell(score.maseRatio, 2),
    cell(score.pinballValue),
    `${cell(100 * score.coverageShare, 1)} %`,
    ...HORIZONS_H.map((hours) => cell(score.horizons[`${hours}h`] ?? Number.NaN)),
  ]);
  return table([head, ...rows]);
}
