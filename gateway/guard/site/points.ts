import type { BadQuality, PointClass, Reading } from '../../contracts/values/reading.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Seen } from './types.ts';
import type { Derived, Source, Wiring } from './wiring.ts';

/** What a box says of itself or is told: no quantity of the site. */
const NO_QUANTITY = /^(set|limit|failsafe|heartbeat|enable|maker|model|serial|firmware|[A-Z])/;
const SLOW = /Wh$|^sohPct$|^ratedW$/;
const STATE = /^(socPct|(c|disc)hargeMax[AW]|voltageV|state)$|C$/;
const TURNED = /^(powerW|powerL\dW|reactiveVar|reactiveL\dVar)$/;

const classes = new Map<string, PointClass>();

/** Freshness class of a quantity; powers, currents and voltages are `control`. */
export function classOf(quantity: string): PointClass {
  let known = classes.get(quantity);
  if (known === undefined) {
    known = SLOW.test(quantity) ? 'slow' : STATE.test(quantity) ? 'state' : 'control';
    classes.set(quantity, known);
  }
  return known;
}

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

/** The same reading, no longer good once it is older than its class allows. */
export function aged(reading: Reading, quantity: string, nowMs: number, times: Timing): Reading {
  if (reading.quality !== 'good') return reading;
  if (Number.isFinite(reading.value) && nowMs - reading.atMs <= times.freshMs[classOf(quantity)]) {
    return reading;
  }
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

interface Named {
  readonly name: string; // of the place's point
  readonly quantity: string;
  readonly isTurned: boolean;
}

/** What a source's readings are called, once worked out: the same ones come every turn. */
const NAMES = new WeakMap<Source, Map<string, Named | undefined>>();

function namedBy(source: Source, place: string, key: string): Named | undefined {
  const names = NAMES.get(source) ?? new Map<string, Named | undefined>();
  NAMES.set(source, names);
  if (!names.has(key)) names.set(key, nameOf(source, place, key));
  return names.get(key);
}

/** Undefined for a reading that says nothing about the place. */
function nameOf(source: Source, place: string, key: string): Named | undefined {
  if (!key.startsWith(source.prefix)) return undefined;
  const own = key.slice(source.prefix.length);
  if (own.includes('.') || NO_QUANTITY.test(own)) return undefined;
  const isTurned = source.turned && TURNED.test(own);
  const quantity = source.turned && !isTurned ? (SWAPPED[own] ?? own) : own;
  return { name: `${place}.${quantity}`, quantity, isTurned };
}

/**
 * Points `<place>.<quantity>`: the first good source counts, otherwise the first that knows
 * anything.
 */
export function placePoints(
  wiring: Wiring,
  seen: Seen,
  nowMs: number,
  times: Timing,
): Record<string, Reading> {
  const points: Record<string, Reading> = {};
  for (const place of wiring.places) {
    for (const source of place.sources) {
      const readings = seen.readings[source.device];
      for (const key in readings) {
        const reading = readings[key];
        const named = namedBy(source, place.id, key);
        if (reading === undefined || named === undefined) continue;
        const { name, quantity, isTurned } = named;
        const fresh = aged(isTurned ? turn(reading) : reading, quantity, nowMs, times);
        const before = points[name];
        if (before === undefined || rank(fresh) < rank(before)) points[name] = fresh;
      }
    }
  }
  return points;
}

/**
 * Good first; among failed ones the first source stays, unless only a later one has a last value.
 */
function rank(reading: Reading): number {
  if (reading.quality === 'good') return 0;
  return reading.last === undefined ? 2 : 1;
}

/** A sum of readings: value only when all are good, quality the worst, age the oldest. */
export function total(parts: readonly (Reading | undefined)[], shares: readonly number[]): Reading {
  let sum = 0;
  let complete = parts.length > 0;
  let worst = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  parts.forEach((part, index) => {
    const value = part && lastOf(part);
    if (value === undefined) complete = false;
    else sum += value * (shares[index] ?? 1);
    worst = Math.max(worst, part === undefined ? ORDER.length - 1 : ORDER.indexOf(part.quality));
    oldestMs = Math.min(oldestMs, part?.atMs ?? 0);
  });
  const atMs = Number.isFinite(oldestMs) ? oldestMs : 0;
  const quality = ORDER[worst] ?? 'unavailable';
  const value = sum === 0 ? 0 : sum;
  if (complete && quality === 'good') return { quality, value, atMs };
  return failed(quality === 'good' ? 'unavailable' : quality, complete ? value : undefined, atMs);
}

/** A residual is what the node's sum leaves: minus all others. */
export function residual(derived: Derived, points: Readonly<Record<string, Reading>>): Reading {
  return total(
    derived.others.map(({ place }) => points[`${place}.powerW`]),
    derived.others.map(({ share }) => -share),
  );
}
