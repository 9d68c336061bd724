import type { Instant } from '../../contracts/values/time.ts';
import { type Cusum, type CusumSettings, changeOf, cusumStep, NEW_CUSUM } from './cusum.ts';
import { type Finding, median, type StoreQuarter } from './types.ts';

const FULL_PCT = 99;
const EMPTY_PCT = 6;
const LEAST_SPAN_PCT = 50;
/** A battery's own word for its charge is so far off between its ends, either way. */
const SOC_ERROR_PCT = 4;
const BACK_SHARE = 0.1; // of what was given: with more charge in between it is no discharge
const KEPT_COUNT = 12;
const NEAR_PCT = 2;

const SMALLER: CusumSettings = { learnCount: 5, slackShare: 0.04, floorShare: 0.015 };
const LOSS: CusumSettings = { learnCount: 5, slackShare: 0.03, floorShare: 0.01 };
const RESISTANCE: CusumSettings = { learnCount: 10, slackShare: 0.15, floorShare: 0.05 };

/** A discharge from full so far. */
interface Discharge {
  readonly givenWh: number;
  readonly takenWh: number;
  readonly lowPct: number;
  readonly givenAtLowWh: number; // net, when it was lowest
}

/** Charge and discharge since the battery last stood at this charge. */
interface Cycle {
  readonly socPct: number;
  readonly givenWh: number;
  readonly takenWh: number;
}

/** Energy of a full discharge: a value between two anchors, otherwise a band. */
export interface Capacity {
  readonly energyWh: number;
  readonly lowWh: number;
  readonly highWh: number;
}

export interface StoreState {
  readonly discharge: Discharge | undefined;
  readonly cycle: Cycle | undefined;
  readonly capacities: readonly Capacity[]; // the newest
  readonly efficiencyPct: number | undefined; // the newest
  readonly smaller: Cusum;
  readonly loss: Cusum;
  readonly resistance: Cusum;
  readonly ohms: readonly number[]; // of the running day
}

export const NEW_STORE: StoreState = {
  ...{ discharge: undefined, cycle: undefined, capacities: [], efficiencyPct: undefined },
  ...{ smaller: NEW_CUSUM, loss: NEW_CUSUM, resistance: NEW_CUSUM, ohms: [] },
};

export function storeQuarter(before: StoreState, one: StoreQuarter, atMs: Instant): StoreState {
  const { givenWh, takenWh, socPct, resistanceOhm } = one;
  const ohms = resistanceOhm === undefined ? before.ohms : [...before.ohms, resistanceOhm];
  if (givenWh === undefined || takenWh === undefined || socPct === undefined) {
    return { ...before, ohms, discharge: undefined, cycle: undefined };
  }
  const state = { ...before, ohms };
  return discharged(cycled(state, one, socPct, givenWh, takenWh, atMs), {
    ...{ usableWh: one.usableWh, socPct, givenWh, takenWh, atMs },
  });
}

/** The day's load steps become one sample; a polled voltage shows a trend, never a resistance. */
export function storeDay(before: StoreState, dayMs: Instant): StoreState {
  if (before.ohms.length < 3) return { ...before, ohms: [] };
  const ohm = median(before.ohms);
  const usual = before.resistance;
  const scale = usual.n === 0 ? ohm : undefined;
  const resistance = cusumStep(usual, ohm, dayMs, scaled(RESISTANCE, scale ?? usual.mean));
  return { ...before, ohms: [], resistance };
}

/** Shares of a usual value, in its unit. */
const scaled = (of: CusumSettings, usual: number): CusumSettings => ({
  ...of,
  slackShare: of.slackShare * Math.abs(usual),
  floorShare: of.floorShare * Math.abs(usual),
});

interface Step {
  readonly usableWh: number;
  readonly socPct: number;
  readonly givenWh: number;
  readonly takenWh: number;
  readonly atMs: Instant;
}

