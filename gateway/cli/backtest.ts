import { writeFileSync } from 'node:fs';
import { createSolverInProcess } from '../adapters/solver/solver.ts';
import { seededStream } from '../agents/forecasting/seasonal/sets.ts';
import { foresightNano } from '../agents/planning/backtest/foresight.ts';
import { minutesOf } from '../agents/planning/backtest/minutes.ts';
import { ours } from '../agents/planning/backtest/ours.ts';
import { isKnown, type Losses } from '../agents/planning/backtest/recording.ts';
import { none, priceRule, selfConsumption } from '../agents/planning/backtest/rules.ts';
import { type Controller, simulate, type WindowRun } from '../agents/planning/backtest/simulate.ts';
import { chosenSites, openDataset } from '../config/dataset.ts';
import { parseSpan, readDispatch } from '../config/dispatch.ts';
import { Fault } from '../contracts/values/fault.ts';
import { HOUR_MS } from '../contracts/values/time.ts';
import type { Solver } from '../ports.ts';
import { plotOf } from './backtest/plot.ts';
import { COLUMNS, lossesOf, type RecordedSite, recordedSite } from './backtest/recorded.ts';
import { type BacktestResult, jsonOf, tableOf } from './backtest/report.ts';
import { CONTROLLERS, type ControllerName, type WindowResult } from './backtest/score.ts';
import { ForecastWalk } from './backtest/walk.ts';
import { print, printJson, tell } from './output.ts';

export interface BacktestOptions {
  readonly site?: readonly string[];
  readonly windows?: string;
  readonly controller?: readonly string[];
  readonly dropRows?: string;
  readonly dropPrice?: string;
  readonly keepPeak?: boolean;
  readonly byMinute?: boolean;
  readonly plot?: string;
  readonly json?: boolean;
}

const ALL: readonly ControllerName[] = ['none', 'self', 'tou', 'ours', 'limit'];

/**
 * `edgewatt backtest PATH`: the gateway's forecast, plan and rule for the step, in closed loop over
 * a folder of recordings, beside plain rules and perfect foresight.
 */
export async function backtest(dir: string, options: BacktestOptions): Promise<void> {
  const result = await backtested(dir, options);
  if (options.plot !== undefined) save(options.plot, plotOf(result));
  if (options.json === true) printJson(jsonOf(result));
  else print(tableOf(result));
}

/** @throws Fault in one line */
export async function backtested(dir: string, options: BacktestOptions): Promise<BacktestResult> {
  const names = controllersOf(options.controller ?? []);
  const rowsPct = amountOf(options.dropRows, '--drop-rows', 100);
  const feedHours = amountOf(options.dropPrice, '--drop-price', 24 * 31);
  const asked = options.windows ?? 'meta';
  const span = asked === 'meta' ? undefined : parseSpan(asked);
  const dataset = openDataset(dir, (column) => COLUMNS.some((name) => name === column));
  const dispatch = readDispatch(dir);
  const windows = span === undefined ? dispatch.windows : [span];
  if (windows.length === 0) {
    throw new Fault('meta.json names no windows', dir, 'name one: --windows FROM..TO');
  }
  const solver = await createSolverInProcess();
  const result: BacktestResult = {
    set: dispatch.set,
    currency: dispatch.currency,
    names,
    windows: [],
    decisionsMs: [],
    fallbacks: { noForecasts: 0, meterLost: 0, feedLost: 0, limitsUnsolved: 0, unknownSteps: 0 },
  };
  const kept = { isPeakKept: options.keepPeak === true, isByMinute: options.byMinute === true };
  // All are read before the first is run: what is wrong with one is said at once.
  const sites = chosenSites(dataset, dir, options.site ?? []).map(({ id, read }) =>
    recordedSite(id, read(), dispatch, windows),
  );
  for (const site of sites) {
    const losses = lossesOf(site.recording, site.spans, rowsPct, feedHours);
    await runSite({ ...site, ...kept, losses }, names, solver, result);
  }
  return result;
}

