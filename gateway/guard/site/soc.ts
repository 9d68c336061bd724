import type { Reading } from '../../contracts/values/reading.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';

/**
 * Charge of a store between two good readings. What flowed since the last one is counted, and
 * each bound moves to its unfavourable side only: charging may have filled it, discharging may
 * have emptied it.
 */
export interface SocTrack {
  readonly atMs: number; // of the last good reading; -Infinity = never
  readonly socPct: number;
  readonly chargedWh: number; // since then, into and out of the store
  readonly dischargedWh: number;
  readonly doubt: SocDoubt | undefined;
  readonly stepWh: number; // + into the store, net, since the gauge showed another value
  readonly jump?: SocJump | undefined; // the newest, for people
}

/** A change of charge that no energy explains. */
export interface SocJump {
  readonly atMs: number; // of the reading that showed it
  readonly fromPct: number;
  readonly toPct: number;
}

/** After a jump that no energy explains: from where, and how many readings agree since. */
export interface SocDoubt {
  readonly lowPct: number;
  readonly highPct: number;
  readonly agreedCount: number;
}

export interface SocView {
  readonly socLowPct: number; // NaN = unknown
  readonly socHighPct: number;
  /** A gauge in whole percent stands for minutes: with what flowed since it moved. */
  readonly fine?: FineCharge;
}

export interface FineCharge {
  readonly lowPct: number;
  readonly highPct: number;
}

export const NO_SOC: SocTrack = {
  atMs: Number.NEGATIVE_INFINITY,
  socPct: Number.NaN,
  chargedWh: 0,
  dischargedWh: 0,
  stepWh: 0,
  doubt: undefined,
};

/** Beyond what flowed, a reading may move by this much before it is doubted. */
const JUMP_PCT = 5;
/** A jump is believed once so many readings have agreed on it. */
const BELIEVED_READINGS = 3;
/** A gauge that is coarser tells nothing in between. */
const STEP_PCT = 1;
/** What flowed may have moved the charge by this much more: losses, and how a gauge rounds. */
const LOSS_SHARE = 0.1;

export interface SocStep {
  readonly nowMs: number;
  readonly dtMs: number; // since the last step
  readonly powerW: number; // + discharging; NaN = unknown
  readonly ratedInW: number; // assumed while the power is unknown
  readonly ratedOutW: number;
  readonly usableWh: number;
  readonly freshMs: number;
}

function count(track: SocTrack, at: SocStep): SocTrack {
  const hours = at.dtMs / HOUR_MS;
  const known = Number.isFinite(at.powerW);
  return {
    ...track,
    stepWh: known ? track.stepWh - hours * at.powerW : track.stepWh,
    chargedWh: track.chargedWh + hours * (known ? Math.max(0, -at.powerW) : at.ratedOutW),
    dischargedWh: track.dischargedWh + hours * (known ? Math.max(0, at.powerW) : at.ratedInW),
  };
}

/**
 * A good reading newer than the last replaces what was counted. A jump is doubted until three
 * readings agree on it: until then the charge may be anything between before and after.
 */
function take(track: SocTrack, socPct: number, atMs: number, at: SocStep): SocTrack {
  const flowedPct = (100 * (track.chargedWh + track.dischargedWh)) / at.usableWh;
  const jumped = Math.abs(socPct - track.socPct) > JUMP_PCT + 2 * flowedPct;
  const stepWh = socPct === track.socPct ? track.stepWh : 0;
  const next = { ...track, atMs, socPct, chargedWh: 0, dischargedWh: 0, stepWh };
  const before = track.doubt;
  if (jumped) {
    const lowPct = Math.min(socPct, track.socPct, before?.lowPct ?? socPct);
    const highPct = Math.max(socPct, track.socPct, before?.highPct ?? socPct);
    const jump = { atMs, fromPct: track.socPct, toPct: socPct };
    return { ...next, jump, doubt: { lowPct, highPct, agreedCount: 1 } };
  }
  if (before === undefined) return next;
  const agreedCount = before.agreedCount + 1;
  return {
    ...next,
    doubt: agreedCount >= BELIEVED_READINGS ? undefined : { ...before, agreedCount },
  };
}

export function socStep(
  before: SocTrack,
  reading: Reading | undefined,
  at: SocStep,
): { readonly track: SocTrack; readonly view: SocView } {
  const counted = count(before, at);
  const isNew = reading?.quality === 'good' && reading.atMs > before.atMs;
  const track = isNew ? take(counted, reading.value, reading.atMs, at) : counted;
  if (!(at.nowMs - track.atMs <= at.freshMs)) {
    return { track, view: { socLowPct: Number.NaN, socHighPct: Number.NaN } };
  }
  const low = track.socPct - (100 * track.dischargedWh) / at.usableWh;
  const high = track.socPct + (100 * track.chargedWh) / at.usableWh;
  const { doubt } = track;
  const socLowPct = Math.min(low, doubt?.lowPct ?? low);
  const socHighPct = Math.max(high, doubt?.highPct ?? high);
  const movedPct = ((1 + LOSS_SHARE) * 100 * track.stepWh) / at.usableWh;
  const fine = {
    lowPct: Math.min(socLowPct, track.socPct + Math.max(-STEP_PCT, Math.min(0, movedPct))),
    highPct: Math.max(socHighPct, track.socPct + Math.min(STEP_PCT, Math.max(0, movedPct))),
  };
  return { track, view: { socLowPct, socHighPct, fine } };
}
