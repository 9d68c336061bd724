import type { DeviceMap, ResolvedPoint, WireType } from './profile.ts';

/**
 * Registers to values and back. value = sign * raw * scale * 10^exponent, in the point's unit, +
 * into the busbar; what a device marks as not available is `undefined`, never a number.
 */

/** Registers of each type; text has its own count. */
export const WORDS: Readonly<Record<Exclude<WireType, 'str'>, 1 | 2 | 4>> = {
  u16: 1,
  i16: 1,
  u32: 2,
  i32: 2,
  u64: 4,
  i64: 4,
  f32: 2,
  f64: 4,
  acc32: 2,
  acc64: 4,
  enum16: 1,
  bits16: 1,
  bits32: 2,
  sf: 1,
};

type IntegerType = Exclude<WireType, 'str' | 'f32' | 'f64'>;

/**
 * Least and greatest raw value, and the one that means "not available" (SunSpec, and most vendors).
 */
export const RAW_RANGE: Readonly<
  Record<IntegerType, readonly [low: bigint, high: bigint, none: bigint]>
> = {
  u16: [0n, 0xffffn, 0xffffn],
  i16: [-0x8000n, 0x7fffn, -0x8000n],
  u32: [0n, 0xffffffffn, 0xffffffffn],
  i32: [-0x80000000n, 0x7fffffffn, -0x80000000n],
  u64: [0n, 0xffffffffffffffffn, 0xffffffffffffffffn],
  i64: [-0x8000000000000000n, 0x7fffffffffffffffn, -0x8000000000000000n],
  acc32: [0n, 0xffffffffn, 0n],
  acc64: [0n, 0xffffffffffffffffn, 0n],
  enum16: [0n, 0xffffn, 0xffffn],
  bits16: [0n, 0xffffn, 0xffffn],
  bits32: [0n, 0xffffffffn, 0xffffffffn],
  sf: [-10n, 10n, -0x8000n],
};

/** `RAW_RANGE` in numbers: exact for whatever a safe integer can be compared with. */
const RANGE: Readonly<Record<string, readonly [low: number, high: number, none: number]>> =
  Object.fromEntries(
    Object.entries(RAW_RANGE).map(([type, [low, high, none]]) => [
      type,
      [Number(low), Number(high), Number(none)],
    ]),
  );
const NO_RANGE = [0, 0, 0] as const;

const signed = (type: WireType): boolean => type[0] === 'i' || type === 'sf';
const isFloat = (type: WireType): type is 'f32' | 'f64' => type === 'f32' || type === 'f64';

/** Most significant word first, whatever the device's order; turns them where they are. */
function bigFirst(
  map: Pick<DeviceMap, 'wordOrder'>,
  point: ResolvedPoint,
  words: number[],
): number[] {
  if (words.length === 1) return words;
  return (point.wordOrder ?? map.wordOrder) === 'little' ? words.reverse() : words;
}

/** Written and read at once, never kept. */
const scratch = new DataView(new ArrayBuffer(8));

function rawNumber(type: WireType, words: readonly number[]): number | undefined {
  if (words.length === 1) {
    const [word = 0] = words;
    return signed(type) && word >= 0x8000 ? word - 0x10000 : word;
  }
  words.forEach((word, n) => {
    scratch.setUint16(2 * n, word);
  });
  if (isFloat(type)) {
    const value = type === 'f32' ? scratch.getFloat32(0) : scratch.getFloat64(0);
    return Number.isFinite(value) ? value : undefined;
  }
  if (words.length === 2) return signed(type) ? scratch.getInt32(0) : scratch.getUint32(0);
  const value = signed(type) ? scratch.getBigInt64(0) : scratch.getBigUint64(0);
  return Number(value);
}

/** raw * scale * 10^exponent; a decimal fraction is one division, so that 2305 * 0.1 is 230.5. */
function scaled(raw: number, scale: number, exponent: number): number {
  const whole = Math.round(1 / scale);
  const fraction = Math.abs(scale * whole - 1) < 1e-12;
  const times = (fraction ? 1 : scale) * powerOfTen(exponent);
  const over = (fraction ? whole : 1) * powerOfTen(-exponent);
  return (raw * times) / over;
}

/** Exact to 10^22; 1 for an exponent below 0. */
function powerOfTen(exponent: number): number {
  let value = 1;
  for (let n = 0; n < exponent; n += 1) value *= 10;
  return value;
}

/** @returns undefined where the point needs an exponent that is missing */
function exponentOf(point: ResolvedPoint, exponent: number | undefined): number | undefined {
  if (point.scaleFrom === undefined) return 0;
  return exponent !== undefined && Math.abs(exponent) <= 10 ? exponent : undefined;
}

/** Where the words of a point stand, counted from its first. */
export const wordOffsetsOf = (point: ResolvedPoint): readonly number[] =>
  point.wordOffsets ?? IN_ORDER[point.count] ?? inOrder(point.count);

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const IN_ORDER: readonly (readonly number[])[] = [0, 1, 2, 3, 4].map(inOrder);

/**
 * @param words the answer of a read
 * @param offset where in `words` the point begins
 * @param exponent value of the point's `scaleFrom`, from the same read
 * @returns undefined when not available: the type's sentinel, the point's own, a missing exponent,
 *   a number beyond 2^53
 */
