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
