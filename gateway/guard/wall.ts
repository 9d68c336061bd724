import type { Instant } from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';

/** 2026-11-01T00:00Z. No release is older; a machine that says so has lost its clock. */
export const releasedAtMs: Instant = 1_793_491_200_000;
/** More than a leap second: a step, not a correction. */
const STEP_MS = 1_500;
/** Corrections below that are followed at this share of time: nothing jumps, drift is followed. */
const FOLLOW = 0.05;
/** How far a clock may run from the true time, of the while that nobody follows. */
const DRIFT = 0.01;
/** A step is believed when the machine has stayed with it so long, and with nothing else. */
const STEADY_MS = 600_000;

/** What is believed of the machine's wall clock. Offsets are wall minus monotonic, ms. */
export interface WallState {
  readonly offsetMs: number;
  readonly shownMs: number; // the offset that the machine shows beside it
  readonly shownSinceMs: number; // monotonic
  readonly atMs: number; // monotonic, of the last look
  readonly sureMs: number; // monotonic, when the machine's clock was last within a step of it
  readonly isTrusted: boolean;
}

/** @param leastMs  no earlier wall time can be true */
export function wallStart(nowMs: number, wallMs: Instant, leastMs: Instant): WallState {
  const offsetMs = Math.max(wallMs, leastMs) - nowMs;
  const isTrusted = wallMs >= leastMs;
  const shown = { shownMs: wallMs - nowMs, shownSinceMs: nowMs, atMs: nowMs };
  return { ...shown, offsetMs, sureMs: nowMs, isTrusted };
}

/**
 * A machine without a clock of its own, a person at the wrong prompt and a server that lies all
 * move the wall clock; control runs on the monotonic one, and what is promised for an instant must
 * not move with it. So it is believed on its own line, small corrections are followed slowly, and a
 * step only after a while; until then nothing is traded. One that could not be true at the start is
 * believed at once when it can.
 */
export function wallStep(
  before: WallState,
  nowMs: number,
  wallMs: Instant,
  leastMs: Instant,
): WallState {
  const rawMs = wallMs - nowMs;
  const isSteady = Math.abs(rawMs - before.shownMs) <= STEP_MS;
  const shown = {
    shownMs: rawMs,
    shownSinceMs: isSteady ? before.shownSinceMs : nowMs,
    atMs: nowMs,
  };
  const offMs = rawMs - before.offsetMs;
  if (before.isTrusted && Math.abs(offMs) <= STEP_MS) return followed(before, shown, offMs);
  if (wallMs < leastMs) return { ...before, ...shown, isTrusted: false };
  const wasImpossible = before.shownMs + before.atMs < leastMs;
  const isKept = nowMs - shown.shownSinceMs >= STEADY_MS;
  // Back where it was, but for what its own line has drifted meanwhile.
  const isBack = Math.abs(offMs) <= STEP_MS + DRIFT * Math.min(STEADY_MS, nowMs - before.sureMs);
  if (wasImpossible || isKept) {
    return { ...shown, offsetMs: rawMs, sureMs: nowMs, isTrusted: true };
  }
  if (isBack) return followed(before, shown, offMs);
  return { ...before, ...shown, isTrusted: false };
}

type Shown = Pick<WallState, 'shownMs' | 'shownSinceMs' | 'atMs'>;

function followed(before: WallState, shown: Shown, offMs: number): WallState {
  const mostMs = FOLLOW * Math.max(0, shown.atMs - before.atMs);
  const moveMs = Math.max(-mostMs, Math.min(mostMs, offMs));
  const sureMs = Math.abs(offMs) <= STEP_MS ? shown.atMs : before.sureMs;
  return { ...shown, offsetMs: before.offsetMs + moveMs, sureMs, isTrusted: true };
}

/** A clock whose wall face is believed as above. @param leastMs  no earlier time can be true */
export function believedClock(clock: Clock, leastMs: Instant): Clock {
  let state = wallStart(clock.monoMs(), clock.wallMs(), leastMs);
  const look = (): WallState => {
    state = wallStep(state, clock.monoMs(), clock.wallMs(), leastMs);
    return state;
  };
  return {
    speed: clock.speed,
    monoMs: clock.monoMs,
    wallMs: () => {
      const { offsetMs, atMs } = look();
      return Math.floor(offsetMs + atMs);
    },
    isWallTrusted: () => look().isTrusted,
    at: clock.at,
    realMs: clock.realMs,
    realAt: clock.realAt,
  };
}
