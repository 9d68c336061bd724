import type { SeenNeed } from '../../../contracts/values/levels.ts';
import type { PlanStep } from '../../../contracts/values/plan.ts';
import type { Connection } from '../../../contracts/values/site.ts';
import { type Meanwhile, meanwhile, NOTHING_YET } from '../meanwhile.ts';
import type { View } from '../types.ts';

/** What a site needs without its batteries in the running demand window, W: + deficit. */
export interface NeedState {
  readonly soFar: Meanwhile;
  readonly recentW: number; // of late; NaN = not known
}

export const NO_NEED: NeedState = { soFar: NOTHING_YET, recentW: Number.NaN };

/** The rest of a window is expected to be as the last minute was. */
const RECENT_MS = 60_000;

/** @param needW  now; NaN = not known */
export function needSeen(
  before: NeedState,
  { site }: View,
  { demandWindowMs }: Connection,
  needW: number,
  nowMs: number,
): NeedState {
  const sample = { nowMs, wallMs: site.wallMs, lengthMs: demandWindowMs, gridW: needW };
  const soFar = meanwhile(before.soFar, sample);
  if (!Number.isFinite(needW)) return { soFar, recentW: before.recentW };
  const sinceMs = nowMs - before.soFar.atMs;
  const isNew = !Number.isFinite(before.recentW) || !(sinceMs < RECENT_MS);
  const share = isNew ? 1 : sinceMs / RECENT_MS;
  const recentW = isNew ? needW : before.recentW + share * (needW - before.recentW);
  return { soFar, recentW };
}

/** Mean need of the running window, as far as it can be told; what is unknown counts as of late. */
export function meanNeedW(
  { soFar, recentW }: NeedState,
  { site }: View,
  { demandWindowMs }: Connection,
): number {
  const knownMs = Math.max(0, site.wallMs - soFar.fromMs - soFar.unknownMs);
  const knownWms = soFar.netWh * 3_600_000;
  return (knownWms + recentW * (demandWindowMs - knownMs)) / demandWindowMs;
}

/** What the running step of the plan has shown; a new plan in its midst begins nothing anew. */
export interface StepNeed {
  readonly untilMs: number; // wall clock, end of the step; NaN = none yet
  readonly atMs: number; // monotonic, last sample
  readonly knownMs: number;
  readonly needWh: number; // in these, + deficit
}

export const NO_STEP: StepNeed = {
  untilMs: Number.NaN,
  atMs: Number.NaN,
  knownMs: 0,
  needWh: 0,
};

/** Of a step that has not begun, or whose meter is silent. */
export const NOTHING_SEEN: SeenNeed = { needW: Number.NaN, share: 0 };

/** @param needW  now; NaN = not known */
export function stepSeen(
  before: StepNeed,
  step: PlanStep | undefined,
  { site: { wallMs } }: View,
  needW: number,
  nowMs: number,
): StepNeed {
  if (step === undefined) return NO_STEP;
  const untilMs = step.fromMs + step.durationMs;
  const isSame = untilMs === before.untilMs;
  const sinceMs = Math.max(0, nowMs - before.atMs);
  const spanMs = isSame ? sinceMs : Math.min(sinceMs, wallMs - step.fromMs);
  const isKnown = Number.isFinite(needW) && Number.isFinite(spanMs);
  return {
    untilMs,
    atMs: nowMs,
    knownMs: (isSame ? before.knownMs : 0) + (isKnown ? spanMs : 0),
    needWh: (isSame ? before.needWh : 0) + (isKnown ? (needW * spanMs) / 3_600_000 : 0),
  };
}

/** Its mean, and how much of the step that is: the rest of it is still to come. */
export function seenOf({ untilMs, knownMs, needWh }: StepNeed, { site }: View): SeenNeed {
  const leftMs = Math.max(0, untilMs - site.wallMs);
  if (!(knownMs > 0)) return NOTHING_SEEN;
  return { needW: (needWh * 3_600_000) / knownMs, share: knownMs / (knownMs + leftMs) };
}
