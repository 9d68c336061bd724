import { HOUR_MS, intervalStart } from '../../contracts/values/time.ts';

/**
 * Mean power of a running interval of the wall clock, counted from live power. The part before
 * the first sample is unknown and named as such, so that a restart in mid-interval invents
 * nothing.
 */
export interface Meanwhile {
  readonly fromMs: number; // wall clock, start of the interval; NaN = none yet
  readonly atMs: number; // monotonic, last sample
  readonly unknownMs: number;
  readonly netWh: number; // + import
  readonly importWh: number;
}

export const NOTHING_YET: Meanwhile = {
  fromMs: Number.NaN,
  atMs: Number.NaN,
  unknownMs: 0,
  netWh: 0,
  importWh: 0,
};

export interface Sample {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly lengthMs: number; // of the interval
  readonly gridW: number; // + import; NaN = unknown
}

/**
 * Adds the time since the last sample at the present power; a new interval begins at its own
 * start.
 */
export function meanwhile(before: Meanwhile, sample: Sample): Meanwhile {
  const fromMs = intervalStart(sample.wallMs, sample.lengthMs);
  const intoMs = sample.wallMs - fromMs;
  const sinceMs = Number.isFinite(before.atMs) ? sample.nowMs - before.atMs : Infinity;
  const same = fromMs === before.fromMs;
  // In a fresh interval, what is not covered by the span since the last sample is unknown.
  const spanMs = Math.max(0, Math.min(sinceMs, intoMs));
  const base = same ? before : { ...NOTHING_YET, unknownMs: intoMs - spanMs };
  const unknownSpan = !Number.isFinite(sample.gridW) || !Number.isFinite(sinceMs);
  const wh = unknownSpan ? 0 : (sample.gridW * spanMs) / HOUR_MS;
  return {
    fromMs,
    atMs: sample.nowMs,
    unknownMs: base.unknownMs + (unknownSpan ? spanMs : 0),
    netWh: base.netWh + wh,
    importWh: base.importWh + Math.max(0, wh),
  };
}