function discharged(before: StoreState, step: Step): StoreState {
  const { socPct, givenWh, takenWh } = step;
  if (socPct >= FULL_PCT) {
    const closed = before.discharge ? counted(before, before.discharge, step) : before;
    return { ...closed, discharge: { givenWh: 0, takenWh: 0, lowPct: socPct, givenAtLowWh: 0 } };
  }
  const { discharge } = before;
  if (discharge === undefined) return before;
  const given = discharge.givenWh + givenWh;
  const taken = discharge.takenWh + takenWh;
  const isLow = socPct < discharge.lowPct;
  const now: Discharge = {
    givenWh: given,
    takenWh: taken,
    lowPct: Math.min(socPct, discharge.lowPct),
    givenAtLowWh: isLow ? given - taken : discharge.givenAtLowWh,
  };
  if (socPct <= EMPTY_PCT) return { ...counted(before, now, step), discharge: undefined };
  if (taken <= BACK_SHARE * Math.max(given, step.usableWh / 4)) {
    return { ...before, discharge: now };
  }
  // It is charged again: what was given until then counts where the span was long enough.
  return { ...counted(before, discharge, step), discharge: undefined };
}

/** Counts a discharge from full to its lowest point. */
function counted(before: StoreState, of: Discharge, { usableWh, atMs }: Step): StoreState {
  const spanPct = 100 - of.lowPct;
  if (spanPct < LEAST_SPAN_PCT || of.givenAtLowWh <= 0) return before;
  const energyWh = (100 * of.givenAtLowWh) / spanPct;
  const errorPct = of.lowPct <= EMPTY_PCT ? 1 : SOC_ERROR_PCT;
  const capacity: Capacity = {
    energyWh: Math.round(energyWh),
    lowWh: Math.round((100 * of.givenAtLowWh) / (spanPct + errorPct)),
    highWh: Math.round((100 * of.givenAtLowWh) / (spanPct - errorPct)),
  };
  const smaller = cusumStep(before.smaller, energyWh / usableWh, atMs, SMALLER);
  return { ...before, smaller, capacities: [...before.capacities, capacity].slice(-KEPT_COUNT) };
}

/** Round trip: what came back of what went in, between two instants of the same charge. */
function cycled(
  before: StoreState,
  { usableWh }: StoreQuarter,
  socPct: number,
  givenWh: number,
  takenWh: number,
  atMs: Instant,
): StoreState {
  const { cycle } = before;
  if (cycle === undefined) return { ...before, cycle: { socPct, givenWh: 0, takenWh: 0 } };
  const now = { ...cycle, givenWh: cycle.givenWh + givenWh, takenWh: cycle.takenWh + takenWh };
  const isBack = Math.abs(socPct - cycle.socPct) <= NEAR_PCT;
  // Over two whole charges what the charge was off by at both ends is a small part.
  if (!isBack || now.takenWh < 2 * usableWh) return { ...before, cycle: now };
  const leftWh = ((socPct - cycle.socPct) / 100) * usableWh;
  const efficiency = (now.givenWh + leftWh) / now.takenWh;
  return {
    ...before,
    cycle: { socPct, givenWh: 0, takenWh: 0 },
    efficiencyPct: Math.round(1_000 * efficiency) / 10,
    loss: cusumStep(before.loss, efficiency, atMs, LOSS),
  };
}

export function storeFindings(id: string, state: StoreState): Finding[] {
  const found: Finding[] = [];
  const smaller = changeOf(state.smaller);
  if (smaller && smaller.sizeShare < 0) found.push({ ...smaller, kind: 'BATTERY_SMALLER', id });
  const loss = changeOf(state.loss);
  if (loss && loss.sizeShare < 0) found.push({ ...loss, kind: 'BATTERY_LOSS', id });
  const resistance = changeOf(state.resistance);
  const { mean } = state.resistance;
  if (resistance && resistance.sizeShare > 0 && mean > 0) {
    const sizeShare = resistance.sizeShare / mean;
    found.push({ ...resistance, sizeShare, kind: 'BATTERY_RESISTANCE', id });
  }
  return found;
}
