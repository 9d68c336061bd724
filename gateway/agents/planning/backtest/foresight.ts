import type { LinearModel } from '../../../contracts/values/linear-model.ts';
import { HOUR_MS } from '../../../contracts/values/time.ts';
import type { Solver } from '../../../ports.ts';
import {
  knownSteps,
  meanImportNano,
  type Recording,
  type SiteRules,
  type Span,
} from './recording.ts';

const INF = Number.POSITIVE_INFINITY;
const LIMIT_MS = 120_000;
/** Where opposite flows would pay: how near to the bound, and how many nodes are searched. */
const EFFORT = { gapShare: 1e-3, nodesMax: 10 };
/** More of them are shares in place of choices: a bound that lies lower. */
const MOST_CHOICES = 1_500;
/** Columns of a step. */
const BUY = 0;
const SELL = 1;
const CHARGE = 2;
const DISCHARGE = 3;
const STORED = 4;
const IS_BUYING = 5;
const IS_CHARGING = 6;
const PER_STEP = 7;

/**
 * Least cost of a window for one who knew all of it, nano-currency: the bound of a linear programme
 * over its steps, so that no controller can be below. Where prices make it pay to buy and sell, or
 * to charge and discharge, at once, it is one or the other. undefined: the solver found no answer.
 */
export async function foresightNano(
  recording: Recording,
  rules: SiteRules,
  span: Span,
  solver: Solver,
): Promise<number | undefined> {
  const model = foresightModel(recording, rules, span);
  const solution = await solver.solve(model, LIMIT_MS, EFFORT);
  const isFound = solution.status === 'optimal' || solution.status === 'feasible';
  return isFound ? solution.bound * 1e9 : undefined;
}

/** Powers and energies in kW and kWh, money in units of the currency. */
function foresightModel(recording: Recording, rules: SiteRules, span: Span): LinearModel {
  const { store, demandNanoPerW } = rules;
  const steps = knownSteps(recording, span);
  const hours = recording.stepMs / HOUR_MS;
  const count = steps.length * PER_STEP + 2;
  const peak = count - 2;
  const short = count - 1;
  const cost = new Float64Array(count);
  const lower = new Float64Array(count);
  const upper = new Float64Array(count).fill(INF);
  const integer = new Uint8Array(count);
  const rows = new Rows();
  const draft = { upper, integer, rows };
  steps.forEach((index, n) => {
    const at = n * PER_STEP;
    const needWh = (recording.loadWh[index] ?? 0) - (recording.pvWh[index] ?? 0);
    const importNano = recording.importNanoPerWh[index] ?? 0;
    const exportNano = recording.exportNanoPerWh[index] ?? 0;
    cost[at + BUY] = importNano * 1e-6;
    cost[at + SELL] = -exportNano * 1e-6;
    const chargeKwh = (store.chargeMaxW * hours) / 1_000;
    const dischargeKwh = (store.dischargeMaxW * hours) / 1_000;
    upper[at + BUY] = Math.max(0, needWh / 1_000) + chargeKwh;
    upper[at + SELL] = Math.max(0, -needWh / 1_000) + dischargeKwh;
    upper[at + CHARGE] = chargeKwh;
    upper[at + DISCHARGE] = dischargeKwh;
    lower[at + STORED] = store.minWh / 1_000;
    upper[at + STORED] = store.maxWh / 1_000;
    apart(draft, at + BUY, at + SELL, at + IS_BUYING, exportNano > importNano);
    const isWasteful = Math.min(importNano, exportNano) < 0;
    apart(draft, at + CHARGE, at + DISCHARGE, at + IS_CHARGING, isWasteful);
    rows.add(needWh / 1_000, needWh / 1_000, [
      [at + BUY, 1],
      [at + SELL, -1],
      [at + CHARGE, -1],
      [at + DISCHARGE, 1],
    ]);
    const startKwh = n === 0 ? rules.startWh / 1_000 : 0;
    rows.add(startKwh, startKwh, [
      ...(n === 0 ? [] : [[at - PER_STEP + STORED, -1] as const]),
      [at + CHARGE, -store.chargeShare],
      [at + DISCHARGE, 1 / store.dischargeShare],
      [at + STORED, 1],
    ]);
    if (demandNanoPerW > 0) {
      rows.add(-INF, 0, [
        [at + BUY, 1],
        [peak, -hours],
      ]);
    }
  });
  cost[peak] = demandNanoPerW * 1e-6;
  cost[short] = (meanImportNano(recording, span) * 1e-6) / store.chargeShare;
  upper[short] = Math.max(0, rules.endWh - store.minWh) / 1_000;
  const lastStored = (steps.length - 1) * PER_STEP + STORED;
  rows.add(rules.endWh / 1_000, INF, [
    [lastStored, 1],
    [short, 1],
  ]);
  const choices = integer.reduce((sum, one) => sum + one, 0);
  if (choices > MOST_CHOICES) integer.fill(0);
  return { columns: count, cost, lower, upper, integer, ...rows.csr() };
}

interface Draft {
  readonly upper: Float64Array;
  readonly integer: Uint8Array;
  readonly rows: Rows;
}

/** One of two flows at a time, each up to its bound, where `isNeeded`. @param which  1 = either */
function apart(
  { upper, integer, rows }: Draft,
  either: number,
  or: number,
  which: number,
  isNeeded: boolean,
): void {
  upper[which] = isNeeded ? 1 : 0;
  integer[which] = isNeeded ? 1 : 0;
  if (!isNeeded) return;
  const orMost = upper[or] ?? 0;
  rows.add(-INF, 0, [
    [either, 1],
    [which, -(upper[either] ?? 0)],
  ]);
  rows.add(-INF, orMost, [
    [or, 1],
    [which, orMost],
  ]);
}

class Rows {
  private readonly lower: number[] = [];
  private readonly upper: number[] = [];
  private readonly start: number[] = [0];
  private readonly columns: number[] = [];
  private readonly values: number[] = [];

  add(lower: number, upper: number, terms: readonly (readonly [number, number])[]): void {
    for (const [column, value] of terms) {
      this.columns.push(column);
      this.values.push(value);
    }
    this.start.push(this.values.length);
    this.lower.push(lower);
    this.upper.push(upper);
  }

  csr() {
    return {
      rows: this.lower.length,
      rowLower: Float64Array.from(this.lower),
      rowUpper: Float64Array.from(this.upper),
      rowStart: Int32Array.from(this.start),
      columnIndex: Int32Array.from(this.columns),
      value: Float64Array.from(this.values),
    };
  }
}
