import { Layout } from '../../contracts/values/layout.ts';
import type { BadQuality, PointClass, Reading } from '../../contracts/values/reading.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Seen } from './types.ts';
import type { Source, Sum, Wiring } from './wiring.ts';

/** What a box says of itself or is told: no quantity of the site. */
const NO_QUANTITY = /^(set|limit|failsafe|heartbeat|enable|maker|model|serial|firmware|[A-Z])/;
const SLOW = /Wh$|^sohPct$|^ratedW$/;
const STATE =
  /^(socPct|(c|disc)hargeMax[AW]|voltageV|state|batteryState|bmsState|fault|chargeRequestW)$|C$/;
const TURNED = /^(powerW|powerL\dW|reactiveVar|reactiveL\dVar)$/;

/** Freshness class of a quantity; powers, currents and voltages are `control`. */
export const classOf = (quantity: string): PointClass =>
  SLOW.test(quantity) ? 'slow' : STATE.test(quantity) ? 'state' : 'control';

const ORDER: readonly Reading['quality'][] = [
  'good',
  'stale',
  'timeout',
  'implausible',
  'unavailable',
];

const lastOf = (reading: Reading): number | undefined =>
  reading.quality === 'good' ? reading.value : reading.last;

/** A failed reading that keeps what it was; a last value is only named where there is one. */
function failed(quality: BadQuality, last: number | undefined, atMs: number): Reading {
  return last === undefined ? { quality, atMs } : { quality, last, atMs };
}

/** The same reading, no longer good once it is older than it may be. */
function aged(reading: Reading, nowMs: number, freshMs: number): Reading {
  if (reading.quality !== 'good') return reading;
  if (Number.isFinite(reading.value) && nowMs - reading.atMs <= freshMs) return reading;
  return failed('stale', reading.value, reading.atMs);
}

const minus = (value: number): number => (value === 0 ? 0 : -value);

function turn(reading: Reading): Reading {
  if (reading.quality === 'good') return { ...reading, value: minus(reading.value) };
  return failed(
    reading.quality,
    reading.last === undefined ? undefined : minus(reading.last),
    reading.atMs,
  );
}

const SWAPPED: Readonly<Record<string, string>> = { inWh: 'outWh', outWh: 'inWh' };

/** A reading of a device, as a point of the site. */
interface Slot {
  readonly name: string;
  readonly class: PointClass;
  readonly isTurned: boolean;
  readonly isAgain: boolean; // a source before this one has it too
}

/** What one source gives to its place, reading by reading in the order of its device. */
interface Intake {
  readonly device: string;
  readonly keys: readonly string[];
  readonly slots: readonly (Slot | undefined)[]; // undefined: says nothing about the place
}

/** How readings become points, while the devices give the same ones: they do, turn after turn. */
interface Course {
  readonly intakes: readonly Intake[];
  readonly layout: Layout<Reading>;
}

const COURSES = new WeakMap<Wiring, Course>();

/** Undefined for a reading that says nothing about the place. */
function nameOf(source: Source, place: string, key: string) {
  if (!key.startsWith(source.prefix)) return undefined;
  const own = key.slice(source.prefix.length);
  if (own.includes('.') || NO_QUANTITY.test(own)) return undefined;
  const isTurned = source.turned && TURNED.test(own);
  const quantity = source.turned && !isTurned ? (SWAPPED[own] ?? own) : own;
  return { name: `${place}.${quantity}`, class: classOf(quantity), isTurned };
}

function courseOf(wiring: Wiring, seen: Seen): Course {
  const names = new Set<string>();
  const intakes: Intake[] = [];
  for (const place of wiring.places) {
    for (const source of place.sources) {
      const keys = Object.keys(seen.readings[source.device] ?? {});
      const slots = keys.map((key): Slot | undefined => {
        const named = nameOf(source, place.id, key);
        if (named === undefined) return undefined;
        const isAgain = names.has(named.name);
        names.add(named.name);
        return { ...named, isAgain };
      });
      intakes.push({ device: source.device, keys, slots });
    }
  }
  for (const { name } of wiring.derived) names.add(name);
  for (const { name } of wiring.sums) names.add(name);
  return { intakes, layout: new Layout([...names]) };
}

/** Undefined where the devices give other readings than this course is for. */
function follow(
  { intakes, layout }: Course,
  { readings }: Seen,
  nowMs: number,
  freshMs: Timing['freshMs'],
): Record<string, Reading> | undefined {
  const points = layout.empty() as Record<string, Reading>;
  for (const { device, keys, slots } of intakes) {
    const given = readings[device];
    let count = 0;
    for (const key in given) {
      const slot = slots[count];
      if (keys[count] !== key) return undefined;
      count += 1;
      const reading = given[key];
      if (slot === undefined || reading === undefined) continue;
      const fresh = aged(slot.isTurned ? turn(reading) : reading, nowMs, freshMs[slot.class]);
      const before = slot.isAgain ? points[slot.name] : undefined;
      if (before === undefined || rank(fresh) < rank(before)) points[slot.name] = fresh;
    }
    if (count < keys.length) return undefined;
  }
  return points;
}

/**
 * Points `<place>.<quantity>`: the first good source counts, otherwise the first that knows
 * anything. Those that are derived are there, but not known yet.
 */
export function placePoints(
  wiring: Wiring,
  seen: Seen,
  nowMs: number,
  times: Timing,
): Record<string, Reading> {
  const known = COURSES.get(wiring);
  const points = known && follow(known, seen, nowMs, times.freshMs);
  if (points !== undefined) return points;
  const course = courseOf(wiring, seen);
  COURSES.set(wiring, course);
  return follow(course, seen, nowMs, times.freshMs) ?? {};
}

/**
 * Good first; among failed ones the first source stays, unless only a later one has a last value.
 */
function rank(reading: Reading): number {
  if (reading.quality === 'good') return 0;
  return reading.last === undefined ? 2 : 1;
}

/**
 * The sum of a point over its parts: value only when all are good, quality the worst, age the
 * oldest.
 */
export function total({ terms }: Sum, points: Readonly<Record<string, Reading>>): Reading {
  let sum = 0;
  let complete = terms.length > 0;
  let worst = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { point, share } of terms) {
    const part = points[point];
    const value = part && lastOf(part);
    if (value === undefined) complete = false;
    else sum += value * share;
    worst = Math.max(worst, part === undefined ? ORDER.length - 1 : ORDER.indexOf(part.quality));
    oldestMs = Math.min(oldestMs, part?.atMs ?? 0);
  }
  const atMs = Number.isFinite(oldestMs) ? oldestMs : 0;
  const quality = ORDER[worst] ?? 'unavailable';
  const value = sum === 0 ? 0 : sum;
  if (complete && quality === 'good') return { quality, value, atMs };
  return failed(quality === 'good' ? 'unavailable' : quality, complete ? value : undefined, atMs);
}
