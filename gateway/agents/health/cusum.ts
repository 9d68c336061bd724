import type { Instant } from '../../contracts/values/time.ts';

/**
 * Two-sided CUSUM on a residual, with a slow baseline (EWMA) and a spread of its own: what a site
 * does usually is no alarm there. O(1), plain data, kept over restarts. Source: Page 1954; k = 0.5
 * and a limit of 8 sigma, beyond a slack in the residual's own unit.
 */
export interface Cusum {
  readonly n: number;
  readonly mean: number;
  readonly devShare: number; // mean absolute deviation
  readonly high: Side;
  readonly low: Side;
  readonly calmCount: number; // samples at the baseline since the alarm
}

interface Side {
  readonly score: number;
  readonly sinceMs: Instant; // where the score left 0
  readonly sum: number; // of the residual beyond the baseline, since then
  readonly count: number;
  readonly isAlarm: boolean;
}

export interface CusumSettings {
  readonly learnCount: number; // samples before the first judgement
  readonly slackShare: number; // a change so small is none
  readonly floorShare: number; // least sigma
  readonly learnShare?: number; // of a new sample; 0.05 without
  readonly isFixed?: boolean; // the baseline is 0 and learns nothing
}

/** A change that stands: how much, since when, on how many samples, and how sure. */
export interface Change {
  readonly sizeShare: number; // signed
  readonly sinceMs: Instant;
  readonly count: number;
  readonly isSure: boolean; // otherwise likely
}

const CALM: Side = { score: 0, sinceMs: 0, sum: 0, count: 0, isAlarm: false };
export const NEW_CUSUM: Cusum = { n: 0, mean: 0, devShare: 0, high: CALM, low: CALM, calmCount: 0 };

const DRIFT_SCORE = 0.5;
const LIMIT_SCORE = 8;
const MOST_SCORE = 4 * LIMIT_SCORE;
const SURE_SCORE = 2.5 * LIMIT_SCORE;
const CLIP_SCORE = 3; // of one sample: an outlier alone is no change
const LEARN_SHARE = 0.05;
const CALM_COUNT = 7;
const MAD_SIGMA = 1.25; // of a normal distribution

export function cusumStep(before: Cusum, value: number, atMs: Instant, of: CusumSettings): Cusum {
  if (before.n < of.learnCount) return learn(before, value, of);
  const sigma = Math.max(of.floorShare, MAD_SIGMA * before.devShare);
  const off = value - before.mean;
  const beyond = Math.sign(off) * Math.max(0, Math.abs(off) - of.slackShare);
  const score = Math.max(-CLIP_SCORE, Math.min(CLIP_SCORE, beyond / sigma));
  const high = side(before.high, score, off, atMs);
  const low = side(before.low, -score, off, atMs);
  if (high.isAlarm || low.isAlarm) {
    const calmCount = Math.abs(beyond) <= 2 * sigma ? before.calmCount + 1 : 0;
    const isOver = calmCount >= CALM_COUNT;
    return isOver
      ? { ...before, high: CALM, low: CALM, calmCount: 0 }
      : { ...before, high, low, calmCount };
  }
  const { learnShare = LEARN_SHARE } = of;
  const step = Math.max(-CLIP_SCORE * sigma, Math.min(CLIP_SCORE * sigma, off));
  return {
    n: before.n + 1,
    mean: of.isFixed ? 0 : before.mean + learnShare * step,
    devShare: before.devShare + LEARN_SHARE * (Math.abs(step) - before.devShare),
    high,
    low,
    calmCount: 0,
  };
}

function learn(before: Cusum, value: number, { isFixed }: CusumSettings): Cusum {
  const n = before.n + 1;
  const mean = isFixed ? 0 : before.mean + (value - before.mean) / n;
  const devShare = before.devShare + (Math.abs(value - mean) - before.devShare) / n;
  return { ...before, n, mean, devShare };
}

function side(before: Side, score: number, off: number, atMs: Instant): Side {
  const now = Math.min(MOST_SCORE, before.score + score - DRIFT_SCORE);
  if (now <= 0 && !before.isAlarm) return CALM;
  return {
    score: Math.max(0, now),
    sinceMs: before.count === 0 ? atMs : before.sinceMs,
    sum: before.sum + off,
    count: before.count + 1,
    isAlarm: before.isAlarm || now > LIMIT_SCORE,
  };
}

export function changeOf({ high, low }: Cusum): Change | undefined {
  const found = low.isAlarm ? low : high.isAlarm ? high : undefined;
  if (found === undefined) return undefined;
  const { sum, count, sinceMs, score } = found;
  return { sizeShare: sum / count, sinceMs, count, isSure: score > SURE_SCORE };
}
