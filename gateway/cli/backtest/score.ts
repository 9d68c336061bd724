import type { WindowRun } from '../../agents/planning/backtest/simulate.ts';
import { isoMinute } from '../../contracts/values/stamp.ts';

export const CONTROLLERS = ['none', 'self', 'tou', 'ours', 'limit', 'fixed'] as const;
export type ControllerName = (typeof CONTROLLERS)[number];

/** A site in one window under each controller; perfect foresight is a cost alone. */
export interface WindowResult {
  readonly site: string;
  readonly fromMs: number; // by the local clock
  readonly hours: number;
  readonly unknownSteps: number; // energy or price not recorded: not counted for anybody
  readonly runs: Readonly<Partial<Record<ControllerName, WindowRun>>>;
  readonly capacityWh: number;
  readonly limitNano: number | undefined; // undefined: no answer of the solver
}

/** Sums over windows; undefined where a part is not known. */
export interface Score {
  readonly costValue: number | undefined; // in the currency
  readonly grossValue: number; // of the load alone
  readonly reductionPct: number | undefined; // against no battery
  readonly reductionOfGrossPct: number | undefined;
  readonly capturedPct: number | undefined; // of what perfect foresight saves
  readonly peakKw: number | undefined; // mean of the windows' highest import
  readonly peakChangePct: number | undefined; // mean of the changes against no battery
  readonly equivalentCycles: number | undefined;
}

const NANO = 1e9;
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length;
const share = (part: number, of: number): number | undefined =>
  Math.abs(of) < 1e-9 ? undefined : (100 * part) / of;

/** Cost of a controller over windows, in the currency; undefined where one of them is not known. */
export function costOf(results: readonly WindowResult[], name: ControllerName): number | undefined {
  const costs = results.map(({ runs, limitNano }) =>
    name === 'limit' ? limitNano : runs[name]?.costNano,
  );
  const known = costs.filter((cost) => cost !== undefined);
  return known.length === results.length ? sum(known) / NANO : undefined;
}

export function scoreOf(results: readonly WindowResult[], name: ControllerName): Score {
  const cost = costOf(results, name);
  const none = costOf(results, 'none') ?? 0;
  const limit = costOf(results, 'limit');
  const gross = sum(results.map(({ runs }) => runs.none?.grossNano ?? 0)) / NANO;
  const runs = results.flatMap((result) => {
    const run = result.runs[name];
    return run === undefined ? [] : [{ ...run, result }];
  });
  const changes = runs.flatMap(
    ({ peakW, result }) =>
      share(peakW - (result.runs.none?.peakW ?? 0), result.runs.none?.peakW ?? 0) ?? [],
  );
  const cycles = runs.map(({ throughputWh, result }) => throughputWh / result.capacityWh);
  return {
    costValue: cost,
    grossValue: gross,
    reductionPct: cost === undefined ? undefined : share(none - cost, none),
    reductionOfGrossPct: cost === undefined ? undefined : share(none - cost, gross),
    capturedPct:
      cost === undefined || limit === undefined ? undefined : share(none - cost, none - limit),
    peakKw: mean(runs.map(({ peakW }) => peakW / 1_000)),
    peakChangePct: mean(changes),
    equivalentCycles: runs.length === 0 ? undefined : sum(cycles),
  };
}

/** Cost above the cheapest of the plain rules that ran, percent of the gross bill; <= 0: none. */
export function abovePct(results: readonly WindowResult[]): number | undefined {
  const ours = costOf(results, 'ours');
  const rules = (['none', 'self', 'tou'] as const).map((name) => costOf(results, name));
  const known = rules.filter((cost) => cost !== undefined);
  if (ours === undefined || known.length < rules.length) return undefined;
  return share(ours - Math.min(...known), scoreOf(results, 'none').grossValue);
}

export const fromOf = ({ fromMs }: WindowResult): string => isoMinute(fromMs).slice(0, 16);
