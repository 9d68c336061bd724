import { intoStoreW, outOfStoreW } from '../../contracts/values/part-load.ts';
import { breachesOf, breachText, fullWhOf } from './breaches.ts';
import {
  hoursOf,
  owedTier,
  type PlanProblem,
  priceScale,
  type Schedule,
  type Storage,
  storeIndex,
  TIER,
} from './problem.ts';
import { owedOf } from './stores.ts';

/**
 * What a schedule does, by own arithmetic from the problem alone: no figure of the solver is used.
 */
export interface Evaluation {
  readonly costNano: number; // penalties included
  readonly penaltyNano: number; // of broken promises and limits alone
  readonly gridW: readonly number[]; // + import
  readonly pvW: readonly number[];
  readonly flexW: readonly number[]; // >= 0
  readonly batteryW: readonly number[]; // + discharge
  readonly socWh: readonly (readonly number[])[]; // by storage, at the end of each step
  readonly peakW: number;
  readonly faults: readonly string[]; // bounds that the schedule breaks
}

const TOLERANCE_W = 1;
const NEAR_W = 1; // no export at all
const TOLERANCE_WH = 1;

const at = (rows: readonly (readonly number[])[], i: number, t: number): number =>
  rows[i]?.[t] ?? 0;

interface Sums {
  costNano: number;
  penaltyNano: number;
  readonly faults: string[];
}

/** Runs a schedule through the problem: balance, storage, limits, money. */
export function evaluate(problem: PlanProblem, schedule: Schedule): Evaluation {
  const sums: Sums = { costNano: 0, penaltyNano: 0, faults: [] };
  const scale = priceScale(problem);
  const gridW: number[] = [];
  const pvW: number[] = [];
  const flexW: number[] = [];
  const batteryW: number[] = [];
  let peakW = problem.demand?.soFarW ?? 0;
  const levels = problem.storages.map((store, s) =>
    storeIndex(problem, s) === s ? storageRun(problem, schedule, store, s, scale, sums) : [],
  );
  const socWh = problem.storages.map((_, s) => levels[storeIndex(problem, s)] ?? []);
  problem.steps.forEach((step, t) => {
    const made = problem.sources.reduce(
      (sum, source, i) => sum + (source.powerW[t] ?? 0) - at(schedule.curtailW, i, t),
      0,
    );
    problem.sources.forEach((source, i) => {
      const heldWh = at(schedule.curtailW, i, t) * hoursOf(step);
      sums.costNano += heldWh * (source.curtailNanoPerWh ?? 0);
    });
    const flex =
      problem.switched.reduce(
        (sum, load, i) => sum + load.powerW * at(schedule.switchedShare, i, t),
        0,
      ) + problem.cars.reduce((sum, _, i) => sum + at(schedule.carW, i, t), 0);
    const battery = problem.storages.reduce(
      (sum, _, i) => sum + at(schedule.dischargeW, i, t) - at(schedule.chargeW, i, t),
      0,
    );
    const grid = step.loadW + flex - made - battery;
    const hours = hoursOf(step);
    const tradedW = grid + step.soldWh / hours; // beyond the position, + bought
    sums.costNano +=
      (tradedW > 0 ? tradedW * step.importNanoPerWh : tradedW * step.exportNanoPerWh) * hours;
    const overW = Math.max(0, grid - step.importLimitW) + Math.max(0, -grid - step.exportLimitW);
    sums.penaltyNano += overW * hours * scale * TIER.limit;
    sums.penaltyNano += Math.max(0, grid - step.softImportW) * hours * scale * TIER.peak;
    if (problem.exportOnlyFromSources === true && -grid > made + NEAR_W) {
      sums.faults.push(`more than the production is exported in step ${t}`);
    }
    peakW = Math.max(peakW, grid + step.marginW);
    gridW.push(grid);
    pvW.push(made);
    flexW.push(flex);
    batteryW.push(battery);
  });
  if (problem.demand) sums.costNano += (peakW - problem.demand.soFarW) * problem.demand.nanoPerW;
  commitments(problem, gridW, sums);
  comfort(problem, schedule, scale, sums);
  storageComfort(problem, schedule, socWh, scale, sums);
  bounds(problem, schedule, sums.faults);
  for (const breach of breachesOf(problem, schedule, gridW, socWh)) {
    sums.faults.push(breachText(problem, breach));
  }
  return {
    costNano: sums.costNano + sums.penaltyNano,
    penaltyNano: sums.penaltyNano,
    gridW,
    pvW,
    flexW,
    batteryW,
    socWh,
    peakW,
    faults: sums.faults,
  };
}

