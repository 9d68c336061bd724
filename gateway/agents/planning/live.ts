import type { Outlook } from '../../contracts/values/outlook.ts';
import {
  chargeForW,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import type { TerminalStep } from '../../contracts/values/plan.ts';
import { batteryStep } from './execute.ts';
import { hoursOf, type PlanProblem, type Schedule } from './problem.ts';

/** A plan with the problem that it answers. */
export interface Planned {
  readonly problem: PlanProblem;
  readonly outlook: Outlook;
}

/**
 * What becomes of a plan on a day that is not as expected: batteries do what the guard would let
 * them do against the live meter, inside the band and the powers of `day`; loads and cars run as
 * planned; production is held back where the plan does, and where the export limit asks for it.
 */
export function liveRun({ problem, outlook }: Planned, day: PlanProblem): Schedule {
  const plannedW = (terminal: string, t: number): number =>
    outlook.steps[t]?.terminals[terminal] ?? 0;
  const each = (value: (t: number) => number): number[] =>
    day.steps.map((_, t) => Math.max(0, value(t)));
  const curtailW = day.sources.map((source, i) =>
    each((t) => {
      const madeW = source.powerW[t] ?? 0;
      const heldW = (problem.sources[i]?.powerW[t] ?? 0) - plannedW(source.terminal, t);
      return source.curtailable ? Math.min(madeW, Math.max(0, heldW)) : 0;
    }),
  );
  const switchedShare = day.switched.map(({ terminal, powerW }) =>
    each((t) => (powerW > 0 ? -plannedW(terminal, t) / powerW : 0)),
  );
  const carW = day.cars.map(({ terminal }) => each((t) => -plannedW(terminal, t)));
  const chargeW = day.storages.map(() => day.steps.map(() => 0));
  const dischargeW = day.storages.map(() => day.steps.map(() => 0));
  const socWh = day.storages.map(({ nowWh }) => nowWh);
  day.steps.forEach((step, t) => {
    const at = (rows: readonly (readonly number[])[], i: number): number => rows[i]?.[t] ?? 0;
    const made = day.sources.reduce(
      (sum, source, i) => sum + (source.powerW[t] ?? 0) - at(curtailW, i),
      0,
    );
    const flex =
      day.switched.reduce((sum, load, i) => sum + load.powerW * at(switchedShare, i), 0) +
      day.cars.reduce((sum, _, i) => sum + at(carW, i), 0);
    let gridW = step.loadW + flex - made;
    day.storages.forEach((store, s) => {
      const lead = problem.storages[s];
      if (lead === undefined) return;
      const wishW = wish(batteryStep(problem, outlook, t, lead), gridW);
      const powerW = possible(wishW, store, socWh[s] ?? 0, hoursOf(step));
      const intoW = Math.max(0, -powerW);
      const outW = Math.max(0, powerW);
      put(chargeW, s, t, intoW);
      put(dischargeW, s, t, outW);
      socWh[s] =
        (socWh[s] ?? 0) + (intoStoreW(store, intoW) - outOfStoreW(store, outW)) * hoursOf(step);
      gridW -= powerW;
    });
    holdBack(day, curtailW, t, Math.max(0, -gridW - step.exportLimitW));
  });
  return { curtailW, chargeW, dischargeW, switchedShare, carW };
}

/** @param gridW  of the connection while this battery rests  @returns W, + discharge */
function wish(step: TerminalStep, gridW: number): number {
  const followed = step.follow === 'fixed' ? step.powerW : gridW - step.gridW;
  return Math.max(step.minW, Math.min(step.maxW, followed));
}

function possible(
  wishW: number,
  store: PlanProblem['storages'][number],
  socWh: number,
  hours: number,
): number {
  const mostW = dischargeForW(store, Math.max(0, socWh - store.minWh) / hours);
  const leastW = chargeForW(store, Math.max(0, store.maxWh - socWh) / hours);
  return Math.max(-Math.min(store.chargeMaxW, leastW), Math.min(store.dischargeMaxW, mostW, wishW));
}

function holdBack(day: PlanProblem, curtailW: number[][], t: number, overW: number): void {
  let leftW = overW;
  day.sources.forEach((source, i) => {
    if (!source.curtailable) return;
    const heldW = curtailW[i]?.[t] ?? 0;
    const moreW = Math.min(leftW, Math.max(0, (source.powerW[t] ?? 0) - heldW));
    put(curtailW, i, t, heldW + moreW);
    leftW -= moreW;
  });
}

function put(rows: readonly number[][], i: number, t: number, value: number): void {
  const row = rows[i];
  if (row) row[t] = value;
}
