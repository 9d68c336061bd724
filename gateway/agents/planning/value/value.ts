import { answerOf, type Levels, levelsOf, type StepPrices, type ValueStore } from './levels.ts';

/** What a step may ask of the store, and how likely: need of the site without it, + deficit. */
export interface Chance {
  readonly share: number;
  readonly needWh: number;
}

/**
 * A step as it may come. By kind of day (clear, usual, dull), a list of chances; `keepShare` of the
 * days keep their kind into the next step, the others draw a new one.
 */
export interface ValueStep extends StepPrices {
  readonly hours: number;
  readonly chances: readonly (readonly Chance[])[];
  readonly keepShare: number;
  /** Import beyond it costs `overNanoPerWh` more: a demand charge, an owner's limit. */
  readonly mostImportWh?: number;
  readonly overNanoPerWh?: number;
}

/** Worth of stored energy before each step, and what follows from it. */
export interface ValuePlan {
  readonly levels: readonly Levels[]; // by step
  readonly worthNanoPerWh: (step: number, nowWh: number) => number; // of one Wh more
}

const RUNGS = 40;
const END_SHARE = 0.7;

/** Cost to go by rung, nano-currency, for each kind of day. */
type Value = readonly Float64Array[];

interface Ladder {
  readonly store: ValueStore;
  readonly kindShares: readonly number[]; // of a day whose kind is not known; sum 1
  readonly rungWh: number;
}

/**
 * Stochastic dynamic programming over the energy in the store, backwards from the end: what a Wh is
 * worth at each step if from there on all is done as well as can be, over everything that may come
 * (Bellman 1957; for storage: Lamont 2013). The end is worth what a day before it is worth: days
 * repeat.
 * @param dailySteps  number of steps of a day; the last ones stand for the day after the horizon
 */
export function valuePlan(
  steps: readonly ValueStep[],
  store: ValueStore,
  kindShares: readonly number[],
  dailySteps: number,
): ValuePlan {
  const ladder: Ladder = { store, kindShares, rungWh: (store.maxWh - store.minWh) / RUNGS };
  const after: Value[] = new Array(steps.length);
  let value = endValue(steps, ladder);
  const from = Math.max(0, steps.length - dailySteps);
  for (let t = steps.length - 1; t >= from; t -= 1) value = before(steps[t], value, ladder);
  value = kindShares.map(() => mixed(value, kindShares, -1, 0));
  for (let t = steps.length - 1; t >= 0; t -= 1) {
    after[t] = value;
    if (t > 0) value = before(steps[t], value, ladder);
  }
  const unknown = after.map((one) => mixed(one, kindShares, -1, 0));
  const worthAt = (t: number, rung: number): number => worthOf(unknown[t], rung, ladder);
  return {
    levels: steps.map((step, t) => levelsOf((rung) => worthAt(t, rung), RUNGS, store, step)),
    worthNanoPerWh: (t, nowWh) => {
      const rung = Math.floor((nowWh - store.minWh) / ladder.rungWh);
      return worthAt(t, Math.max(0, Math.min(RUNGS - 1, rung)));
    },
  };
}

/** At the very end a Wh is worth most of what one costs on the mean: only the first pass sees it. */
function endValue(steps: readonly ValueStep[], { store, kindShares, rungWh }: Ladder): Value {
  const sum = steps.reduce((nano, step) => nano + step.importNanoPerWh, 0);
  const worth = (END_SHARE * store.dischargeShare * sum) / Math.max(1, steps.length);
  return kindShares.map(() =>
    Float64Array.from({ length: RUNGS + 1 }, (_, n) => -worth * n * rungWh),
  );
}

/** Value after a step for a day of one kind, some of which change; kind -1 is not known. */
function mixed(
  value: Value,
  kindShares: readonly number[],
  kind: number,
  keepShare: number,
): Float64Array {
  const sum = new Float64Array(RUNGS + 1);
  value.forEach((one, n) => {
    const share = (n === kind ? keepShare : 0) + (1 - keepShare) * (kindShares[n] ?? 0);
    if (share === 0) return;
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
  const alike = keepShare === 0 && chances.every((one) => one === chances[0]); // by night
  const kinds = alike ? value.slice(0, 1) : value;
  const costsOf = kinds.map((_, kind) => {
    const then = mixed(value, ladder.kindShares, kind, keepShare);
    const levels = levelsOf((rung) => worthOf(then, rung, ladder), RUNGS, ladder.store, step);
    const costs = new Float64Array(RUNGS + 1);
    for (const chance of chances[kind] ?? []) {
      for (let rung = 0; rung <= RUNGS; rung += 1) {
        const costNano = costOf(step, chance.needWh, rung, levels, then, ladder);
        costs[rung] = (costs[rung] ?? 0) + chance.share * costNano;
      }
    }
    return costs;
  });
  return alike ? value.map(() => costsOf[0] ?? new Float64Array(RUNGS + 1)) : costsOf;
}

function costOf(
  step: ValueStep,
  needWh: number,
  rung: number,
  levels: Levels,
  then: Float64Array,
  { store, rungWh }: Ladder,
): number {
  const nowWh = store.minWh + rung * rungWh;
  const givesWh = answerOf(levels, needWh, nowWh, store, step.hours, step.mostImportWh);
  const movedWh = givesWh > 0 ? -givesWh / store.dischargeShare : -givesWh * store.chargeShare;
  const gridWh = needWh - givesWh;
  const paidNano = gridWh * (gridWh > 0 ? step.importNanoPerWh : step.exportNanoPerWh);
  const overWh = Math.max(0, gridWh - (step.mostImportWh ?? gridWh));
  const at = Math.min(RUNGS, Math.max(0, rung + movedWh / rungWh));
  const low = Math.min(RUNGS - 1, Math.floor(at));
  const laterNano = (then[low] ?? 0) * (1 - at + low) + (then[low + 1] ?? 0) * (at - low);
  const wearNano = Math.abs(movedWh) * store.wearNanoPerWh;
  return paidNano + overWh * (step.overNanoPerWh ?? 0) + wearNano + laterNano;
}
