import type { Builder } from './builder.ts';
import { hoursOf, type PlanProblem } from './problem.ts';

/** Decisions that rounding has taken: the linear model is solved around them. */
export interface Fixed {
  readonly switchedShare?: readonly (readonly number[])[];
  readonly carOn?: readonly (readonly boolean[])[]; // off: 0; on: between least and most
  /** By step: which of two opposite flows is barred. */
  readonly noBuy?: ReadonlySet<number>;
  readonly noSell?: ReadonlySet<number>;
  readonly noCharge?: ReadonlySet<string>; // 'storage:step'
  readonly noDischarge?: ReadonlySet<string>;
  readonly leastCharge?: ReadonlySet<string>; // charges at its minimum at least
  /** How part-load losses are modelled, by storage; absent: by the hull. */
  readonly ways?: readonly FlowWays[];
}

/**
 * A flow's losses in a step: exactly, with binaries; by the convex hull of its curve; by a constant
 * ratio of store power to terminal power; on one piece of its curve, where it then stays.
 */
export type FlowWay = 'exact' | 'hull' | number | { readonly pieceIndex: number };

/** Of one battery, by step. */
export interface FlowWays {
  readonly charge: readonly FlowWay[];
  readonly discharge: readonly FlowWay[];
}

/** What the model decides as whole numbers, for the branch and bound. */
export interface Whole {
  /** On-off loads, minimum powers, full stores. */
  readonly loads: boolean;
  /** Where opposite flows are kept apart, or a curve is followed exactly: keys of breaches. */
  readonly apart: ReadonlySet<string>;
}

/** Where the decisions stand in the model's columns. */
export interface Layout {
  readonly buyIndex: readonly number[];
  readonly sellIndex: readonly number[];
  readonly curtailIndex: readonly (readonly number[])[];
  readonly chargeIndex: readonly (readonly number[])[];
  readonly dischargeIndex: readonly (readonly number[])[];
  readonly switchedIndex: readonly (readonly number[])[];
  readonly carIndex: readonly (readonly number[])[];
  readonly socRow: readonly (readonly number[])[]; // rows, for the worth of stored energy
}

export interface Draft {
  readonly problem: PlanProblem;
  readonly fixed: Fixed;
  readonly whole: Whole;
  readonly builder: Builder;
  readonly scale: number; // currency per kWh
  readonly mostKw: number; // more than can ever flow at the connection
}

export const INF = Number.POSITIVE_INFINITY;

export type Term = readonly [number, number];

/** Column of a row of columns at a step. */
export const columnAt = (rows: readonly (readonly number[])[], i: number, t: number): number =>
  rows[i]?.[t] ?? 0;

/** Import at the connection less export, kW: terms, and what the market position adds to them. */
export function exchange(
  { problem }: Draft,
  layout: Layout,
  t: number,
): { readonly terms: readonly Term[]; readonly soldKw: number } {
  const step = problem.steps[t];
  return {
    terms: [
      [layout.buyIndex[t] ?? 0, 1],
      [layout.sellIndex[t] ?? 0, -1],
    ],
    soldKw: step ? step.soldWh / hoursOf(step) / 1_000 : 0,
  };
}
