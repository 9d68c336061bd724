import {
  type Bounds,
  givesOf,
  type ImportRise,
  type KeptImport,
  type Levels,
  type Reach,
  reachOf,
  type ValueStore,
} from '../../../contracts/values/levels.ts';
import type { PeakCharge } from './charge.ts';
import { levelsOf } from './levels.ts';
import type { Chance, ValueStep } from './value.ts';

/** What a store is to do in a step of a day whose highest import costs. */
export interface PeakStand {
  readonly levels: Levels;
  /** Import that the store is to keep, by what the meter will show that the site needs. */
  readonly keptImport: (nowWh: number) => KeptImport;
  readonly worthNanoPerWh: (nowWh: number) => number; // of one Wh more after it
}

/** A day's costs to go, from which each of its steps follows. */
export interface PeakTable {
  /** @param shares  kinds of day by what this one has shown so far, sum 1 */
  readonly at: (slot: number, shares: readonly number[]) => PeakStand;
}

const RUNGS = 24;
const WIDTH = RUNGS + 1;
const END_SHARE = 0.7;

/** Cost to go, nano: by highest import so far, then by rung. */
type Costs = Float64Array;

interface Frame {
  readonly store: ValueStore;
  readonly anyDay: readonly number[];
  readonly charge: PeakCharge;
  readonly rungWh: number;
  readonly bounds: readonly Bounds[]; // by peak
  readonly hours: number;
}

/**
 * Stochastic dynamic programming over the stored energy and the highest import of the period so
 * far, backwards through a day: an excess pays its charge once, and opens the way for the next. In
 * a step the store may keep the peak, or let it rise by a part and keep its energy for what may
 * follow. Days repeat: a first pass gives what is stored at midnight its worth, and stands for
 * those steps of tomorrow that come before `fromSlot`.
 * @param steps  of the whole day from midnight, all of one length
 */
export function peakTable(
  steps: readonly ValueStep[],
  store: ValueStore,
  anyDay: readonly number[],
  charge: PeakCharge,
  fromSlot: number,
): PeakTable {
  const hours = steps[0]?.hours ?? 1;
  const frame: Frame = {
    store,
    anyDay,
    charge,
    hours,
    rungWh: (store.maxWh - store.minWh) / RUNGS,
    bounds: charge.peaksW.map((peakW) => ({ mostImportWh: peakW * hours })),
  };
  const after: (readonly Costs[])[] = new Array(steps.length);
  const walk = (end: Costs, untilSlot: number): readonly Costs[] => {
    let value: readonly Costs[] = anyDay.map(() => end);
    for (let t = steps.length - 1; t >= untilSlot; t -= 1) {
      const step = steps[t];
      if (step === undefined) continue;
      value = reached(step, value, frame);
      after[t] = value;
      value = before(step, value, frame);
    }
    return value;
  };
  const morning = mixed(walk(firstEnd(steps, frame), 0), anyDay);
  walk(nextEnd(morning, frame), fromSlot);
  return {
    at: (slot, shares) => standOf(steps[slot], after[slot] ?? [], shares, frame),
  };
}

const costsOf = ({ charge }: Frame, of: (peak: number, rung: number) => number): Costs =>
  Float64Array.from({ length: charge.peaksW.length * WIDTH }, (_, n) =>
    of(Math.floor(n / WIDTH), n % WIDTH),
  );

/** Before days are known to repeat: a Wh is worth most of the mean price. */
function firstEnd(steps: readonly ValueStep[], frame: Frame): Costs {
  const sum = steps.reduce((nano, step) => nano + step.importNanoPerWh, 0);
  const worth = (END_SHARE * frame.store.dischargeShare * sum) / Math.max(1, steps.length);
  const { addedNano } = frame.charge;
  return costsOf(frame, (peak, rung) => (addedNano[peak] ?? 0) - worth * rung * frame.rungWh);
}

/** What a full store saves the next morning, by peak; the charge of later days is in its own. */
function nextEnd(morning: Costs, frame: Frame): Costs {
  const { addedNano } = frame.charge;
  const at = (peak: number, rung: number): number => morning[peak * WIDTH + rung] ?? 0;
  return costsOf(frame, (peak, rung) => (addedNano[peak] ?? 0) + at(peak, rung) - at(peak, RUNGS));
}

/** After a step that has a goal: what misses it costs. */
function reached(
  { goal }: ValueStep,
  value: readonly Costs[],
  { store, rungWh }: Frame,
): readonly Costs[] {
  if (goal === undefined) return value;
  const missedNano = (rung: number): number =>
    Math.max(0, goal.leastWh - store.minWh - rung * rungWh) * goal.missedNanoPerWh;
  return value.map((one) => one.map((nano, n) => nano + missedNano(n % WIDTH)));
}

