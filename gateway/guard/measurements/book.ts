import { type Decoder, decoderOf } from '../../../devices/decoder.ts';
import type { DeviceMap, ResolvedPoint } from '../../../devices/profile.ts';
import { Layout } from '../../contracts/values/layout.ts';
import type { BadQuality, Reading } from '../../contracts/values/reading.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import { type Block, type Item, itemsIn, type Span } from './plan.ts';

interface Entry {
  readonly point: ResolvedPoint;
  readonly decode: Decoder;
  readonly mostWh: number; // a counter may be torn apart by this much; 0 = it is none
  last: number | undefined; // the last good value
  lastAtMs: number;
  told: BadQuality | undefined; // what the device itself said last, where it was not a number
  toldAtMs: number;
  failing: boolean; // the last attempt gave nothing
  gone: boolean; // this device does not have it, and not every one does
  odd: number | undefined; // a counter's value that waits for the next read to agree
  reading: Reading | undefined; // as last asked for, while nothing of the above has changed
}

/** A scale factor, as last read. */
interface Scale {
  exponent: number | undefined;
  tornIn: number; // answer in which it changed
}

/** Where everything lies in one kind of answer: the same one comes cycle after cycle. */
interface Answer {
  readonly scales: readonly { scale: Scale; decode: Decoder; offset: number }[];
  readonly values: readonly { entry: Entry; scale: Scale | undefined; offset: number }[];
}

/** What is shown of the points that were asked for so far. */
interface Shown {
  readonly layout: Layout<Reading>;
  /** As last shown: most of it is the same the next time. */
  readonly last: { record: Record<string, Reading> | undefined; readonly readings: Reading[] };
  readonly entries: readonly Entry[];
  readonly controls: readonly Entry[];
  readonly sums: readonly (readonly (Entry | undefined)[])[]; // behind the entries
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
  private readonly scales = new Map<string, Scale>();
  private readonly answers = new WeakMap<Span, Answer>();
  private shown: Shown | undefined; // none since a point was asked for the first time
  private taken = 0; // answers so far

  constructor(map: DeviceMap) {
    this.map = map;
  }

  /** Takes an answer in. @param atMs monotonic instant that the values stand for */
  take(block: Block, span: Span, words: readonly number[], atMs: number): void {
    const { scales, values } = this.answer(block, span);
    this.taken += 1;
    for (const { scale, decode, offset } of scales) this.takeScale(scale, decode(words, offset));
    for (const { entry, scale, offset } of values) {
      if (scale?.tornIn === this.taken) this.fail(entry);
      else this.takeValue(entry, words, offset, scale?.exponent, atMs);
    }
  }

  /**
   * A scale factor that differs from the last read may have flipped between two registers of this
   * very answer: the values that hang on it wait for the next read to agree.
   */
  private takeScale(scale: Scale, exponent: number | undefined): void {
    if (scale.exponent !== undefined && exponent !== scale.exponent) scale.tornIn = this.taken;
    scale.exponent = exponent;
  }

  private takeValue(
    entry: Entry,
    words: readonly number[],
    offset: number,
    exponent: number | undefined,
    atMs: number,
  ): void {
    const { point } = entry;
    const value = entry.decode(words, offset, exponent);
    entry.failing = false;
    entry.toldAtMs = atMs;
    entry.reading = undefined;
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
      this.fail(this.entry(point));
    }
  }

  private fail(entry: Entry): void {
    entry.failing = true;
    entry.reading = undefined;
    this.bad += 1;
  }

  /** The device does not have these, for good. */
  absent(items: readonly Item[], atMs: number): void {
    for (const item of items) {
      const [point] = item.points;
      if (point === undefined) continue;
      const entry = this.entry(point);
      entry.told = 'unavailable';
      entry.toldAtMs = atMs;
      entry.reading = undefined;
      entry.gone = point.only !== undefined;
    }
  }

  /** What each point is worth at `nowMs`. */
  readings(nowMs: number, freshMs: Timing['freshMs']): Record<string, Reading> {
    const { layout, last, entries, sums } = this.show();
    const { keys } = layout;
    const count = entries.length;
    const record = last.record ? { ...last.record } : (layout.empty() as Record<string, Reading>);
    for (let n = 0; n < keys.length; n += 1) {
      const entry = entries[n];
      const reading =
        entry === undefined
          ? sumOf(sums[n - count] ?? [], nowMs, freshMs)
          : worth(entry, nowMs, freshMs);
      if (last.readings[n] === reading) continue;
      last.readings[n] = reading;
      record[keys[n] as string] = reading;
    }
    last.record = record;
    return record;
  }

  /** One of them. */
  reading(key: string, nowMs: number, freshMs: Timing['freshMs']): Reading | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) return worth(entry, nowMs, freshMs);
    const parts = this.map.sums?.[key];
    return parts && sumOf(this.parts(parts), nowMs, freshMs);
  }

  /** Request instant of the oldest control reading; undefined while one is missing. */
  controlAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const { told, last, lastAtMs } of this.show().controls) {
      if (told === 'unavailable') continue;
      if (last === undefined) return undefined;
      oldest = Math.min(oldest ?? lastAtMs, lastAtMs);
    }
    return oldest;
  }

  private show(): Shown {
    if (this.shown === undefined) {
      const entries = [...this.entries.values()];
      const sums = this.map.sums ?? {};
      this.shown = {
        layout: new Layout([...this.entries.keys(), ...Object.keys(sums)]),
        last: { record: undefined, readings: [] },
        entries,
        controls: entries.filter(({ point }) => point.class === 'control'),
        sums: Object.values(sums).map((parts) => this.parts(parts)),
      };
    }
    return this.shown;
  }

  private parts(keys: readonly string[]): (Entry | undefined)[] {
    return keys.map((key) => this.entries.get(key));
  }

  private answer(block: Block, span: Span): Answer {
    const known = this.answers.get(span);
    if (known !== undefined) return known;
    const items = itemsIn(block, span);
    const scales = new Map<string, ResolvedPoint>();
    for (const { points } of items) {
      for (const point of points) if (point.as === 'sf') scales.set(point.key, point);
    }
    const values = items.flatMap(({ points: [point] }) => {
      if (point === undefined || point.as === 'sf') return [];
      const scale = point.scaleFrom === undefined ? undefined : this.scale(point.scaleFrom);
      return [{ entry: this.entry(point), scale, offset: point.at - span.at }];
    });
    const answer: Answer = {
      scales: [...scales].map(([key, point]) => {
        const decode = decoderOf(this.map, point);
        return { scale: this.scale(key), decode, offset: point.at - span.at };
      }),
      values,
    };
    this.answers.set(span, answer);
    return answer;
  }

  private scale(key: string): Scale {
    const scale = this.scales.get(key) ?? { exponent: undefined, tornIn: 0 };
    this.scales.set(key, scale);
    return scale;
  }

  private entry(point: ResolvedPoint): Entry {
    let entry = this.entries.get(point.key);
    if (entry === undefined) {
      const decode = decoderOf(this.map, point);
      const never = { last: undefined, lastAtMs: 0, told: undefined, toldAtMs: 0 };
      const none = { failing: false, gone: false, odd: undefined, reading: undefined };
      entry = { point, decode, mostWh: tornBy(point), ...never, ...none };
      this.entries.set(point.key, entry);
      this.shown = undefined;
    }
    return entry;
  }
}

