import type { Reading } from '../../contracts/values/reading.ts';

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
  readonly doubtUntilMs: number; // after a jump that no energy explains
  readonly doubtLowPct: number;
  readonly doubtHighPct: number;
}

export interface SocView {
  readonly socLowPct: number; // NaN = unknown
  readonly socHighPct: number;
}

export const NO_SOC: SocTrack = {
  atMs: Number.NEGATIVE_INFINITY,
  socPct: Number.NaN,
  chargedWh: 0,
  dischargedWh: 0,
  doubtUntilMs: Number.NEGATIVE_INFINITY,
  doubtLowPct: Number.NaN,
  doubtHighPct: Number.NaN,
};

/** Beyond what flowed, a reading may move by this much before it is doubted. */
const JUMP_PCT = 5;
const HOUR_MS = 3_600_000;

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
    chargedWh: track.chargedWh + hours * (known ? Math.max(0, -at.powerW) : at.ratedOutW),
    dischargedWh: track.dischargedWh + hours * (known ? Math.max(0, at.powerW) : at.ratedInW),
  };
}

/**
 * A good reading newer than the last replaces what was counted; a jump is doubted for one
 * freshness time.
 */
function take(track: SocTrack, socPct: number, atMs: number, at: SocStep): SocTrack {
  const flowedPct = (100 * (track.chargedWh + track.dischargedWh)) / at.usableWh;
  const jumped = Math.abs(socPct - track.socPct) > JUMP_PCT + 2 * flowedPct;
  const doubt = jumped
    ? {
        doubtUntilMs: at.nowMs + at.freshMs,
        doubtLowPct: Math.min(socPct, track.socPct),
        doubtHighPct: Math.max(socPct, track.socPct),
      }
    : {};
  return { ...track, ...doubt, atMs, socPct, chargedWh: 0, dischargedWh: 0 };
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
  const doubted = at.nowMs < track.doubtUntilMs;
  return {
    track,
    view: {
      socLowPct: doubted ? Math.min(low, track.doubtLowPct) : low,
      socHighPct: doubted ? Math.max(high, track.doubtHighPct) : high,
    },
  };
}
