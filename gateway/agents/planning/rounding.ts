import { type Car, hoursOf, type PlanProblem, type SwitchedLoad } from './problem.ts';

/**
 * Whole decisions near the relaxed ones. For each quota the on-steps with the largest sum of
 * relaxed shares are chosen by dynamic programming over (step, steps already on, length of the
 * running state), so that minimum run and rest hold.
 * @param shares  relaxed, 0..1 by step
 * @returns 0 or 1 by step
 */
export function roundSwitched(
  problem: PlanProblem,
  load: SwitchedLoad,
  shares: readonly number[],
): number[] {
  const chosen = problem.steps.map(() => 0);
  for (const { fromStep, untilStep, energyWh } of load.quotas) {
    const length = untilStep - fromStep;
    const stepWh = Math.max(
      1e-9,
      problem.steps
        .slice(fromStep, untilStep)
        .reduce((sum, step) => sum + load.powerW * hoursOf(step), 0) / Math.max(1, length),
    );
    const count = Math.min(length, Math.ceil(energyWh / stepWh - 0.05));
    if (count <= 0) continue;
    const best = bestRuns(shares.slice(fromStep, untilStep), count, load);
    best.forEach((on, i) => {
      chosen[fromStep + i] = on;
    });
  }
  return chosen;
}

interface Cell {
  readonly value: number;
  readonly on: boolean;
  readonly before: Cell | undefined;
}

const SWITCH_COST = 1e-3; // of two equal plans the calmer one

/**
 * Most valuable pattern with exactly `count` steps on, every run and rest inside it long enough.
 */
function bestRuns(values: readonly number[], count: number, load: SwitchedLoad): number[] {
  const run = Math.max(1, load.minRunSteps);
  const rest = Math.max(1, load.minRestSteps);
  const states = run + rest; // 0..run-1: on for 1..run steps; run..: off for 1..rest steps
  const key = (used: number, state: number): number => used * states + state;
  let cells = new Map<number, Cell>();
  cells.set(key(0, states - 1), { value: 0, on: false, before: undefined }); // rested long enough
  for (const value of values) {
    const next = new Map<number, Cell>();
    const offer = (at: number, cell: Cell): void => {
      const known = next.get(at);
      if (known === undefined || cell.value > known.value) next.set(at, cell);
    };
    for (const [at, cell] of cells) {
      const used = Math.floor(at / states);
      const state = at % states;
      const isOn = state < run;
      const mayOn = isOn || state === states - 1;
      const mayOff = !isOn || state === run - 1;
      if (mayOn && used < count) {
        const to = isOn ? Math.min(state + 1, run - 1) : 0;
        const gain = value - (isOn ? 0 : SWITCH_COST);
        offer(key(used + 1, to), { value: cell.value + gain, on: true, before: cell });
      }
      if (mayOff) {
        const to = isOn ? run : Math.min(state + 1, states - 1);
        offer(key(used, to), { value: cell.value, on: false, before: cell });
      }
    }
    cells = next;
  }
  let best: Cell | undefined;
  let most = -1;
  for (const [at, cell] of cells) {
    const used = Math.floor(at / states);
    if (used > most || (used === most && cell.value > (best?.value ?? 0))) {
      best = cell;
      most = used;
    }
  }
  const pattern: number[] = [];
  for (let cell = best; cell?.before !== undefined; cell = cell.before)
    pattern.push(cell.on ? 1 : 0);
  return pattern.reverse();
}

/**
 * Steps in which a car charges, so that each may have its least power: those that the relaxed plan
 * gave it, and for what it gave below the minimum as many of its best steps as that energy fills.
 */
export function roundCar(problem: PlanProblem, car: Car, relaxedW: readonly number[]): boolean[] {
  const hours = problem.steps.map(hoursOf);
  const isOn = relaxedW.map((powerW) => powerW >= car.minW);
  let missingWh = 0;
  relaxedW.forEach((powerW, t) => {
    if (isOn[t] !== true) missingWh += powerW * (hours[t] ?? 0);
  });
  let mostWh = isOn.reduce((sum, on, t) => sum + (on ? car.maxW * (hours[t] ?? 0) : 0), 0);
  const order = relaxedW
    .map((powerW, t) => ({ powerW, t, price: problem.steps[t]?.importNanoPerWh ?? 0 }))
    .filter(({ t }) => t < car.untilStep && isOn[t] !== true)
    .sort((a, b) => b.powerW - a.powerW || a.price - b.price || a.t - b.t);
  for (const { t } of order) {
    const leastWh = car.minW * (hours[t] ?? 0);
    if (missingWh < 0.5 * leastWh && mostWh >= car.needWh) break;
    isOn[t] = true;
    missingWh -= leastWh;
    mostWh += car.maxW * (hours[t] ?? 0);
  }
  return isOn;
}
