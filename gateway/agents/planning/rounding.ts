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

const SWITCH_COST = 1e-3; // of two equal plans the calmer one

/**
 * Most valuable pattern with `count` steps on, or as many as fit, every run and rest inside it long
 * enough. A cell is (steps already on, state); states 0..run-1 are on for 1..run steps, the others
 * off for 1..rest steps.
 */
function bestRuns(values: readonly number[], count: number, load: SwitchedLoad): number[] {
  const run = Math.max(1, load.minRunSteps);
  const states = run + Math.max(1, load.minRestSteps);
  const size = (count + 1) * states;
  const cameFrom = new Int32Array(values.length * size);
  let worth = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  worth[states - 1] = 0; // it has rested long enough
  values.forEach((value, t) => {
    const next = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    const offer = (to: number, gain: number, from: number): void => {
      if (!(gain > (next[to] ?? 0))) return;
      next[to] = gain;
      cameFrom[t * size + to] = from;
    };
    for (let cell = 0; cell < size; cell += 1) {
      const now = worth[cell] ?? 0;
      if (now === Number.NEGATIVE_INFINITY) continue;
      const state = cell % states;
      const base = cell - state;
      const isOn = state < run;
      if ((isOn || state === states - 1) && base < size - states) {
        const to = base + states + (isOn ? Math.min(state + 1, run - 1) : 0);
        offer(to, now + value - (isOn ? 0 : SWITCH_COST), cell);
      }
      if (!isOn || state === run - 1) {
        offer(base + (isOn ? run : Math.min(state + 1, states - 1)), now, cell);
      }
    }
    worth = next;
  });
  return patternOf(bestCell(worth, states), cameFrom, size, (cell) => cell % states < run);
}

/** With the most steps on; of those the most valuable. */
function bestCell(worth: Float64Array, states: number): number {
  for (let base = worth.length - states; base >= 0; base -= states) {
    let best = base;
    for (let cell = base; cell < base + states; cell += 1) {
      if ((worth[cell] ?? 0) > (worth[best] ?? 0)) best = cell;
    }
    if (worth[best] !== Number.NEGATIVE_INFINITY) return best;
  }
  return 0;
}

function patternOf(
  last: number,
  cameFrom: Int32Array,
  size: number,
  isOn: (cell: number) => boolean,
): number[] {
  const pattern: number[] = [];
  let cell = last;
  for (let t = cameFrom.length / size - 1; t >= 0; t -= 1) {
    pattern.push(isOn(cell) ? 1 : 0);
    cell = cameFrom[t * size + cell] ?? 0;
  }
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
