import { encodePoint, encodeUnavailable, wordOffsetsOf } from '../../../devices/codec.ts';
import type { RegisterSpace, ResolvedPoint } from '../../../devices/profile.ts';
import type { Random } from '../../../gateway/ports.ts';
import { createMbapReader, noAnswer, type WireRequest } from '../mbap.ts';
import { answer } from '../pdu.ts';
import { answerOnLine, createRtuReader, withCrc } from '../rtu.ts';
import type { DeviceImage, Station } from '../types.ts';
import type { FaultKind, FaultRule, Faults } from './rules.ts';

/** What a faulty device does with its wire, in order. */
export type Act =
  | { readonly send: Uint8Array; readonly afterMs: number }
  | { readonly end: 'close' | 'reset' }
  | { readonly goneMs: number }; // the whole device, all of its connections

export interface FaultySession {
  feed(bytes: Uint8Array): readonly Act[];
}

/** One device with its faults, shared by all of its connections. */
export interface FaultyStation extends Station {
  readonly wire: 'tcp' | 'rtu';
  readonly faults: Faults;
  readonly random: Random; // of garbage and noise
  /** What the request before had asked for, for answers that are shifted. */
  readonly before: Map<number, Uint8Array>;
  /** Registers as they were when a rule first struck. */
  readonly frozen: WeakMap<FaultRule, DeviceImage['raw']>;
}

const WRITES = new Set([5, 6, 15, 16, 22, 23]);
const NOTHING: readonly Act[] = [];
/** Function 16; the foreign master of an RTU line writes with it. */
const WRITE_MANY = 16;

type Struck = ReadonlyMap<FaultKind, FaultRule>;

/**
 * One connection, or one line, of a faulty device as bytes.
 * @returns for each piece of bytes what to send and when, or how the connection ends
 */
export function createFaultySession(station: FaultyStation): FaultySession {
  const { clock, wire } = station;
  const reader = wire === 'tcp' ? createMbapReader() : createRtuReader(clock);
  let isDeaf = false; // half open: it will never answer here
  let isGone = false;
  const serve = (request: WireRequest): readonly Act[] => {
    const fc = request.pdu[0] ?? 0;
    const struck = station.faults.strike(WRITES.has(fc), clock.realMs());
    if (struck.has('half-open')) isDeaf = true;
    if (isDeaf || isGone) return NOTHING;
    if (struck.size === 0) return plain(station, request);
    const reboot = struck.get('reboot');
    if (reboot !== undefined) {
      isGone = wire === 'tcp';
      for (const device of station.units.values()) device.restart(clock.monoMs());
      return [{ goneMs: reboot.value }];
    }
    const others = foreign(station, struck.get('second-master'), request.unit);
    const ended = (['reset', 'close'] as const).find((kind) => struck.has(kind));
    if (ended !== undefined) return [{ end: ended }];
    return [...others, ...answered(station, struck, request)];
  };
  return {
    feed(bytes) {
      const { requests, broken } = reader.feed(bytes);
      const [only] = requests;
      const acts =
        only !== undefined && requests.length === 1 ? serve(only) : requests.flatMap(serve);
      return broken ? [...acts, { end: 'close' }] : acts;
    },
  };
}

