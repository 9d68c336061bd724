import type { Trace } from '../contracts/values/commissioning.ts';
import type { Witness } from './witnesses.ts';

/** Values of one point over the trace, each at its own instant. Seconds from the first sample. */
export interface Series {
  readonly atS: readonly number[]; // rising
  readonly value: readonly number[];
}

/** What was commanded, from one change to the next. */
export interface Command {
  readonly step: number;
  readonly fromS: number;
  readonly untilS: number;
  readonly powerW: number | null; // null = the device's own mode
}

const startOf = (trace: Trace): number => trace.samples[0]?.atMs ?? 0;

/** Good readings of a point, each once, though it was looked at more often. */
export function pointSeries(trace: Trace, device: string, key: string): Series {
  const startMs = startOf(trace);
  const atS: number[] = [];
  const value: number[] = [];
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { readings } of trace.samples) {
    const reading = readings[device]?.[key];
    if (reading?.quality !== 'good' || reading.atMs <= newestMs) continue;
    if (!Number.isFinite(reading.value)) continue;
    newestMs = reading.atMs;
    atS.push((reading.atMs - startMs) / 1_000);
    value.push(reading.value);
  }
  return { atS, value };
}

/** A power as its witness counts it, + into the node. */
export function powerSeries(trace: Trace, witness: Witness, key = 'powerW'): Series {
  const series = pointSeries(trace, witness.device, `${witness.prefix}${key}`);
  return witness.turned ? { ...series, value: series.value.map((one) => -one) } : series;
}

/** Samples without a break in step and command are one. */
export function commandsOf(trace: Trace, terminal: string): Command[] {
  const startMs = startOf(trace);
  const found: { -readonly [K in keyof Command]: Command[K] }[] = [];
  for (const { atMs, step, commandedW } of trace.samples) {
    const atS = (atMs - startMs) / 1_000;
    const powerW = commandedW[terminal] ?? null;
    const last = found.at(-1);
    if (last !== undefined) last.untilS = atS;
    if (last === undefined || last.step !== step || last.powerW !== powerW) {
      found.push({ step, fromS: atS, untilS: atS, powerW });
    }
  }
  return found;
}

/** The part of a series from one instant until another. */
export function between(series: Series, fromS: number, untilS: number): Series {
  const atS: number[] = [];
  const value: number[] = [];
  series.atS.forEach((at, index) => {
    if (at < fromS || at >= untilS) return;
    atS.push(at);
    value.push(series.value[index] ?? 0);
  });
  return { atS, value };
}

export function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? Number.NaN : sum / values.length;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? 0)) / 2;
}

/** Standard deviation about a straight line; NaN below four values. */
export function noiseOf({ atS, value }: Series): number {
  const count = value.length;
  if (count < 4) return Number.NaN;
  const meanS = meanOf(atS);
  const mean = meanOf(value);
  let across = 0;
  let along = 0;
  atS.forEach((at, index) => {
    across += (at - meanS) * ((value[index] ?? 0) - mean);
    along += (at - meanS) * (at - meanS);
  });
  const slope = along === 0 ? 0 : across / along;
  let squares = 0;
  atS.forEach((at, index) => {
    const rest = (value[index] ?? 0) - mean - slope * (at - meanS);
    squares += rest * rest;
  });
  return Math.sqrt(squares / (count - 2));
}

/** Smallest step between two values that differ; undefined where none did. */
export function resolutionOf({ value }: Series): number | undefined {
  const sorted = [...value].sort((a, b) => a - b);
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < sorted.length; index += 1) {
    const step = (sorted[index] ?? 0) - (sorted[index - 1] ?? 0);
    if (step > 1e-6) least = Math.min(least, step);
  }
  return Number.isFinite(least) ? least : undefined;
}
