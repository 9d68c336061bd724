import { encodePoint, RAW_RANGE, WORDS, wordOffsetsOf } from './codec.ts';
import type { DeviceMap, ResolvedPoint } from './profile.ts';

/**
 * What `encodePoint` does, with everything that the profile fixes worked out beforehand, straight
 * into the registers: a simulated device shows new values every second. Whatever is out of the
 * ordinary is left to `encodePoint`, refusals too. The two agree on every input; a property test
 * says so.
 * @param at where in `registers` the point begins
 */
export type Encoder = (
  registers: Uint16Array,
  at: number,
  value: number,
  exponent: number | undefined,
) => void;

const EXPONENT_MAX = 10;
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
const HALF = 0x100000000;
const SAFE = Number.MAX_SAFE_INTEGER;

/** For floats: written and read at once, never kept. */
const scratch = new DataView(new ArrayBuffer(8));

/** Least and greatest raw value that is stored as it is; none of a float's, nor of a text's. */
function rangeOf({ as: type }: ResolvedPoint): readonly [low: number, high: number, none: number] {
  if (type === 'f32' || type === 'f64' || type === 'str') return [1, 0, 0];
  const [low, high, none] = RAW_RANGE[type];
  return [Math.max(Number(low), -SAFE), Math.min(Number(high), SAFE), Number(none)];
}

/** Bounds of what may be written; a reading has none. */
const boundsOf = ({ writable, min, max }: ResolvedPoint): readonly [least: number, most: number] =>
  writable === true
    ? [min ?? -Number.MAX_VALUE, max ?? Number.MAX_VALUE]
    : [-Number.MAX_VALUE, Number.MAX_VALUE];

/** @returns one that throws as `encodePoint` does */
export function encoderOf(map: Pick<DeviceMap, 'wordOrder'>, point: ResolvedPoint): Encoder {
  const offsets = wordOffsetsOf(point);
  const inOrder = [...offsets];
  if ((point.wordOrder ?? map.wordOrder) === 'little' && point.as !== 'str') inOrder.reverse();
  const [a = 0, b = 0, c = 0, d = 0] = inOrder;
  const words = point.as === 'str' ? 0 : WORDS[point.as];
  const [low, high, none] = rangeOf(point);
  const [least, most] = boundsOf(point);
  const { notAvailable = [], sign = 1, scale = 1, offset: shift = 0 } = point;
  const needsExponent = point.scaleFrom !== undefined;
  const isFloat = point.as === 'f32';
  const plainly: Encoder = (registers, at, value, exponent) => {
    const own = encodePoint(map, point, value, exponent);
    for (let n = 0; n < offsets.length; n += 1) registers[at + (offsets[n] ?? 0)] = own[n] ?? 0;
  };
  return (registers, at, value, exponent) => {
    let up = 1;
    let down = 1;
    if (needsExponent) {
      if (exponent === undefined || !(Math.abs(exponent) <= EXPONENT_MAX)) {
        return plainly(registers, at, value, exponent);
      }
      if (exponent < 0) up = POWERS[-exponent] ?? Number.NaN;
      else down = POWERS[exponent] ?? Number.NaN;
    }
    const exact = (sign * (((value - shift) * up) / down)) / scale;
    const isWithin = value >= least && value <= most;
    if (isFloat) {
      const raw = Math.fround(exact);
      if (!isWithin || !Number.isFinite(raw) || notAvailable.includes(raw)) {
        return plainly(registers, at, value, exponent);
      }
      scratch.setFloat32(0, raw === 0 ? 0 : raw);
      registers[at + a] = scratch.getUint16(0);
      registers[at + b] = scratch.getUint16(2);
      return;
    }
    const raw = Math.round(exact);
    // A NaN fails the first two.
    const isPlain = raw >= low && raw <= high && isWithin && raw !== none;
    if (!isPlain || notAvailable.includes(raw)) {
      return plainly(registers, at, value, exponent);
    }
    if (words === 1) {
      registers[at + a] = raw;
      return;
    }
    const upper = words === 4 ? Math.floor(raw / HALF) : raw;
    registers[at + a] = upper >> 16;
    registers[at + b] = upper;
    if (words !== 4) return;
    const lower = raw - upper * HALF;
    registers[at + c] = lower >>> 16;
    registers[at + d] = lower;
  };
}
