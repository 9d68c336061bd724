import {
  chargeForW,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import { converterPower, evaluate } from './evaluate.ts';
import {
  hoursOf,
  type PlanProblem,
  priceScale,
  type Schedule,
  type StepInput,
  type Storage,
  storeIndex,
  TIER,
} from './problem.ts';
import { holdBack } from './rules.ts';

const CELL_COUNT = 120;
const CAP_TRIES_COUNT = 12;
const NOWHERE_NANO = 1e30; // finite, so that a share of 0 of it is 0
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The plan without a solver: loads and cars as the rules run them, each battery by dynamic
 * programming over its levels, one after the other. A demand charge is met by a search over the
 * peak that is allowed; the cost is taken to be convex in it.
 */
export function levelPlan(problem: PlanProblem, rules: Schedule): Schedule {
  let best = rules;
  let leastNano = evaluate(problem, rules).costNano;
  problem.storages.forEach((store, s) => {
    const shares = problem.storages.some((_, i) => i !== s && storeIndex(problem, i) === s);
    if (shares || storeIndex(problem, s) !== s) return; // a store of several ports stays as it is
    const base = best;
    const attempt = (capW: number): number => {
      const schedule = runStore(problem, base, store, s, capW);
      const run = evaluate(problem, schedule);
      const costNano = run.faults.length > 0 ? Number.POSITIVE_INFINITY : run.costNano;
      if (costNano < leastNano) {
        leastNano = costNano;
        best = schedule;
      }
      return costNano;
    };
    attempt(Number.POSITIVE_INFINITY);
    if (problem.demand) searchCap(problem.demand.soFarW, evaluate(problem, best).peakW, attempt);
  });
  return best;
}

/** Golden section between the peak so far and that of the plan without a charge on it. */
function searchCap(lowW: number, highW: number, costOf: (capW: number) => number): void {
  let low = lowW;
  let high = Math.max(lowW, highW);
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let leftNano = costOf(left);
  let rightNano = costOf(right);
  costOf(low);
  for (let n = 0; n < CAP_TRIES_COUNT; n += 1) {
    if (leftNano <= rightNano) {
      high = right;
      right = left;
      rightNano = leftNano;
      left = high - GOLDEN * (high - low);
      leftNano = costOf(left);
    } else {
      low = left;
      left = right;
      leftNano = rightNano;
      right = low + GOLDEN * (high - low);
      rightNano = costOf(right);
    }
  }
}

/** What a step looks like to one battery. */
interface StepView {
  readonly hours: number;
  readonly needW: number; // import without this battery
  readonly throughW: number; // of its converter, without it
  readonly roomW: number; // production that may be held back
  readonly cost: (powerW: number) => number; // nano, of a power + discharge; Infinity = not allowed
}

function runStore(
  problem: PlanProblem,
  base: Schedule,
  store: Storage,
  s: number,
  capW: number,
): Schedule {
  const views = problem.steps.map((_, t) => viewOf(problem, base, store, s, t, capW));
  const low = Math.min(store.minWh, store.nowWh);
  const high = Math.max(store.maxWh, store.nowWh);
  const cellWh = Math.max(1e-6, (high - low) / CELL_COUNT);
  const values = valuesOf(problem, store, views, low, cellWh);
  const powersW: number[] = [];
  let socWh = store.nowWh;
  views.forEach((view, t) => {
    const later = values[t + 1] ?? new Float64Array(CELL_COUNT + 1);
    const worth = (levelWh: number): number => between(later, (levelWh - low) / cellWh);
    let bestNano = Number.POSITIVE_INFINITY;
    let bestW = 0;
    for (const powerW of choices(view, store, socWh, low, cellWh)) {
      const nextWh = socWh + changeWh(store, powerW, view.hours);
      if (nextWh < low - 1e-6 || nextWh > high + 1e-6) continue;
      const nano = view.cost(powerW) + penaltyNano(problem, store, nextWh, t) + worth(nextWh);
      if (nano < bestNano) {
        bestNano = nano;
        bestW = powerW;
      }
    }
    powersW.push(bestW);
    socWh += changeWh(store, bestW, view.hours);
  });
  return withStore(problem, base, s, powersW, views);
}

const changeWh = (store: Storage, powerW: number, hours: number): number =>
  powerW > 0 ? -outOfStoreW(store, powerW) * hours : intoStoreW(store, -powerW) * hours;

/** Linear between the cells. */
function between(values: Float64Array, at: number): number {
  const cell = Math.max(0, Math.min(values.length - 2, Math.floor(at)));
  const share = Math.max(0, Math.min(1, at - cell));
  return (values[cell] ?? 0) * (1 - share) + (values[cell + 1] ?? 0) * share;
}

/** Powers worth trying: to each cell within reach, rest, zero exchange, and the limits. */
function* choices(
  view: StepView,
  store: Storage,
  socWh: number,
  low: number,
  cellWh: number,
): Generator<number> {
  const { hours } = view;
  const downWh = outOfStoreW(store, store.dischargeMaxW) * hours;
  const upWh = intoStoreW(store, store.chargeMaxW) * hours;
  const from = Math.max(0, Math.ceil((socWh - downWh - low) / cellWh));
  const to = Math.min(CELL_COUNT, Math.floor((socWh + upWh - low) / cellWh));
  yield 0;
  yield Math.max(-store.chargeMaxW, Math.min(store.dischargeMaxW, view.needW));
  yield -store.chargeMaxW;
  yield store.dischargeMaxW;
  for (let cell = from; cell <= to; cell += 1) {
    const wh = low + cell * cellWh - socWh;
    yield wh > 0 ? -chargeForW(store, wh / hours) : dischargeForW(store, -wh / hours);
  }
}

/** Least cost from each level at each step on; the last one is the worth of what is left. */
function valuesOf(
  problem: PlanProblem,
  store: Storage,
  views: readonly StepView[],
  low: number,
  cellWh: number,
): Float64Array[] {
  let later = Float64Array.from(
    { length: CELL_COUNT + 1 },
    (_, cell) => -store.endNanoPerWh * (low + cell * cellWh),
  );
  const values = [later];
  for (let t = views.length - 1; t > 0; t -= 1) {
    const view = views[t];
    if (view === undefined) break;
    const next = later;
    const now = new Float64Array(CELL_COUNT + 1).fill(NOWHERE_NANO);
    for (let cell = 0; cell <= CELL_COUNT; cell += 1) {
      const socWh = low + cell * cellWh;
      for (const powerW of choices(view, store, socWh, low, cellWh)) {
        const nextWh = socWh + changeWh(store, powerW, view.hours);
        const at = (nextWh - low) / cellWh;
        if (at < -1e-6 || at > CELL_COUNT + 1e-6) continue;
        const nano = view.cost(powerW) + penaltyNano(problem, store, nextWh, t) + between(next, at);
        if (nano < (now[cell] ?? 0)) now[cell] = nano;
      }
    }
    later = now;
    values.unshift(later);
  }
  values.unshift(later); // of the first step, which starts at one level only
  return values;
}

/** Of a level after a step: outside its band, or short of a goal. */
function penaltyNano(problem: PlanProblem, store: Storage, levelWh: number, t: number): number {
  const step = problem.steps[t];
  const outsideWh = Math.max(0, store.minWh - levelWh) + Math.max(0, levelWh - store.maxWh);
  if (outsideWh === 0 && store.goals === undefined) return 0;
  const scale = priceScale(problem);
  let nano = outsideWh * (step ? hoursOf(step) : 0) * scale * TIER.band;
  for (const { atStep, minWh, maxWh, missedNanoPerWh } of store.goals ?? []) {
    if (atStep !== t) continue;
    const missedWh = Math.max(0, minWh - levelWh) + Math.max(0, levelWh - maxWh);
    nano += missedWh * (missedNanoPerWh ?? scale * TIER.car);
  }
  return nano;
}

function viewOf(
  problem: PlanProblem,
  base: Schedule,
  store: Storage,
  s: number,
  t: number,
  capW: number,
): StepView {
  const step = problem.steps[t];
  const at = (rows: readonly (readonly number[])[], i: number): number => rows[i]?.[t] ?? 0;
  let needW = step?.loadW ?? 0;
  let throughW = 0;
  let roomW = 0;
  problem.switched.forEach((load, i) => {
    needW += load.powerW * at(base.switchedShare, i);
  });
  problem.cars.forEach((_, i) => {
    needW += at(base.carW, i);
  });
  problem.sources.forEach((source) => {
    const madeW = source.powerW[t] ?? 0;
    needW -= madeW;
    if (store.converter !== undefined && source.converter === store.converter) throughW += madeW;
    if (source.curtailable || source.converter !== undefined) roomW += madeW;
  });
  problem.storages.forEach((other, i) => {
    if (i === s) return;
    const powerW = at(base.dischargeW, i) - at(base.chargeW, i);
    needW -= powerW;
    if (store.converter !== undefined && other.converter === store.converter) throughW += powerW;
  });
  const hours = step ? hoursOf(step) : 0;
  const shape = { hours, needW, throughW, roomW };
  return { ...shape, cost: costOf(problem, store, t, shape, capW) };
}

/** Money, wear and broken limits of one step, by the battery's power. */
function costOf(
  problem: PlanProblem,
  store: Storage,
  t: number,
  { hours, needW, throughW, roomW }: Omit<StepView, 'cost'>,
  capW: number,
): (powerW: number) => number {
  const step = problem.steps[t];
  const converter = problem.converters.find(({ id }) => id === store.converter);
  const scale = priceScale(problem);
  const capNano = 2 * (problem.demand?.nanoPerW ?? 0);
  return (powerW) => {
    if (step === undefined) return 0;
    if (powerW < 0 && -powerW < (store.chargeMinW ?? 0)) return Number.POSITIVE_INFINITY;
    let grid = needW - powerW;
    const through = throughW + powerW;
    if (converter && -through > converter.outOfW + 1e-6) return Number.POSITIVE_INFINITY;
    const clippedW = converter ? Math.max(0, through - converter.intoW) : 0;
    if (clippedW > roomW + 1e-6) return Number.POSITIVE_INFINITY;
    grid += clippedW;
    grid += Math.min(roomW - clippedW, Math.max(0, -grid - mostExportW(step)));
    if (store.mayChargeFromGrid === false && powerW < 0 && grid > 0)
      return Number.POSITIVE_INFINITY;
    if (store.mayExport === false && powerW > 0 && grid < 0) return Number.POSITIVE_INFINITY;
    const traded = grid + step.soldWh / hours;
    const price = traded > 0 ? step.importNanoPerWh : step.exportNanoPerWh;
    const wearWh = Math.abs(changeWh(store, powerW, hours));
    const overW = Math.max(0, grid - step.importLimitW) + Math.max(0, -grid - step.exportLimitW);
    return (
      traded * price * hours +
      wearWh * store.wearNanoPerWh +
      overW * hours * scale * TIER.limit +
      Math.max(0, grid - step.softImportW) * hours * scale * TIER.peak +
      Math.max(0, grid + step.marginW - capW) * capNano
    );
  };
}

/** Beyond it production is held back: the limit, or nothing where export costs. */
const mostExportW = (step: StepInput): number => (step.exportNanoPerWh < 0 ? 0 : step.exportLimitW);

function withStore(
  problem: PlanProblem,
  base: Schedule,
  s: number,
  powersW: readonly number[],
  views: readonly StepView[],
): Schedule {
  const replaced = (rows: readonly (readonly number[])[], sign: 1 | -1) =>
    rows.map((row, i) => (i === s ? powersW.map((powerW) => Math.max(0, sign * powerW)) : row));
  const schedule = {
    ...base,
    chargeW: replaced(base.chargeW, -1),
    dischargeW: replaced(base.dischargeW, 1),
    curtailW: base.curtailW.map((row) => row.map(() => 0)),
  };
  problem.steps.forEach((step, t) => {
    const grid = (views[t]?.needW ?? 0) - (powersW[t] ?? 0);
    const throughW = new Map(
      problem.converters.map(({ id }) => [id, converterPower(problem, schedule, id, t)]),
    );
    holdBack(problem, schedule, t, -grid - mostExportW(step), throughW);
  });
  return schedule;
}