/** Half of what the low word of a counter counts; 0 for what cannot be torn apart. */
const tornBy = ({ unit, count, as, scale = 1 }: ResolvedPoint): number =>
  unit === 'Wh' && count >= 2 && /^[iu]/.test(as) ? TORN_COUNTS * Math.abs(scale) : 0;

/**
 * A device that does not hold its counters still while it answers gives the high word of one moment
 * with the low word of another. One that falls or leaps is believed when the next read agrees: a
 * new meter, or one that was reset.
 */
function isWhole({ mostWh: wh, last, odd }: Entry, value: number, exponent: number | undefined) {
  if (wh === 0) return true;
  const mostWh = wh * tens(exponent ?? 0);
  const follows = (before: number): boolean => value >= before && value - before < mostWh;
  return last === undefined || follows(last) || (odd !== undefined && follows(odd));
}

function tens(exponent: number): number {
  let value = 1;
  for (let n = Math.abs(exponent); n > 0; n -= 1) value *= 10;
  return exponent < 0 ? 1 / value : value;
}

/** The same object as long as the answer is the same. */
function worth(entry: Entry, nowMs: number, freshMs: Timing['freshMs']): Reading {
  const isOld = nowMs - entry.lastAtMs > freshMs[entry.point.class];
  const { reading } = entry;
  if (reading !== undefined && reading.quality !== (isOld ? 'good' : 'stale')) return reading;
  entry.reading = judged(entry, isOld);
  return entry.reading;
}

function judged({ last, lastAtMs, told, toldAtMs, failing }: Entry, isOld: boolean): Reading {
  if (last !== undefined && told === undefined && !failing && !isOld) {
    return { quality: 'good', value: last, atMs: lastAtMs };
  }
  const kept = last === undefined ? {} : { last };
  if (told !== undefined) return { quality: told, ...kept, atMs: toldAtMs };
  if (failing) return { quality: 'timeout', ...kept, atMs: lastAtMs };
  return { quality: last === undefined ? 'unavailable' : 'stale', ...kept, atMs: lastAtMs };
}

/**
 * Of the parts: as old as the oldest, as good as the worst. What the device does not have (a third
 * string) is not among them; a failed read is.
 */
function sumOf(
  parts: readonly (Entry | undefined)[],
  nowMs: number,
  freshMs: Timing['freshMs'],
): Reading {
  let sum = 0;
  let whole = true;
  let atMs = Number.POSITIVE_INFINITY;
  let quality: BadQuality | undefined;
  for (const entry of parts) {
    if (entry === undefined) return { quality: 'unavailable', atMs: 0 };
    if (entry.gone) continue;
    const part = worth(entry, nowMs, freshMs);
    atMs = Math.min(atMs, part.atMs);
    if (part.quality !== 'good') quality ??= part.quality;
    const value = part.quality === 'good' ? part.value : part.last;
    if (value === undefined) whole = false;
    else sum += value;
  }
  if (atMs === Number.POSITIVE_INFINITY) return { quality: 'unavailable', atMs: 0 };
  if (quality === undefined) return { quality: 'good', value: sum, atMs };
  return whole ? { quality, last: sum, atMs } : { quality, atMs };
}