export function decodePoint(
  map: Pick<DeviceMap, 'wordOrder'>,
  point: ResolvedPoint,
  words: ArrayLike<number>,
  offset: number,
  exponent?: number,
): number | undefined {
  const type = point.as;
  if (type === 'str' || offset < 0 || offset + point.count > words.length) return undefined;
  const power = exponentOf(point, exponent);
  if (power === undefined) return undefined;
  const own = wordOffsetsOf(point).map((word) => words[offset + word] ?? 0);
  const raw = rawNumber(type, bigFirst(map, point, own));
  if (raw === undefined || point.notAvailable?.includes(raw)) return undefined;
  if (!isFloat(type)) {
    const [low, high, none] = RANGE[type] ?? NO_RANGE;
    if (raw === none || raw < low || raw > high) return undefined;
    if (!Number.isSafeInteger(raw)) return undefined;
  }
  // The sum has no negative nothing: -0 + 0 is 0.
  return (point.sign ?? 1) * scaled(raw, point.scale ?? 1, power) + (point.offset ?? 0);
}

/**
 * Text of a string point: up to the first NUL, trailing blanks and what is not printable ASCII
 * dropped.
 */
export function decodeText(point: ResolvedPoint, words: ArrayLike<number>, offset: number): string {
  let text = '';
  for (let n = 0; n < point.count; n += 1) {
    const word = words[offset + n] ?? 0;
    text += String.fromCharCode(word >> 8, word & 0xff);
  }
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).replace(/[^\x20-\x7e]/g, '').trim();
}

/** A negative nothing among whole numbers is written as nothing: it has no sign in its words. */
function wordsOf(type: keyof typeof WORDS, raw: number): number[] {
  const count = WORDS[type];
  if (count === 1) return [raw & 0xffff];
  if (count === 2 && type !== 'f32') return [(raw >>> 16) & 0xffff, raw & 0xffff];
  if (type === 'f32') scratch.setFloat32(0, raw);
  else if (type === 'f64') scratch.setFloat64(0, raw);
  else scratch.setBigUint64(0, BigInt.asUintN(64, BigInt(raw)));
  return Array.from({ length: count }, (_, n) => scratch.getUint16(2 * n));
}

function refuse(point: ResolvedPoint, value: number, why: string): never {
  throw new RangeError(`${point.key} cannot hold ${value} ${point.unit}: ${why}`);
}

/**
 * Rounds to the register and never clamps.
 * @returns its words in the order of their addresses
 * @throws RangeError when the value is no number, beyond the register or a writable point's range,
 *   equals a sentinel,
 *   or needs an exponent that is missing
 */
export function encodePoint(
  map: Pick<DeviceMap, 'wordOrder'>,
  point: ResolvedPoint,
  value: number,
  exponent?: number,
): number[] {
  const type = point.as;
  if (type === 'str') refuse(point, value, 'it is text');
  if (!Number.isFinite(value)) refuse(point, value, 'not a number');
  const power = exponentOf(point, exponent);
  if (power === undefined) refuse(point, value, `its scale factor ${point.scaleFrom} is unknown`);
  if (point.writable === true) {
    if (point.min !== undefined && value < point.min) refuse(point, value, `least ${point.min}`);
    if (point.max !== undefined && value > point.max) refuse(point, value, `most ${point.max}`);
  }
  const net = value - (point.offset ?? 0);
  const exact = ((point.sign ?? 1) * scaled(net, 1, -power)) / (point.scale ?? 1);
  if (isFloat(type)) {
    const raw = type === 'f32' ? Math.fround(exact) : exact;
    if (!Number.isFinite(raw)) refuse(point, value, 'beyond the register');
    if (point.notAvailable?.includes(raw)) refuse(point, value, 'means not available');
    return bigFirst(map, point, wordsOf(type, raw === 0 ? 0 : raw));
  }
  const raw = Math.round(exact);
  const [low, high, none] = RANGE[type] ?? NO_RANGE;
  if (!Number.isSafeInteger(raw)) refuse(point, value, 'beyond the register');
  if (raw < low || raw > high) refuse(point, value, 'beyond the register');
  // A counter at 0 is written as it is, although SunSpec reads it as not available: it has not
  // counted yet.
  const sentinel = raw === none && none !== 0;
  if (sentinel || point.notAvailable?.includes(raw)) refuse(point, value, 'means not available');
  return bigFirst(map, point, wordsOf(type, raw));
}

/**
 * Registers of a text, NUL padded. @throws RangeError when it is longer than the point or not
 * printable ASCII
 */
export function encodeText(point: ResolvedPoint, text: string): number[] {
  if (text.length > 2 * point.count || /[^\x20-\x7e]/.test(text)) {
    throw new RangeError(`${point.key} cannot hold "${text}": ${2 * point.count} ASCII characters`);
  }
  // Behind its end there is no character, which is 0 in bits.
  const code = (n: number): number => text.charCodeAt(n);
  return Array.from({ length: point.count }, (_, n) => (code(2 * n) << 8) | code(2 * n + 1));
}

/** Registers that say "not available". */
export function encodeUnavailable(
  map: Pick<DeviceMap, 'wordOrder'>,
  point: ResolvedPoint,
): number[] {
  const type = point.as;
  if (type === 'str') return Array.from({ length: point.count }, () => 0);
  if (isFloat(type)) return bigFirst(map, point, wordsOf(type, Number.NaN));
  const none = Number(BigInt.asIntN(64, RAW_RANGE[type][2])); // exact: -1 stands for all ones
  return bigFirst(map, point, wordsOf(type, none));
}
