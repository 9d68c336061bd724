import {
  chargeForW,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import { hoursOf, type PlanProblem, type Schedule, storeIndex } from './problem.ts';

/**
 * The plan that needs no solver: batteries follow the meter to zero exchange, cars charge as soon
 * as they can, on-off loads spread their quota. It stays inside every bound, and production is held
 * back where nothing else helps.
 */
export function rulePlan(problem: PlanProblem): Schedule {
  const none = (count: number): number[][] =>
    Array.from({ length: count }, () => problem.steps.map(() => 0));
  const schedule = {
    curtailW: none(problem.sources.length),
    chargeW: none(problem.storages.length),
    dischargeW: none(problem.storages.length),
    switchedShare: problem.switched.map((load) => {
      const shares = problem.steps.map(() => 0);
      for (const { fromStep, untilStep, energyWh } of load.quotas) {
        let mostWh = 0;
        for (let t = fromStep; t < untilStep; t += 1) {
          const step = problem.steps[t];
          if (step) mostWh += load.powerW * hoursOf(step);
        }
        const share = mostWh > 0 ? Math.min(1, energyWh / mostWh) : 0;
        shares.fill(share, fromStep, untilStep);
      }
      return shares;
    }),
    carW: problem.cars.map((car) => {
      let leftWh = car.needWh;
      return problem.steps.map((step, t) => {
        const powerW = t < car.untilStep ? Math.min(car.maxW, leftWh / hoursOf(step)) : 0;
        leftWh -= powerW * hoursOf(step);
        return powerW;
      });
    }),
  };
  const socWh = problem.storages.map((store) => store.nowWh);
  for (let t = 0; t < problem.steps.length; t += 1) follow(problem, schedule, socWh, t);
  return schedule;
}

interface Writable {
  readonly curtailW: number[][];
  readonly chargeW: number[][];
  readonly dischargeW: number[][];
  readonly switchedShare: readonly (readonly number[])[];
  readonly carW: readonly (readonly number[])[];
}

function put(rows: readonly number[][], i: number, t: number, value: number): void {
  const row = rows[i];
  if (row) row[t] = value;
}

function follow(problem: PlanProblem, schedule: Writable, socWh: number[], t: number): void {
  const step = problem.steps[t];
  if (step === undefined) return;
  const hours = hoursOf(step);
  const flexW =
    problem.switched.reduce(
      (sum, load, i) => sum + load.powerW * (schedule.switchedShare[i]?.[t] ?? 0),
      0,
    ) + problem.cars.reduce((sum, _, i) => sum + (schedule.carW[i]?.[t] ?? 0), 0);
  let needW = step.loadW + flexW;
  const throughW = new Map(problem.converters.map(({ id }) => [id, 0]));
  const add = (id: string | undefined, powerW: number): void => {
    if (id !== undefined) throughW.set(id, (throughW.get(id) ?? 0) + powerW);
  };
  for (const source of problem.sources) {
    needW -= source.powerW[t] ?? 0;
    add(source.converter, source.powerW[t] ?? 0);
  }
  problem.storages.forEach((store, s) => {
    const of = storeIndex(problem, s);
    const { minWh, maxWh } = problem.storages[of] ?? store;
    const soc = socWh[of] ?? store.nowWh;
    const converter = problem.converters.find(({ id }) => id === store.converter);
    const through = converter ? (throughW.get(converter.id) ?? 0) : 0;
    let powerW = 0; // + discharge
    if (needW > 0) {
      const heldW = dischargeForW(store, Math.max(0, soc - minWh) / hours);
      const roomW = converter ? Math.max(0, converter.intoW - through) : needW;
      powerW = Math.min(needW, store.dischargeMaxW, heldW, roomW);
    } else {
      const freeW = chargeForW(store, Math.max(0, maxWh - soc) / hours);
      const roomW = converter ? Math.max(0, converter.outOfW + through) : -needW;
      powerW = -Math.min(-needW, store.chargeMaxW, freeW, roomW);
      if (-powerW < (store.chargeMinW ?? 0)) powerW = 0;
    }
    needW -= powerW;
    add(store.converter, powerW);
    put(schedule.dischargeW, s, t, Math.max(0, powerW));
    put(schedule.chargeW, s, t, Math.max(0, -powerW));
    socWh[of] =
      powerW > 0
        ? soc - outOfStoreW(store, powerW) * hours
        : soc + intoStoreW(store, -powerW) * hours;
  });
  holdBack(problem, schedule, t, -needW - step.exportLimitW, throughW);
}

/** Production beyond what a converter passes or the connection may export. */
export function holdBack(
  problem: PlanProblem,
  schedule: Pick<Writable, 'curtailW'>,
  t: number,
  surplusW: number,
  throughW: ReadonlyMap<string, number>,
): void {
  let overW = surplusW;
  problem.sources.forEach((source, i) => {
    const madeW = source.powerW[t] ?? 0;
    const converter = problem.converters.find(({ id }) => id === source.converter);
    const clippedW = converter
      ? Math.min(madeW, Math.max(0, (throughW.get(converter.id) ?? 0) - converter.intoW))
      : 0;
    overW -= clippedW;
    const heldW =
      source.curtailable || converter ? Math.min(madeW - clippedW, Math.max(0, overW)) : 0;
    overW -= heldW;
    put(schedule.curtailW, i, t, clippedW + heldW);
  });
}
