import { hoursOf, type PlanProblem, priceScale, type Schedule, TIER } from './problem.ts';

/**
 * What a schedule does, by own arithmetic from the problem alone: no figure of the solver is used.
 */
export interface Evaluation {
  readonly costNano: number; // penalties included
  readonly gridW: readonly number[]; // + import
  readonly pvW: readonly number[];
  readonly flexW: readonly number[]; // >= 0
  readonly batteryW: readonly number[]; // + discharge
  readonly socWh: readonly (readonly number[])[]; // by storage, at the end of each step
  readonly peakW: number;
  readonly faults: readonly string[]; // bounds that the schedule breaks
}

const TOLERANCE_W = 1;
const TOLERANCE_WH = 1;

const at = (rows: readonly (readonly number[])[], i: number, t: number): number =>
  rows[i]?.[t] ?? 0;

interface Sums {
  costNano: number;
  readonly faults: string[];
}

/** Runs a schedule through the problem: balance, storage, limits, money. */
export function evaluate(problem: PlanProblem, schedule: Schedule): Evaluation {
  const sums: Sums = { costNano: 0, faults: [] };
  const scale = priceScale(problem);
  const gridW: number[] = [];
  const pvW: number[] = [];
  const flexW: number[] = [];
  const batteryW: number[] = [];
  let peakW = problem.demand?.soFarW ?? 0;
  const socWh = problem.storages.map((_, s) => storageRun(problem, schedule, s, scale, sums));
  problem.steps.forEach((step, t) => {
    const made = problem.sources.reduce(
      (sum, source, i) => sum + (source.powerW[t] ?? 0) - at(schedule.curtailW, i, t),
      0,
    );
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
    sums.costNano += overW * hours * scale * TIER.limit;
    sums.costNano += Math.max(0, grid - step.softImportW) * hours * scale * TIER.peak;
    peakW = Math.max(peakW, grid + step.marginW);
    gridW.push(grid);
    pvW.push(made);
    flexW.push(flex);
    batteryW.push(battery);
  });
  if (problem.demand) sums.costNano += (peakW - problem.demand.soFarW) * problem.demand.nanoPerW;
  comfort(problem, schedule, scale, sums);
  bounds(problem, schedule, sums.faults);
  return {
    costNano: sums.costNano,
    gridW,
    pvW,
    flexW,
    batteryW,
    socWh,
    peakW,
    faults: sums.faults,
  };
}

function storageRun(
  problem: PlanProblem,
  schedule: Schedule,
  index: number,
  scale: number,
  sums: Sums,
): number[] {
  const storage = problem.storages[index];
  if (storage === undefined) return [];
  let socWh = storage.nowWh;
  const lowWh = Math.min(storage.minWh, storage.nowWh);
  const highWh = Math.max(storage.maxWh, storage.nowWh);
  const run = problem.steps.map((step, t) => {
    const hours = hoursOf(step);
    const intoWh = at(schedule.chargeW, index, t) * hours * storage.chargeShare;
    const outWh = (at(schedule.dischargeW, index, t) * hours) / storage.dischargeShare;
    socWh += intoWh - outWh;
    sums.costNano += (intoWh + outWh) * storage.wearNanoPerWh;
    const outsideWh = Math.max(0, storage.minWh - socWh) + Math.max(0, socWh - storage.maxWh);
    sums.costNano += outsideWh * hours * scale * TIER.band;
    if (socWh < lowWh - TOLERANCE_WH || socWh > highWh + TOLERANCE_WH) {
      sums.faults.push(`${storage.terminal} leaves its band in step ${t}`);
    }
    return socWh;
  });
  sums.costNano -= socWh * storage.endNanoPerWh;
  return run;
}

function comfort(problem: PlanProblem, schedule: Schedule, scale: number, sums: Sums): void {
  problem.switched.forEach((load, i) => {
    for (const { fromStep, untilStep, energyWh } of load.quotas) {
      let doneWh = 0;
      for (let t = fromStep; t < untilStep; t += 1) {
        const step = problem.steps[t];
        if (step) doneWh += load.powerW * at(schedule.switchedShare, i, t) * hoursOf(step);
      }
      sums.costNano += Math.max(0, energyWh - doneWh) * scale * TIER.quota;
    }
  });
  problem.cars.forEach((car, i) => {
    let doneWh = 0;
    problem.steps.slice(0, car.untilStep).forEach((step, t) => {
      doneWh += at(schedule.carW, i, t) * hoursOf(step);
    });
    sums.costNano += Math.max(0, car.needWh - doneWh) * scale * TIER.car;
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
      if (chargeW > TOLERANCE_W && dischargeW > TOLERANCE_W) {
        faults.push(`${storage.terminal} charges and discharges in step ${t}`);
      }
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
