import { type Decoder, decoderOf } from '../../../devices/decoder.ts';
import type { DeviceMap, ResolvedPoint } from '../../../devices/profile.ts';
import type { BadQuality, Reading } from '../../contracts/values/reading.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Item, Span } from './plan.ts';

interface Entry {
  readonly point: ResolvedPoint;
  readonly decode: Decoder;
  last: number | undefined; // the last good value
  lastAtMs: number;
  told: BadQuality | undefined; // what the device itself said last, where it was not a number
  toldAtMs: number;
  failing: boolean; // the last attempt gave nothing
  gone: boolean; // this device does not have it, and not every one does
  odd: number | undefined; // a counter's value that waits for the next read to agree
}

/** Half of what a counter's low word counts: a real one does not move by so much between reads. */
const TORN_COUNTS = 32_768;

/**
 * Readings of one device: decodes answers into them and says how much they are worth now. After a
 * failed read a point is unknown and keeps its last good value with the instant of that value.
 */
export class ReadingBook {
  good = 0;
  bad = 0;
  private readonly map: DeviceMap;
  private readonly entries = new Map<string, Entry>();
  private readonly exponents = new Map<string, number>();
  private readonly scales = new Map<string, Decoder>();

  constructor(map: DeviceMap) {
    this.map = map;
  }

  /** Takes an answer in. @param atMs monotonic instant that the values stand for */
  take(items: readonly Item[], span: Span, words: readonly number[], atMs: number): void {
    const torn = new Set<string>();
    for (const item of items) this.takeScale(item, span, words, torn);
    for (const item of items) {
      const [point] = item.points;
      if (point === undefined || point.as === 'sf') continue;
      const scale = point.scaleFrom;
      if (scale !== undefined && torn.has(scale)) this.failed([item]);
      else this.takeValue(point, words, point.at - span.at, atMs);
    }
  }

  /**
   * A scale factor that differs from the last read may have flipped between two registers of this
   * very answer: the values that hang on it wait for the next read to agree.
   */
  private takeScale(item: Item, span: Span, words: readonly number[], torn: Set<string>): void {
    const scale = item.points.find((point) => point.as === 'sf');
    if (scale === undefined || torn.has(scale.key)) return;
    const exponent = this.scaleDecoder(scale)(words, scale.at - span.at, undefined);
    const known = this.exponents.get(scale.key);
    if (exponent === undefined) this.exponents.delete(scale.key);
    else this.exponents.set(scale.key, exponent);
    if (known !== undefined && exponent !== known) torn.add(scale.key);
  }

  private takeValue(
    point: ResolvedPoint,
    words: readonly number[],
    offset: number,
    atMs: number,
  ): void {
    const exponent =
      point.scaleFrom === undefined ? undefined : this.exponents.get(point.scaleFrom);
    const entry = this.entry(point);
    const value = entry.decode(words, offset, exponent);
    entry.failing = false;
    entry.toldAtMs = atMs;
    if (value === undefined) {
      entry.told = 'unavailable';
    } else if (value < (point.min ?? value) || value > (point.max ?? value)) {
      entry.told = 'implausible';
      this.bad += 1;
    } else if (!isWhole(entry, value, exponent)) {
      entry.odd = value;
    } else {
      entry.told = undefined;
      entry.odd = undefined;
      entry.last = value;
      entry.lastAtMs = atMs;
      this.good += 1;
    }
  }

  /** A read of these gave nothing. */
  failed(items: readonly Item[]): void {
    for (const item of items) {
      const [point] = item.points;
      if (point === undefined || point.as === 'sf') continue;
      this.entry(point).failing = true;
      this.bad += 1;
    }
  }

  /** The device does not have these, for good. */
  absent(items: readonly Item[], atMs: number): void {
    for (const item of items) {
      const [point] = item.points;
      if (point === undefined) continue;
      const entry = this.entry(point);
      entry.told = 'unavailable';
      entry.toldAtMs = atMs;
      entry.gone = point.only !== undefined;
    }
  }