function answered(station: FaultyStation, struck: Struck, request: WireRequest): Act[] {
  const body = bodyOf(station, struck, request);
  if (body === undefined || struck.has('drop')) return [];
  let frame = request.frame(body, struck.has('wrong-id') ? 1 : 0);
  const cut = struck.get('truncate');
  if (cut !== undefined) frame = frame.slice(0, Math.max(1, frame.length - cut.value));
  const { random } = station;
  if (struck.has('garbage')) frame = frame.map(() => Math.floor(256 * random.next()));
  if (struck.has('noise')) {
    const bit = Math.floor(8 * frame.length * random.next());
    frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  const all = struck.has('echo') ? joined(request.bytes, frame) : frame;
  const afterMs = struck.get('late')?.value ?? 0;
  const slow = struck.get('slow');
  if (slow === undefined) return [{ send: all, afterMs }];
  return [...all].map((byte, n) => ({
    send: Uint8Array.of(byte),
    afterMs: afterMs + n * slow.value,
  }));
}

/** Nothing struck. */
function plain(station: FaultyStation, request: WireRequest): Act[] {
  const { unit, pdu } = request;
  const isLine = station.wire === 'rtu';
  const body = isLine
    ? answerOnLine(station, unit, pdu)
    : (answer(station, unit, pdu) ?? noAnswer(pdu));
  if (body === undefined) return [];
  station.before.set(unit, body);
  return [{ send: request.frame(body), afterMs: 0 }];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** The answer's body; undefined where the device says nothing. */
function bodyOf(station: FaultyStation, struck: Struck, request: WireRequest) {
  const { unit, pdu } = request;
  const refusal = struck.get('exception');
  if (refusal !== undefined) return Uint8Array.of((pdu[0] ?? 0) | 0x80, refusal.value);
  const served = bent(station, struck);
  const isLine = station.wire === 'rtu';
  const body = isLine
    ? answerOnLine(served, unit, pdu)
    : (answer(served, unit, pdu) ?? noAnswer(pdu));
  if (body === undefined) return undefined;
  const due = struck.has('shifted') ? station.before.get(unit) : body;
  station.before.set(unit, body);
  return due !== undefined && struck.has('short') ? shortened(due) : due;
}

/** One register less, in a sound frame; an answer without registers loses its last byte. */
function shortened(body: Uint8Array): Uint8Array {
  const fc = body[0] ?? 0;
  const isRead = (fc >= 1 && fc <= 4) || fc === 23;
  if (!isRead) return body.slice(0, -1);
  const out = body.slice(0, Math.max(2, body.length - (fc <= 2 ? 1 : 2)));
  out[1] = out.length - 2;
  return out;
}

/** The station as it looks through faults that change what a device shows or takes. */
function bent(station: FaultyStation, struck: Struck): Station {
  const stuck = struck.get('stuck');
  const sentinel = struck.get('sentinel');
  const shows = struck.get('show');
  const isTurned = struck.has('turned');
  const isIgnoring = struck.has('ignore-write');
  const isTrue = stuck === undefined && sentinel === undefined && shows === undefined;
  if (isTrue && !isTurned && !isIgnoring) return station;
  const units = new Map<number, DeviceImage>();
  for (const [unit, device] of station.units) {
    const read: DeviceImage['read'] = (space, at, count) => {
      const { words, exception } = device.read(space, at, count);
      if (stuck !== undefined) showOld(words, device, oldOf(station, stuck, device), space, at);
      if (shows !== undefined) showValue(words, device, shows.text, { space, at });
      if (isTurned) turn(words, device, { space, at });
      if (sentinel !== undefined) hide(words, device, sentinel.text, space, at);
      return { words, exception };
    };
    const write: DeviceImage['write'] = (space, at, words) => {
      if (!isIgnoring) return device.write(space, at, words);
      const judged = device.judge(space, at, words);
      return typeof judged === 'number' ? judged : 0;
    };
    units.set(unit, { ...device, read, write });
  }
  return { ...station, units };
}

function oldOf({ frozen }: FaultyStation, rule: FaultRule, { raw }: DeviceImage) {
  const old = frozen.get(rule) ?? {
    holding: raw.holding.slice(),
    input: raw.input.slice(),
    coil: raw.coil.slice(),
    discrete: raw.discrete.slice(),
  };
  frozen.set(rule, old);
  return old;
}

/** Old values where the device measures; what was written to it still reads back. */
function showOld(
  words: number[],
  { map }: DeviceImage,
  old: DeviceImage['raw'],
  space: RegisterSpace,
  from: number,
): void {
  for (const point of Object.values(map.points)) {
    if (point.space !== space || point.writable === true) continue;
    for (const offset of wordOffsetsOf(point)) {
      const at = point.at + offset;
      if (at >= from && at < from + words.length) words[at - from] = old[space][at] ?? 0;
    }
  }
}

interface From {
  readonly space: RegisterSpace;
  readonly at: number;
}

/** Writes a point's value into words that begin at `from`; one that cannot be shown is left. */
function put(
  words: number[],
  device: DeviceImage,
  point: ResolvedPoint,
  value: number,
  from: From,
): void {
  if (point.space !== from.space) return;
  const exponent = point.scaleFrom === undefined ? undefined : device.take(point.scaleFrom);
  let own: readonly number[];
  try {
    own = encodePoint(device.map, { ...point, writable: false }, value, exponent);
  } catch (error) {
    if (error instanceof RangeError) return;
    throw error;
  }
  wordOffsetsOf(point).forEach((offset, n) => {
    const at = point.at + offset - from.at;
    if (at >= 0 && at < words.length) words[at] = own[n] ?? 0;
  });
}

function showValue(words: number[], device: DeviceImage, text: string, from: From): void {
  const [key = '', value = ''] = text.split('=');
  const point = device.map.points[key];
  if (point !== undefined) put(words, device, point, Number(value), from);
}

function turn(words: number[], device: DeviceImage, from: From): void {
  for (const point of Object.values(device.map.points)) {
    if (point.unit !== 'W' || point.writable === true || /max|rated|limit/i.test(point.key))
      continue;
    const value = device.take(point.key);
    if (value !== undefined) put(words, device, point, 0 - value, from);
  }
}

/** "Not available" at one point, or wherever the device measures. */
function hide(
  words: number[],
  { map }: DeviceImage,
  key: string,
  space: RegisterSpace,
  from: number,
): void {
  for (const point of Object.values(map.points)) {
    const isMeant =
      key === ''
        ? point.writable !== true && point.as !== 'str' && point.as !== 'sf'
        : point.key === key;
    if (point.space !== space || !isMeant) continue;
    const none = encodeUnavailable(map, point);
    wordOffsetsOf(point).forEach((offset, n) => {
      const at = point.at + offset - from;
      if (at >= 0 && at < words.length) words[at] = none[n] ?? 0;
    });
  }
}

/** Writes of somebody else; on a line its frames are heard by all. */
function foreign(station: FaultyStation, rule: FaultRule | undefined, unit: number): Act[] {
  const device = station.units.get(unit);
  if (rule === undefined || device === undefined) return [];
  const write = foreignWrite(device, rule.text);
  if (write === undefined) return [];
  const { at, words } = write;
  const request = [WRITE_MANY, at >> 8, at & 255, 0, words.length, 2 * words.length];
  const pdu = Uint8Array.from([...request, ...words.flatMap((word) => [word >> 8, word & 255])]);
  const body = answer({ ...station, onFrame: station.onForeign ?? station.onFrame }, unit, pdu);
  if (station.wire === 'tcp' || body === undefined) return [];
  return [withCrc(unit, pdu), withCrc(unit, body)].map((send) => ({ send, afterMs: 0 }));
}

/**
 * 'setW=2000' as registers.
 * @returns undefined when the device has no such writable point, or it cannot hold the value
 */
export function foreignWrite(
  device: DeviceImage,
  text: string,
): { readonly at: number; readonly words: readonly number[] } | undefined {
  const [key = '', value = ''] = text.split('=');
  const point = device.map.points[key];
  if (point?.writable !== true || point.space === 'coil' || value === '') return undefined;
  const exponent = point.scaleFrom === undefined ? undefined : device.take(point.scaleFrom);
  try {
    const words = encodePoint(device.map, point, Number(value), exponent);
    return { at: point.writeAt ?? point.at, words };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