function controllersOf(asked: readonly string[]): readonly ControllerName[] {
  if (asked.length === 0) return ALL;
  return asked.map((name) => {
    const known = CONTROLLERS.find((one) => one === name);
    if (known !== undefined) return known;
    throw new Fault(
      `no controller '${name}'`,
      '--controller',
      `name one of: ${CONTROLLERS.join(', ')}`,
    );
  });
}

function amountOf(text: string | undefined, option: string, most: number): number {
  const amount = Number(text ?? '0');
  if (text?.trim() !== '' && amount >= 0 && amount <= most) return amount;
  throw new Fault(`'${text}' is no number from 0 to ${most}`, option, 'write one, such as 5');
}

function save(file: string, svg: string): void {
  try {
    writeFileSync(file, svg);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new Fault(`cannot be written (${code})`, file, 'name a file in an existing folder');
  }
}

interface BacktestedSite extends RecordedSite {
  readonly losses: Losses;
  readonly isPeakKept: boolean;
  readonly isByMinute: boolean;
}

/** Spreads the steps' numbers, so that the minutes of neighbours have nothing in common. */
const MINUTE_SEED = 0x9e3779b1;

async function runSite(
  { id, recording, rules, spans, losses, isPeakKept, isByMinute }: BacktestedSite,
  names: readonly ControllerName[],
  solver: Solver,
  result: BacktestResult,
): Promise<void> {
  const walk = new ForecastWalk(recording, losses);
  const setup = {
    recording,
    rules,
    losses,
    spans,
    isPeakKept,
    foretell: (index: number) => walk.at(index),
    onFallback: () => {
      result.fallbacks.noForecasts += 1;
    },
  };
  const controllers: Readonly<Partial<Record<ControllerName, Controller>>> = {
    none,
    self: selfConsumption,
    tou: priceRule(recording, rules, losses),
    ours: timed(ours(setup), result.decisionsMs),
    fixed: ours(setup, true),
  };
  const partsOf = isByMinute
    ? minutesOf(recording, (index) => seededStream(Math.imul(index + 1, MINUTE_SEED)))
    : undefined;
  for (const [n, span] of spans.entries()) {
    const runs: Partial<Record<ControllerName, WindowRun>> = {};
    for (const name of new Set<ControllerName>(['none', ...names])) {
      const controller = controllers[name];
      if (controller === undefined) continue;
      runs[name] = simulate(recording, rules, span, losses, controller, partsOf);
    }
    const limitNano = await foresightNano(recording, rules, span, solver);
    if (limitNano === undefined) result.fallbacks.limitsUnsolved += 1;
    const window: WindowResult = {
      site: id,
      fromMs: recording.clockMs[span.fromIndex] ?? 0,
      hours: ((span.untilIndex - span.fromIndex) * recording.stepMs) / HOUR_MS,
      unknownSteps: count(span, (index) => !isKnown(recording, index)),
      runs,
      capacityWh: rules.capacityWh,
      limitNano,
    };
    result.windows.push(window);
    result.fallbacks.unknownSteps += window.unknownSteps;
    countLosses(span, losses, result);
    tell(`backtest: ${id}, window ${n + 1} of ${spans.length}`);
  }
}

type Indices = { readonly fromIndex: number; readonly untilIndex: number };

function count({ fromIndex, untilIndex }: Indices, is: (index: number) => boolean): number {
  let found = 0;
  for (let index = fromIndex; index < untilIndex; index += 1) if (is(index)) found += 1;
  return found;
}

function countLosses(span: Indices, losses: Losses, { fallbacks }: BacktestResult): void {
  fallbacks.meterLost += count(span, losses.isMeterLost);
  fallbacks.feedLost += count(span, (index) => Number.isFinite(losses.feedLostFrom(index)));
}

/** Forecast and plan of each step; the rule within it costs nothing beside them. */
function timed(controller: Controller, decisionsMs: number[]): Controller {
  return (start) => {
    const fromMs = performance.now();
    const answer = controller(start);
    decisionsMs.push(performance.now() - fromMs);
    return answer;
  };
}