function mixed(value: readonly Costs[], shares: readonly number[]): Costs {
  const sum = new Float64Array(value[0]?.length ?? 0);
  value.forEach((one, kind) => {
    const share = shares[kind] ?? 0;
    for (let n = 0; n < sum.length; n += 1) sum[n] = (sum[n] ?? 0) + share * (one[n] ?? 0);
  });
  return sum;
}

function blended(one: Costs, other: Costs, share: number): Costs {
  const sum = new Float64Array(one.length);
  for (let n = 0; n < sum.length; n += 1) {
    sum[n] = share * (one[n] ?? 0) + (1 - share) * (other[n] ?? 0);
  }
  return sum;
}

function before(step: ValueStep, value: readonly Costs[], frame: Frame): readonly Costs[] {
  const mean = mixed(value, frame.anyDay);
  return value.map((one, kind) => {
    const then = step.keepShare === 0 ? mean : blended(one, mean, step.keepShare);
    return expected(step, step.chances[kind] ?? [], then, frame);
  });
}

/** Cost of a step and all later ones over its chances, by peak and rung. */
function expected(step: ValueStep, chances: readonly Chance[], then: Costs, frame: Frame): Costs {
  const { store, rungWh, charge } = frame;
  const costs = new Float64Array(then.length);
  for (let peak = 0; peak < charge.peaksW.length; peak += 1) {
    const levels = levelsAt(step, then, peak, frame);
    for (let rung = 0; rung <= RUNGS; rung += 1) {
      const reach = reachOf(levels, store.minWh + rung * rungWh, store, step.hours);
      let costNano = 0;
      for (const { share, needWh } of chances) {
        costNano += share * leastOf(step, needWh, { peak, rung, reach }, then, frame).nano;
      }
      costs[peak * WIDTH + rung] = costNano;
    }
    bendConvex(costs, peak * WIDTH);
  }
  return costs;
}

/**
 * Lower convex hull over the rungs of a peak. The cost is convex in truth; peaks that come in steps
 * make energy look worthless that is too little for the next one.
 */
function bendConvex(costs: Costs, from: number): void {
  const corners: number[] = [];
  const slope = (a: number, b: number): number =>
    ((costs[from + b] ?? 0) - (costs[from + a] ?? 0)) / (b - a);
  for (let rung = 0; rung <= RUNGS; rung += 1) {
    for (;;) {
      const a = corners[corners.length - 2];
      const b = corners[corners.length - 1];
      if (a === undefined || b === undefined || slope(a, b) <= slope(b, rung)) break;
      corners.pop();
    }
    corners.push(rung);
  }
  corners.forEach((b, n) => {
    const a = corners[n - 1] ?? b;
    for (let rung = a + 1; rung < b; rung += 1) {
      costs[from + rung] = (costs[from + a] ?? 0) + (rung - a) * slope(a, b);
    }
  });
}

const levelsAt = (step: ValueStep, then: Costs, peak: number, { store, rungWh }: Frame): Levels => {
  const from = peak * WIDTH;
  const worth = (rung: number): number =>
    ((then[from + rung] ?? 0) - (then[from + rung + 1] ?? 0)) / rungWh;
  return levelsOf(worth, RUNGS, store, step);
};

interface Place {
  readonly peak: number; // so far
  readonly rung: number; // any number between 0 and RUNGS
  readonly reach: Reach;
}

/** Cheapest of the peaks that a need may be let rise to. */
function leastOf(
  step: ValueStep,
  needWh: number,
  place: Place,
  then: Costs,
  frame: Frame,
): { readonly nano: number; readonly peak: number } {
  const { bounds } = frame;
  let least = { nano: costOf(step, needWh, place, place.peak, then, frame), peak: place.peak };
  for (let peak = place.peak + 1; peak < bounds.length; peak += 1) {
    if (needWh <= (bounds[peak - 1]?.mostImportWh ?? 0)) break;
    const nano = costOf(step, needWh, place, peak, then, frame);
    if (nano < least.nano) least = { nano, peak };
  }
  return least;
}

