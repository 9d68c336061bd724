import { table } from '../output.ts';
import {
  abovePct,
  type ControllerName,
  costOf,
  fromOf,
  type Score,
  scoreOf,
  type WindowResult,
} from './score.ts';

export interface BacktestResult {
  readonly set: string;
  readonly currency: string;
  readonly names: readonly ControllerName[]; // those that were asked for
  readonly windows: WindowResult[];
  readonly decisionsMs: number[];
  readonly fallbacks: {
    noForecasts: number; // decisions of ours that self-consumption took
    meterLost: number; // steps in which no meter was seen
    feedLost: number; // steps without price feed
    limitsUnsolved: number; // windows
    unknownSteps: number; // energy or price not recorded
  };
}

const rounded = (value: number | undefined, digits = 4): number | null =>
  value === undefined ? null : Number(value.toFixed(digits));

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export function jsonOf({ set, currency, names, windows, decisionsMs, fallbacks }: BacktestResult) {
  const scores = (results: readonly WindowResult[]): object =>
    Object.fromEntries(names.map((name) => [name, plain(scoreOf(results, name))]));
  return {
    set,
    siteWindows: windows.length,
    currency,
    controllers: scores(windows),
    aboveBestRulePct: rounded(abovePct(windows)),
    perWindow: windows.map((one) => ({
      site: one.site,
      from: fromOf(one),
      hours: one.hours,
      unknownSteps: one.unknownSteps,
      aboveBestRulePct: rounded(abovePct([one])),
      controllers: scores([one]),
    })),
    msPerDecision: {
      p50: rounded(quantile(decisionsMs, 0.5), 3),
      p99: rounded(quantile(decisionsMs, 0.99), 3),
    },
    fallbacks,
  };
}

const plain = ({ costValue, grossValue, ...more }: Score): object => {
  const all = { cost: costValue, gross: grossValue, ...more };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, rounded(value)]));
};

/** A line a site and window with the costs, then a line a controller with the sums. */
export function tableOf(result: BacktestResult): string {
  const { windows, names, currency, decisionsMs } = result;
  const cell = (value: number | undefined, digits = 2): string =>
    value === undefined ? '-' : value.toFixed(digits);
  const each = windows.map((one) => [
    one.site,
    fromOf(one),
    ...names.map((name) => cell(costOf([one], name))),
    ...(names.includes('ours') ? [cell(scoreOf([one], 'ours').capturedPct, 1)] : []),
  ]);
  const tail = names.includes('ours') ? ['captured %'] : [];
  const sums = names.map((name) => {
    const score = scoreOf(windows, name);
    return [
      name,
      cell(score.costValue),
      cell(score.reductionPct, 1),
      cell(score.reductionOfGrossPct, 1),
      cell(score.capturedPct, 1),
      cell(score.peakKw),
      cell(score.peakChangePct, 1),
      cell(score.equivalentCycles, 1),
    ];
  });
  const head = [
    'controller',
    currency,
    'saved %',
    'of gross %',
    'captured %',
    'peak kW',
    'peak %',
    'cycles',
  ];
  const above = abovePct(windows);
  const p50 = quantile(decisionsMs, 0.5);
  return [
    table([['site', 'from', ...names, ...tail], ...each]),
    '',
    table([head, ...sums]),
    ...(above === undefined
      ? []
      : ['', `ours against the best plain rule: ${cell(above, 2)} % of the gross bill`]),
    ...(p50 === undefined
      ? []
      : [`a decision: ${cell(p50, 1)} ms, p99 ${cell(quantile(decisionsMs, 0.99), 1)} ms`]),
  ].join('\n');
}
