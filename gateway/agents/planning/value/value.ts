import {
  type Bounds,
  givesOf,
  type Levels,
  type Reach,
  reachOf,
  type ValueStore,
} from '../../../contracts/values/levels.ts';
import { levelsOf, type StepPrices } from './levels.ts';

/** What a step may ask of the store, and how likely: need of the site without it, + deficit. */
export interface Chance {
  readonly share: number;
  readonly needWh: number;
}

/** What is to be stored after a step. */
export interface StoredGoal {
  readonly leastWh: number;
  readonly missedNanoPerWh: number;
  readonly isEnd?: boolean; // of the last step: nothing counts after it
}

/**
 * A step as it may come. By kind of day (clear, usual, dull), a list of chances; `keepShare` of the
 * days keep their kind into the next step, the others draw a new one.
 */
export interface ValueStep extends StepPrices, Bounds {
  readonly hours: number;
  readonly chances: readonly (readonly Chance[])[];
  readonly keepShare: number;
  /** By kind of day, what the meter would show; absent: it says nothing of the kind. */
  readonly shown?: readonly ShownNeed[];
  /** What import beyond the most costs besides its price: a demand charge, a limit. */
  readonly overNanoPerWh?: number;
  /** What is to be stored after it, and what a Wh costs that is missing then. */
  readonly goal?: StoredGoal;
}

/** Need of a step on one kind of day, as a normal law. */
export interface ShownNeed {
  readonly needWh: number; // + deficit
  readonly spreadWh: number; // standard deviation, > 0
}

/** Kinds of days, as shares that sum to 1. */
export interface KindShares {
  readonly anyDay: readonly number[]; // where nothing is known
  readonly thisDay: readonly number[]; // by what it has shown so far
}

/** Worth of stored energy before each step, and what follows from it. */
export interface ValuePlan {
  readonly levels: readonly Levels[]; // by step
  /** Levels of a step on a day whose kind is known so far, as shares that sum to 1. */
  readonly levelsOn: (step: number, shares: readonly number[]) => Levels;
  readonly worthNanoPerWh: (step: number, nowWh: number) => number; // of one Wh more
}

const RUNGS = 40;
const END_SHARE = 0.7;

/** Cost to go by rung, nano-currency, for each kind of day. */
type Value = readonly Float64Array[];

interface Ladder {
  readonly store: ValueStore;
  readonly anyDay: readonly number[];
  readonly rungWh: number;
}

/**
 * Stochastic dynamic programming over the energy in the store, backwards from the end: what a Wh is
 * worth at each step if from there on all is done as well as can be, over everything that may come
 * (Bellman 1957; for storage: Lamont 2013). The end is worth what a day before it is worth: days
 * repeat. A last step whose goal is the end is worth that alone.
 * @param dailySteps  number of steps of a day; the last ones stand for the day after the horizon
 */
export function valuePlan(
  steps: readonly ValueStep[],
  store: ValueStore,
  { anyDay, thisDay }: KindShares,
  dailySteps: number,
): ValuePlan {
  const ladder: Ladder = { store, anyDay, rungWh: (store.maxWh - store.minWh) / RUNGS };
  const after: Value[] = new Array(steps.length);
  let value: Value = anyDay.map(() => new Float64Array(RUNGS + 1));
  if (steps.at(-1)?.goal?.isEnd !== true) {
    const mean = mixed(dayAfter(steps, dailySteps, ladder), anyDay);
    value = anyDay.map(() => mean);
  }
  for (let t = steps.length - 1; t >= 0; t -= 1) {
    value = reached(steps[t], value, ladder);
    after[t] = value;
    if (t > 0) value = before(steps[t], value, ladder);
  }
  const unknown = after.map((one, t) => mixed(one, t === 0 ? thisDay : anyDay));
  const worthAt = (t: number, rung: number): number => worthOf(unknown[t], rung, ladder);
  return {
    levels: steps.map((step, t) => levelsOf((rung) => worthAt(t, rung), RUNGS, store, step)),
    levelsOn: (t, shares) => {
      const step = steps[t];
      if (step === undefined) throw new RangeError('no such step');
      const { keepShare } = step;
      const then = shares.map(
        (one, kind) => keepShare * one + (1 - keepShare) * (anyDay[kind] ?? 0),
      );
      const costs = mixed(after[t] ?? [], then);
      return levelsOf((rung) => worthOf(costs, rung, ladder), RUNGS, store, step);
    },
    worthNanoPerWh: (t, nowWh) => {
      const rung = Math.floor((nowWh - store.minWh) / ladder.rungWh);
      return worthAt(t, Math.max(0, Math.min(RUNGS - 1, rung)));
    },
  };
}

/** What the last steps are worth once more: days repeat. */
function dayAfter(steps: readonly ValueStep[], dailySteps: number, ladder: Ladder): Value {
  let value = endValue(steps, ladder);
  for (const step of steps.slice(-dailySteps).reverse()) {
    value = before(step, reached(step, value, ladder), ladder);
  }
  return value;
}