function costOf(
  step: ValueStep,
  needWh: number,
  { peak, rung, reach }: Place,
  keptPeak: number,
  then: Costs,
  { store, rungWh, bounds, charge, hours }: Frame,
): number {
  const givesWh = givesOf(reach, needWh, bounds[keptPeak] ?? {});
  const movedWh = givesWh > 0 ? givesWh / store.dischargeShare : -givesWh * store.chargeShare;
  const gridWh = Math.max(needWh - givesWh, -(step.mostExportWh ?? Number.POSITIVE_INFINITY));
  let nano = gridWh * (gridWh > 0 ? step.importNanoPerWh : step.exportNanoPerWh);
  const limitWh = step.mostImportWh ?? Number.POSITIVE_INFINITY;
  if (gridWh > limitWh) nano += (gridWh - limitWh) * (step.overNanoPerWh ?? 0);
  nano += movedWh * store.wearNanoPerWh;
  const at = rung + (givesWh > 0 ? -movedWh : movedWh) / rungWh;
  return nano + laterNano(then, peak, gridWh / hours, at, charge);
}

/** Cost to go between the peaks and the rungs. */
function laterNano(
  then: Costs,
  peak: number,
  importW: number,
  at: number,
  { peaksW, nanoPerW }: PeakCharge,
): number {
  const rung = at <= 0 ? 0 : at >= RUNGS ? RUNGS - 1 : Math.floor(at);
  const part = at <= 0 ? 0 : at >= RUNGS ? 1 : at - rung;
  const level = (of: number): number => {
    const n = of * WIDTH + rung;
    return (then[n] ?? 0) * (1 - part) + (then[n + 1] ?? 0) * part;
  };
  if (importW <= (peaksW[peak] ?? 0)) return level(peak);
  let above = peak + 1;
  while (above < peaksW.length && (peaksW[above] ?? 0) < importW) above += 1;
  const lowW = peaksW[above - 1] ?? 0;
  if (above >= peaksW.length) return level(above - 1) + (importW - lowW) * nanoPerW;
  const share = (importW - lowW) / ((peaksW[above] ?? 0) - lowW);
  return level(above - 1) * (1 - share) + level(above) * share;
}

function standOf(
  step: ValueStep | undefined,
  value: readonly Costs[],
  shares: readonly number[],
  frame: Frame,
): PeakStand {
  const { store, rungWh, anyDay } = frame;
  if (step === undefined) throw new RangeError('no such step of the day');
  const then = blended(mixed(value, shares), mixed(value, anyDay), step.keepShare);
  const levels = levelsAt(step, then, 0, frame);
  const rungOf = (nowWh: number): number =>
    Math.max(0, Math.min(RUNGS, (nowWh - store.minWh) / rungWh));
  return {
    levels,
    keptImport: (nowWh) => {
      const reach = reachOf(levels, nowWh, store, step.hours);
      const place = { peak: 0, rung: rungOf(nowWh), reach };
      const peakOf = (needW: number): number =>
        leastOf(step, needW * step.hours, place, then, frame).peak;
      return keptImport(peakOf, frame);
    },
    worthNanoPerWh: (nowWh) => {
      const rung = Math.min(RUNGS - 1, Math.floor(rungOf(nowWh)));
      return ((then[rung] ?? 0) - (then[rung + 1] ?? 0)) / rungWh;
    },
  };
}

/** Needs that are looked at between two peaks; between two of them a change is found by halves. */
const NEEDS = 8;
const HALVINGS = 10;

/** Which peak is kept by which need, as a table. */
function keptImport(peakOf: (needW: number) => number, { charge, store }: Frame): KeptImport {
  const { peaksW } = charge;
  const [firstW = 0] = peaksW;
  const endsW = [...peaksW.slice(1), (peaksW.at(-1) ?? 0) + store.dischargeMaxW];
  const rises: ImportRise[] = [];
  let peak = 0;
  let fromW = firstW;
  endsW.forEach((endW, n) => {
    const startW = peaksW[n] ?? endW;
    for (let part = 1; part <= NEEDS; part += 1) {
      const toW = startW + ((endW - startW) * part) / NEEDS;
      const found = peakOf(toW);
      if (found !== peak) {
        const before = peak;
        const aboveW = turnW((needW) => peakOf(needW) === before, fromW, toW);
        rises.push({ aboveW, mostImportW: peaksW[found] ?? firstW });
        peak = found;
      }
      fromW = toW;
    }
  });
  return { mostImportW: firstW, ...(rises.length > 0 && { rises }) };
}

/** Where something that holds at one need ends on the way to another, W. */
function turnW(holds: (needW: number) => boolean, fromW: number, toW: number): number {
  let low = fromW;
  let high = toW;
  for (let n = 0; n < HALVINGS; n += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
