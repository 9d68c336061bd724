import { MINUTE_MS } from '../../../contracts/values/time.ts';
import { isKnown, type Recording } from './recording.ts';
import type { Part } from './simulate.ts';

/** Of a step's load: what always runs; the rest comes in bursts. */
const BASE_SHARE = 0.4;
/** Bursts that begin in a minute, and minutes that one lasts. */
const BURSTS_PER_MINUTE = 0.06;
const BURST_MINUTES = [2, 18] as const;
/** What a cloud leaves of the sun; shares of the minutes in which one comes, and goes. */
const CLOUD_SHARE = 0.35;
const CLOUD_COMES = 0.08;
const CLOUD_GOES = 0.12;

/**
 * A recording as it may have been minute by minute: appliances that switch and clouds that pass,
 * by a seed. The minutes of a step sum to the step.
 * @param streamOf  random numbers 0 <= x < 1 of a step, the same for every controller
 */
export function minutesOf(
  recording: Recording,
  streamOf: (index: number) => () => number,
): (index: number) => readonly Part[] {
  const { stepMs, loadWh, pvWh } = recording;
  const count = Math.round(stepMs / MINUTE_MS);
  return (index) => {
    if (!isKnown(recording, index)) return [];
    const random = streamOf(index);
    const load = shared(loadWh[index] ?? 0, loadWeights(count, random));
    const slope = slopeOf(pvWh, index);
    const clouds = cloudWeights(count, random);
    const pv = shared(
      pvWh[index] ?? 0,
      clouds.map((weight, n) => weight * slope((n + 0.5) / count)),
    );
    return load.map((wh, n) => ({ loadWh: wh, pvWh: pv[n] ?? 0 }));
  };
}

/** An energy by weights; the last minute takes what rounding left. */
function shared(wh: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const parts = weights.map((weight) =>
    sum > 0 ? (wh * weight) / sum : wh / Math.max(1, weights.length),
  );
  const others = parts.slice(0, -1).reduce((all, part) => all + part, 0);
  return [...parts.slice(0, -1), Math.max(0, wh - others)];
}

function loadWeights(count: number, random: () => number): number[] {
  const weights = new Array<number>(count).fill(0);
  let bursts = 0;
  for (let minute = 0; minute < count; minute += 1) {
    if (random() >= BURSTS_PER_MINUTE) continue;
    const [shortest, longest] = BURST_MINUTES;
    const length = shortest + Math.floor((longest - shortest + 1) * random());
    const height = 0.3 + random();
    for (let n = minute; n < Math.min(count, minute + length); n += 1) {
      weights[n] = (weights[n] ?? 0) + height;
      bursts += height;
    }
  }
  const base = bursts === 0 ? 1 : (BASE_SHARE * bursts) / ((1 - BASE_SHARE) * count);
  return weights.map((weight) => weight + base);
}

function cloudWeights(count: number, random: () => number): number[] {
  let isCloudy = random() < CLOUD_COMES / (CLOUD_COMES + CLOUD_GOES);
  return Array.from({ length: count }, () => {
    const turns = random() < (isCloudy ? CLOUD_GOES : CLOUD_COMES);
    if (turns) isCloudy = !isCloudy;
    return isCloudy ? CLOUD_SHARE : 1;
  });
}

/** From the step before to the step after, as the sun rises and sets. */
function slopeOf(values: readonly number[], index: number): (share: number) => number {
  const now = values[index] ?? 0;
  const half = (other: number | undefined): number =>
    other === undefined || Number.isNaN(other) ? now : (now + other) / 2;
  const first = half(values[index - 1]);
  const last = half(values[index + 1]);
  return (share) => first + (last - first) * share;
}
