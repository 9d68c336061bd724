import { keysOf, noiseAt, type StreamKey, uniformAt } from '../random.ts';
import { localAt } from './local.ts';
import { type Script, scriptedW } from './script.ts';
import { type Advanced, clamp, counted, type PlaceTruth, type Surroundings } from './types.ts';

/** Uncontrolled consumption: a two-shift factory, a house, or nothing. */
export interface LoadConfig {
  readonly kind: 'load';
  readonly id: string;
  readonly model: 'factory' | 'house' | 'none';
  readonly peakW: number; // about the highest draw, the model is scaled to it
  readonly script?: Script; // in place of the model
}

export interface LoadState {
  readonly inWh: number;
  readonly outWh: number;
}

const MINUTE = 60_000;
const keyOf = keysOf('load');

/** Straight line through (minute, value) corners. */
function between(corners: readonly (readonly [number, number])[], minute: number): number {
  let [fromMinute, from] = corners[0] ?? [0, 0];
  for (const [untilMinute, until] of corners) {
    if (minute < untilMinute) {
      return from + ((until - from) * (minute - fromMinute)) / (untilMinute - fromMinute);
    }
    fromMinute = untilMinute;
    from = until;
  }
  return from;
}

/**
 * Share of machines at work: shifts 6-14 and 14-22 with breaks and the change-over between them.
 */
const SHIFTS = [
  [0, 0],
  [330, 0],
  [375, 1],
  [588, 1],
  [600, 0.5],
  [625, 0.5],
  [640, 1],
  [825, 1],
  [840, 0.6],
  [862, 1],
  [1068, 1],
  [1080, 0.5],
  [1105, 0.5],
  [1120, 1],
  [1300, 1],
  [1335, 0],
  [1440, 0],
] as const;

/** Activity of the factory, 0..1, in local time; a maintenance crew on Saturday morning. */
export function shiftActivity(atMs: number, timeZone: string): number {
  const { weekday, minuteOfDay } = localAt(atMs, timeZone);
  if (weekday === 7) return 0;
  const activity = between(SHIFTS, minuteOfDay);
  return weekday === 6 ? (minuteOfDay < 780 ? 0.2 * activity : 0) : activity;
}

/** Machines that start and stop: each runs in slots of `slotMs` with probability `duty`. */
function machines(
  key: StreamKey,
  atMs: number,
  count: number,
  slotMs: number,
  duty: number,
): number {
  let running = 0;
  for (let n = 0; n < count; n += 1) {
    const shifted = atMs + n * slotMs * 0.37;
    if (uniformAt(key ^ (n + 1), Math.floor(shifted / slotMs)) < duty) running += 1;
  }
  return running;
}

function factory(key: StreamKey, atMs: number, timeZone: string): number {
  const activity = shiftActivity(atMs, timeZone);
  const base = 0.13 + 0.01 * noiseAt(key, atMs, 40 * MINUTE);
  if (activity === 0) return base;
  const line =
    0.47 + 0.07 * noiseAt(key ^ 11, atMs, 25 * MINUTE) + 0.02 * noiseAt(key ^ 12, atMs, 7_000);
  const presses = 0.085 * machines(key ^ 13, atMs, 3, 5 * MINUTE, 0.6);
  return base + activity * (line + presses);
}

const DAY_CURVE = [
  [0, 0.05],
  [330, 0.05],
  [400, 0.14],
  [450, 0.2],
  [540, 0.11],
  [700, 0.16],
  [780, 0.12],
  [1000, 0.12],
  [1080, 0.24],
  [1230, 0.22],
  [1350, 0.1],
  [1440, 0.05],
] as const;

/** Appliances: share of the peak, minutes, and how much likelier when the house is busy. */
const APPLIANCES = [
  [0.42, 8, 0.9], // kettle, oven start
  [0.3, 35, 0.5], // cooking, washing
  [0.16, 60, 0.4], // dishwasher, drying
] as const;

function house(key: StreamKey, atMs: number, timeZone: string): number {
  const { minuteOfDay } = localAt(atMs, timeZone);
  const busy = between(DAY_CURVE, minuteOfDay);
  const fridge = uniformAt(key ^ 21, Math.floor(atMs / (14 * MINUTE))) < 0.4 ? 0.018 : 0;
  let share = 0.8 * busy + 0.015 * (1 + noiseAt(key, atMs, 9 * MINUTE)) + fridge;
  APPLIANCES.forEach(([power, minutes, likely], n) => {
    const slot = Math.floor(atMs / (minutes * MINUTE));
    if (uniformAt(key ^ (31 + n), slot) < likely * busy) share += power;
  });
  return share + 0.004 * noiseAt(key ^ 41, atMs, 5_000);
}

/** Draw of the model at an instant, W, >= 0: a pure function of seed and time. */
export function loadPowerW(
  config: LoadConfig,
  seed: number,
  timeZone: string,
  atMs: number,
): number {
  const key = keyOf(config, seed);
  const share =
    config.model === 'factory'
      ? factory(key, atMs, timeZone)
      : config.model === 'house'
        ? house(key, atMs, timeZone)
        : 0;
  return config.peakW * clamp(share, 0, 1.1);
}

export function advanceLoad(
  config: LoadConfig,
  state: LoadState,
  seed: number,
  s: Surroundings,
): Advanced<LoadState> {
  const drawW = s.drive
    ? (s.drive.loadWh(s.fromMs, s.fromMs + s.dtMs) * 3_600_000) / s.dtMs
    : (scriptedW(config.script, s.fromMs + s.dtMs / 2) ??
      loadPowerW(config, seed, s.timeZone, s.fromMs + s.dtMs / 2));
  const next = counted(state, 0 - drawW, s.dtMs);
  const place: PlaceTruth = { kind: 'load', powerW: 0 - drawW, ...next };
  return { state: next, places: { [config.id]: place } };
}