  /** What each point is worth at `nowMs`. */
  readings(nowMs: number, freshMs: Timing['freshMs']): Record<string, Reading> {
    const all: Record<string, Reading> = {};
    for (const [key, entry] of this.entries) {
      all[key] = worth(entry, nowMs, freshMs[entry.point.class]);
    }
    for (const [key, parts] of Object.entries(this.map.sums ?? {})) {
      const own = parts.filter((part) => this.entries.get(part)?.gone !== true);
      all[key] = sumOf(own.map((part) => all[part]));
    }
    return all;
  }

  /** One of them. */
  reading(key: string, nowMs: number, freshMs: Timing['freshMs']): Reading | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) return worth(entry, nowMs, freshMs[entry.point.class]);
    return this.map.sums?.[key] === undefined ? undefined : this.readings(nowMs, freshMs)[key];
  }

  /** Request instant of the oldest control reading; undefined while one is missing. */
  controlAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const entry of this.entries.values()) {
      if (entry.point.class !== 'control' || entry.told === 'unavailable') continue;
      if (entry.last === undefined) return undefined;
      oldest = Math.min(oldest ?? entry.lastAtMs, entry.lastAtMs);
    }
    return oldest;
  }

  private scaleDecoder(scale: ResolvedPoint): Decoder {
    let decode = this.scales.get(scale.key);
    if (decode === undefined) {
      decode = decoderOf(this.map, scale);
      this.scales.set(scale.key, decode);
    }
    return decode;
  }

  private entry(point: ResolvedPoint): Entry {
    let entry = this.entries.get(point.key);
    if (entry === undefined) {
      const decode = decoderOf(this.map, point);
      const never = { last: undefined, lastAtMs: 0, told: undefined, toldAtMs: 0 };
      entry = { point, decode, ...never, failing: false, gone: false, odd: undefined };
      this.entries.set(point.key, entry);
    }
    return entry;
  }
}

/**
 * A device that does not hold its counters still while it answers gives the high word of one moment
 * with the low word of another. One that falls or leaps is believed when the next read agrees: a
 * new meter, or one that was reset.
 */
function isWhole({ point, last, odd }: Entry, value: number, exponent: number | undefined) {
  if (point.unit !== 'Wh' || point.count < 2 || !/^[iu]/.test(point.as)) return true;
  const mostWh = TORN_COUNTS * Math.abs(point.scale ?? 1) * tens(exponent ?? 0);
  const follows = (before: number): boolean => value >= before && value - before < mostWh;
  return last === undefined || follows(last) || (odd !== undefined && follows(odd));
}

function tens(exponent: number): number {
  let value = 1;
  for (let n = Math.abs(exponent); n > 0; n -= 1) value *= 10;
  return exponent < 0 ? 1 / value : value;
}

function worth(entry: Entry, nowMs: number, freshMs: number): Reading {
  const last = entry.last === undefined ? {} : { last: entry.last };
  if (entry.told !== undefined) return { quality: entry.told, ...last, atMs: entry.toldAtMs };
  if (entry.last === undefined) {
    return { quality: entry.failing ? 'timeout' : 'unavailable', atMs: entry.lastAtMs };
  }
  if (entry.failing) return { quality: 'timeout', ...last, atMs: entry.lastAtMs };
  if (nowMs - entry.lastAtMs > freshMs) return { quality: 'stale', ...last, atMs: entry.lastAtMs };
  return { quality: 'good', value: entry.last, atMs: entry.lastAtMs };
}

/**
 * Of the parts: as old as the oldest, as good as the worst. What the device does not have (a third
 * string) is not among them; a failed read is.
 */
function sumOf(parts: readonly (Reading | undefined)[]): Reading {
  if (parts.length === 0) return { quality: 'unavailable', atMs: 0 };
  let sum = 0;
  let whole = true;
  let atMs = Number.POSITIVE_INFINITY;
  let quality: BadQuality | undefined;
  for (const part of parts) {
    if (part === undefined) return { quality: 'unavailable', atMs: 0 };
    atMs = Math.min(atMs, part.atMs);
    if (part.quality !== 'good') quality ??= part.quality;
    const value = part.quality === 'good' ? part.value : part.last;
    if (value === undefined) whole = false;
    else sum += value;
  }
  if (quality === undefined) return { quality: 'good', value: sum, atMs };
  return whole ? { quality, last: sum, atMs } : { quality, atMs };
}
