import type { Basis } from '../../contracts/values/linear-model.ts';
import type { Conversion } from '../../contracts/values/part-load.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { KeptDay } from './value/ahead.ts';

/**
 * One planning problem, complete: what is expected, what may be done and what it costs. Powers W >=
 * 0 in the direction that the name says, energies Wh, prices nano-currency per Wh. Nothing here is
 * a device.
 */
export interface PlanProblem {
  readonly issuedAtMs: Instant;
  readonly steps: readonly StepInput[];
  readonly sources: readonly Source[];
  readonly storages: readonly Storage[];
  readonly switched: readonly SwitchedLoad[];
  readonly cars: readonly Car[];
  readonly converters: readonly Converter[];
  readonly demand: Demand | undefined;
  readonly commitments?: readonly Commitment[];
  /** What stores give never leaves the site: only production is exported (EEG 2023 section 19). */
  readonly exportOnlyFromSources?: boolean;
}

/** What one plan leaves to the next: where its linear program ended, and the running day. */
export interface PlanMemory {
  basis?: Basis | undefined;
  readonly day?: KeptDay;
}

export interface StepInput {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly loadW: number; // uncontrolled
  readonly marginW: number; // kept for what the load may do beyond it, where the peak counts
  readonly importNanoPerWh: number;
  readonly exportNanoPerWh: number;
  readonly isPriceForecast?: boolean; // the market has not told them
  readonly importLimitW: number;
  readonly exportLimitW: number;
  readonly softImportW: number; // the owner's own peak limit; Infinity = none
  readonly soldWh: number; // market position, + sold: only what differs from it is at the tariff
}

/** Production, by step. */
export interface Source {
  readonly terminal: string;
  readonly powerW: readonly number[];
  readonly curtailable: boolean;
  readonly converter: string | undefined; // behind which it stands
  readonly curtailNanoPerWh?: number; // a premium lost with each Wh held back
}

export interface Storage extends Conversion {
  readonly terminal: string;
  readonly usableWh: number;
  readonly nowWh: number;
  readonly minWh: number; // band and reserve; may be left only by a start outside it
  readonly maxWh: number;
  readonly chargeMaxW: number;
  readonly dischargeMaxW: number;
  readonly wearNanoPerWh: number; // per Wh into or out of the store
  readonly endNanoPerWh: number; // worth of a Wh left at the end
  readonly isFilling?: boolean; // a full charge is due: it is to end full
  readonly converter: string | undefined;
  /** Terminal of the storage on whose store this port works; its own levels do not count. */
  readonly storeOf?: string;
  readonly chargeMinW?: number; // below it only 0, unless an owed charge fills it
  readonly mayChargeFromGrid?: boolean; // false: no import while it charges
  readonly mayExport?: boolean; // false: no export while it discharges
  readonly goals?: readonly Goal[];
  /** Charge that is wanted in each step, at the terminal, until the store is full. */
  readonly owedWh?: readonly number[];
}

/** A level that a store is to have after a step. */
export interface Goal {
  readonly atStep: number;
  readonly minWh: number;
  readonly maxWh: number; // Infinity: only the least counts
  readonly missedNanoPerWh?: number; // absent: as a car that is not ready
}

/** A price on exchange beyond a power, one or both ways of counting. */
export interface Commitment {
  readonly side: 'import' | 'export';
  readonly beyondW: number;
  readonly worstNanoPerW?: number; // once, on the step that goes furthest beyond
  readonly eachNanoPerWh?: number; // on all energy beyond
}

/** An on-off load that owes so much energy in each window of steps. */
export interface SwitchedLoad {
  readonly terminal: string;
  readonly powerW: number;
  readonly minRunSteps: number;
  readonly minRestSteps: number;
  readonly quotas: readonly {
    readonly fromStep: number;
    readonly untilStep: number;
    readonly energyWh: number;
  }[];
}

export interface Car {
  readonly terminal: string;
  readonly minW: number; // below it only 0
  readonly maxW: number;
  readonly needWh: number; // by the deadline
  readonly untilStep: number;
}

/** A converter between its own dc node and the ac node; limits the sum of what stands behind it. */
export interface Converter {
  readonly id: string;
  readonly intoW: number; // towards the ac node
  readonly outOfW: number;
}

export interface Demand {
  readonly nanoPerW: number;
  readonly soFarW: number; // highest mean import of the running period
}

/** What is decided, by step; every power W >= 0 except where the name says. */
export interface Schedule {
  readonly curtailW: readonly (readonly number[])[]; // by source
  readonly chargeW: readonly (readonly number[])[]; // by storage
  readonly dischargeW: readonly (readonly number[])[];
  readonly switchedShare: readonly (readonly number[])[]; // by load, 0..1
  readonly carW: readonly (readonly number[])[];
}

export const hoursOf = (step: StepInput): number => step.durationMs / 3_600_000;

/**
 * Penalties of broken promises, as multiples of the dearest energy: limits, the battery's band,
 * comfort, the owner's own peak limit.
 */
export const TIER = { limit: 1_000, band: 100, car: 20, quota: 10, peak: 3 } as const;

/** Scale of prices of a problem, nano-currency per Wh, > 0. */
export function priceScale(problem: PlanProblem): number {
  let most = 1_000;
  for (const step of problem.steps) {
    most = Math.max(most, Math.abs(step.importNanoPerWh), Math.abs(step.exportNanoPerWh));
  }
  const shortest = Math.min(...problem.steps.map(hoursOf));
  for (const { worstNanoPerW = 0, eachNanoPerWh = 0 } of problem.commitments ?? []) {
    most = Math.max(most, worstNanoPerW / shortest, eachNanoPerWh);
  }
  return most;
}

/** The storage whose store a storage works on: itself, or that of which it is a further port. */
export function storeIndex(problem: PlanProblem, s: number): number {
  const of = problem.storages[s]?.storeOf;
  const found = of === undefined ? s : problem.storages.findIndex((one) => one.terminal === of);
  return found < 0 ? s : found;
}

/** Weight of an owed charge that is missed: what is missed early weighs more. */
export const owedTier = (problem: PlanProblem, t: number): number =>
  TIER.car * (2 - t / problem.steps.length);