/**
 * At the very end a Wh is worth most of the mean price, what is sold where nothing is ever needed:
 * only the first pass sees it.
 */
function endValue(steps: readonly ValueStep[], { store, anyDay, rungWh }: Ladder): Value {
  const isNeeded = steps.some(({ chances }) =>
    chances.some((kind) => kind.some(({ needWh }) => needWh > 0)),
  );
  const sum = steps.reduce((nano, { importNanoPerWh, exportNanoPerWh }) => {
    const soldNano = Math.max(0, Math.min(importNanoPerWh, exportNanoPerWh));
    return nano + (isNeeded ? importNanoPerWh : soldNano);
  }, 0);
  const worth = (END_SHARE * store.dischargeShare * sum) / Math.max(1, steps.length);
  return anyDay.map(() => Float64Array.from({ length: RUNGS + 1 }, (_, n) => -worth * n * rungWh));
}

/** After a step that has a goal: what misses it costs. */
function reached(step: ValueStep | undefined, value: Value, { store, rungWh }: Ladder): Value {
  if (step?.goal === undefined) return value;
  const { leastWh, missedNanoPerWh } = step.goal;
  const missedNano = (n: number): number =>
    Math.max(0, leastWh - store.minWh - n * rungWh) * missedNanoPerWh;
  return value.map((one) => one.map((nano, n) => nano + missedNano(n)));
}

/** Mean over the kinds of a day. */
function mixed(value: Value, shares: readonly number[]): Float64Array {
  const sum = new Float64Array(RUNGS + 1);
  value.forEach((one, kind) => {
    const share = shares[kind] ?? 0;
    for (let rung = 0; rung <= RUNGS; rung += 1) {
      sum[rung] = (sum[rung] ?? 0) + share * (one[rung] ?? 0);
    }
  });
  return sum;
}

const worthOf = (value: Float64Array | undefined, rung: number, { rungWh }: Ladder): number =>
  ((value?.[rung] ?? 0) - (value?.[rung + 1] ?? 0)) / rungWh;

/** One step back. */
function before(step: ValueStep | undefined, value: Value, ladder: Ladder): Value {
  if (step === undefined) return value;
  const { chances, keepShare } = step;
  const mean = mixed(value, ladder.anyDay);
  const costsOf = (one: Float64Array, kind: number): Float64Array => {
    const then = new Float64Array(RUNGS + 1);
    for (let rung = 0; rung <= RUNGS; rung += 1) {
      then[rung] = keepShare * (one[rung] ?? 0) + (1 - keepShare) * (mean[rung] ?? 0);
    }
    return expected(step, chances[kind] ?? [], then, ladder);
  };
  const isAlike = keepShare === 0 && chances.every((one) => one === chances[0]); // by night
  if (!isAlike) return value.map(costsOf);
  const costs = costsOf(mean, 0);
  return value.map(() => costs);
}

/** Cost of a step and all later ones, by rung, over its chances. */
function expected(
  step: ValueStep,
  chances: readonly Chance[],
  then: Float64Array,
  ladder: Ladder,
): Float64Array {
  const { store, rungWh } = ladder;
  const levels = levelsOf((rung) => worthOf(then, rung, ladder), RUNGS, store, step);
  const costs = new Float64Array(RUNGS + 1);
  for (let rung = 0; rung <= RUNGS; rung += 1) {
    const reach = reachOf(levels, store.minWh + rung * rungWh, store, step.hours);
    let costNano = 0;
    for (const { share, needWh } of chances) {
      costNano += share * costOf(step, needWh, rung, reach, then, ladder);
    }
    costs[rung] = costNano;
  }
  return costs;
}

function costOf(
  step: ValueStep,
  needWh: number,
  rung: number,
  reach: Reach,
  then: Float64Array,
  { store, rungWh }: Ladder,
): number {
  const { mostImportWh = Number.POSITIVE_INFINITY, mostExportWh = Number.POSITIVE_INFINITY } = step;
  const givesWh = givesOf(reach, needWh, step);
  const movedWh = givesWh > 0 ? givesWh / store.dischargeShare : -givesWh * store.chargeShare;
  const gridWh = Math.max(needWh - givesWh, -mostExportWh); // the sun is held back
  let nano = gridWh * (gridWh > 0 ? step.importNanoPerWh : step.exportNanoPerWh);
  if (gridWh > mostImportWh) nano += (gridWh - mostImportWh) * (step.overNanoPerWh ?? 0);
  const moved = rung + (givesWh > 0 ? -movedWh : movedWh) / rungWh;
  const at = moved < 0 ? 0 : moved > RUNGS ? RUNGS : moved;
  const low = at >= RUNGS ? RUNGS - 1 : Math.floor(at);
  const laterNano = (then[low] ?? 0) * (1 - at + low) + (then[low + 1] ?? 0) * (at - low);
  return nano + movedWh * store.wearNanoPerWh + laterNano;
}