/** Levels of a store, with all the ports that work on it. */
function storageRun(
  problem: PlanProblem,
  schedule: Schedule,
  storage: Storage,
  index: number,
  scale: number,
  sums: Sums,
): number[] {
  let socWh = storage.nowWh;
  const lowWh = Math.min(storage.minWh, storage.nowWh);
  const highWh = Math.max(storage.maxWh, storage.nowWh);
  const run = problem.steps.map((step, t) => {
    const hours = hoursOf(step);
    problem.storages.forEach((port, s) => {
      if (storeIndex(problem, s) !== index) return;
      const intoWh = intoStoreW(port, at(schedule.chargeW, s, t)) * hours;
      const outWh = outOfStoreW(port, at(schedule.dischargeW, s, t)) * hours;
      socWh += intoWh - outWh;
      sums.costNano += (intoWh + outWh) * port.wearNanoPerWh;
    });
    const outsideWh = Math.max(0, storage.minWh - socWh) + Math.max(0, socWh - storage.maxWh);
    sums.penaltyNano += outsideWh * hours * scale * TIER.band;
    if (socWh < lowWh - TOLERANCE_WH || socWh > highWh + TOLERANCE_WH) {
      sums.faults.push(`${storage.terminal} leaves its band in step ${t}`);
    }
    return socWh;
  });
  sums.costNano -= socWh * storage.endNanoPerWh;
  return run;
}

function commitments(problem: PlanProblem, gridW: readonly number[], sums: Sums): void {
  for (const one of problem.commitments ?? []) {
    let worstW = 0;
    problem.steps.forEach((step, t) => {
      const signedW = (gridW[t] ?? 0) * (one.side === 'import' ? 1 : -1);
      const overW = Math.max(0, signedW - one.beyondW);
      worstW = Math.max(worstW, overW);
      sums.costNano += overW * hoursOf(step) * (one.eachNanoPerWh ?? 0);
    });
    sums.costNano += worstW * (one.worstNanoPerW ?? 0);
  }
}

/** Goals that are missed and owed charge that is not given, of the stores. */
function storageComfort(
  problem: PlanProblem,
  schedule: Schedule,
  socWh: readonly (readonly number[])[],
  scale: number,
  sums: Sums,
): void {
  problem.storages.forEach((store, s) => {
    for (const { atStep, minWh, maxWh, missedNanoPerWh } of store.goals ?? []) {
      const levelWh = socWh[s]?.[atStep];
      if (levelWh === undefined) continue;
      const missedWh = Math.max(0, minWh - levelWh) + Math.max(0, levelWh - maxWh);
      sums.penaltyNano += missedWh * (missedNanoPerWh ?? scale * TIER.car);
    }
    const fullWh = fullWhOf(problem, s);
    problem.steps.forEach((step, t) => {
      if (at(socWh, s, t) >= fullWh) return;
      const givenWh = at(schedule.chargeW, s, t) * hoursOf(step);
      const shortWh = Math.max(0, owedOf(store, t, hoursOf(step)) - givenWh);
      sums.penaltyNano += shortWh * scale * owedTier(problem, t);
    });
  });
}

function comfort(problem: PlanProblem, schedule: Schedule, scale: number, sums: Sums): void {
  problem.switched.forEach((load, i) => {
    for (const { fromStep, untilStep, energyWh } of load.quotas) {
      let doneWh = 0;
      for (let t = fromStep; t < untilStep; t += 1) {
        const step = problem.steps[t];
        if (step) doneWh += load.powerW * at(schedule.switchedShare, i, t) * hoursOf(step);
      }
      sums.penaltyNano += Math.max(0, energyWh - doneWh) * scale * TIER.quota;
    }
  });
  problem.cars.forEach((car, i) => {
    let doneWh = 0;
    problem.steps.slice(0, car.untilStep).forEach((step, t) => {
      doneWh += at(schedule.carW, i, t) * hoursOf(step);
    });
    sums.penaltyNano += Math.max(0, car.needWh - doneWh) * scale * TIER.car;
  });
}

function bounds(problem: PlanProblem, schedule: Schedule, faults: string[]): void {
  const check = (name: string, value: number, most: number, t: number): void => {
    if (!(value >= -TOLERANCE_W && value <= most + TOLERANCE_W)) {
      faults.push(`${name} is outside its bounds in step ${t}`);
    }
  };
  problem.steps.forEach((_, t) => {
    problem.sources.forEach((source, i) => {
      check(
        `${source.terminal} curtailment`,
        at(schedule.curtailW, i, t),
        source.powerW[t] ?? 0,
        t,
      );
    });
    problem.storages.forEach((storage, i) => {
      const chargeW = at(schedule.chargeW, i, t);
      const dischargeW = at(schedule.dischargeW, i, t);
      check(`${storage.terminal} charge`, chargeW, storage.chargeMaxW, t);
      check(`${storage.terminal} discharge`, dischargeW, storage.dischargeMaxW, t);
    });
    problem.cars.forEach((car, i) => {
      check(car.terminal, at(schedule.carW, i, t), car.maxW, t);
    });
    for (const converter of problem.converters) {
      const throughW = converterPower(problem, schedule, converter.id, t);
      check(`${converter.id} into the node`, Math.max(0, throughW), converter.intoW, t);
      check(`${converter.id} out of the node`, Math.max(0, -throughW), converter.outOfW, t);
    }
  });
}

/** Power through a converter towards the ac node. */
export function converterPower(
  problem: PlanProblem,
  schedule: Schedule,
  id: string,
  t: number,
): number {
  let sum = 0;
  problem.sources.forEach((source, i) => {
    if (source.converter === id) sum += (source.powerW[t] ?? 0) - at(schedule.curtailW, i, t);
  });
  problem.storages.forEach((storage, i) => {
    if (storage.converter !== id) return;
    sum += at(schedule.dischargeW, i, t) - at(schedule.chargeW, i, t);
  });
  return sum;
}
