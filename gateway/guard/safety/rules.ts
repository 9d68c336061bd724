import { clamp, type TerminalLimits, type TerminalMemory, type Told } from './facts.ts';

/** A wish after the rules that spare the equipment; protection may overrule them, a wish never. */
export interface Eased {
  readonly powerW: number;
  readonly code: string;
}

/**
 * Up to this, or this share of nameplate, is rest and not a direction: what follows a meter
 * flickers.
 */
const REST_W = 50;
const REST_SHARE = 0.01;

export function directionOf(
  limits: Pick<TerminalLimits, 'ratedInW' | 'ratedOutW'>,
  powerW: number,
): -1 | 0 | 1 {
  const restW = Math.max(REST_W, REST_SHARE * Math.max(limits.ratedInW, limits.ratedOutW));
  if (powerW > restW) return 1;
  return powerW < -restW ? -1 : 0;
}

/** The direction that really stands: a verdict may not have been worth a write, or got lost. */
export function turnedAs(memory: TerminalMemory, way: Told | undefined): TerminalMemory {
  if (way === undefined) return memory;
  const { direction, turnedAtMs = memory.turnedAtMs } = way;
  return { ...memory, direction, turnedAtMs };
}

/** No change of direction before the last one has rested. */
export function rest(
  limits: TerminalLimits,
  memory: TerminalMemory,
  wish: Eased,
  nowMs: number,
): Eased {
  const direction = directionOf(limits, wish.powerW);
  if (direction === 0 || memory.direction === 0 || direction === memory.direction) return wish;
  if (nowMs - memory.turnedAtMs >= limits.directionRestMs) return wish;
  return { powerW: 0, code: 'DIRECTION_REST' };
}

/**
 * No faster than the slew rate, from what the device was last told: the last verdict may never have
 * reached it, and after a start there is none. Otherwise from that verdict, or from what is
 * measured.
 * @param toldW  NaN = its device is free, undefined = nobody knows
 * @param fromW  measured power, NaN = unknown (then from rest)
 */
export function slew(
  limits: TerminalLimits,
  memory: TerminalMemory,
  wish: Eased,
  nowMs: number,
  toldW: number | undefined,
  fromW: number,
): Eased {
  if (!(limits.slewWPerS < Number.POSITIVE_INFINITY)) return wish;
  const lastW = toldW === undefined ? memory.powerW : toldW;
  const startW = [lastW, fromW].find(Number.isFinite) ?? 0;
  const seconds = Math.max(0, nowMs - memory.atMs) / 1_000;
  const stepW = limits.slewWPerS * (Number.isFinite(seconds) ? seconds : 0);
  const powerW = clamp(wish.powerW, startW - stepW, startW + stepW);
  return powerW === wish.powerW ? wish : { powerW, code: 'SLEW' };
}

/** Largest step that draws no more than `drawW` >= 0. */
export function stepDown(limits: TerminalLimits, drawW: number): number {
  let best = 0;
  for (const { powerW } of limits.steps) {
    if (powerW <= drawW) best = Math.max(best, powerW);
  }
  return best;
}

/** Draw of an on-off load or a charger, rounded down to what it can do. */
export function drawn(limits: TerminalLimits, drawW: number): number {
  if (limits.kind === 'steps') return stepDown(limits, drawW);
  return drawW >= limits.ratedOutW ? limits.ratedOutW : 0;
}

/** Smallest draw above nothing. */
function leastDraw(limits: TerminalLimits): number {
  if (limits.kind === 'on-off') return limits.ratedOutW;
  return limits.steps.find(({ powerW }) => powerW > 0)?.powerW ?? 0;
}

/**
 * Minimum run and rest. A release lets the load start by itself, so it counts as on.
 * @returns powerW <= 0, NaN = released
 */
export function runAndRest(
  limits: TerminalLimits,
  memory: TerminalMemory,
  wish: Eased,
  nowMs: number,
): Eased {
  const wantsOn = !(wish.powerW === 0);
  const sinceMs = nowMs - memory.switchedAtMs;
  if (memory.on && !wantsOn && sinceMs < limits.minRunMs) {
    return { powerW: -leastDraw(limits), code: 'MIN_RUN' };
  }
  if (!memory.on && wantsOn && sinceMs < limits.minRestMs) return { powerW: 0, code: 'MIN_REST' };
  return wish;
}
