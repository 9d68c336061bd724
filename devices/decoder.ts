import { RAW_RANGE, wordOffsetsOf } from './codec.ts';
import type { DeviceMap, ResolvedPoint } from './profile.ts';

/**
 * What `decodePoint` does, with everything that the profile fixes worked out beforehand: a poller
 * decodes the same points every second. The two agree on every input; a property test says so.
 */
export type Decoder = (
  words: ArrayLike<number>,
  offset: number,
  exponent?: number,
) => number | undefined;

const EXPONENT_MAX = 10;
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
const WORD = 0x10000;
const HALF = 0x100000000;

/** For floats: written and read at once, never kept. */
const scratch = new DataView(new ArrayBuffer(8));

/** What to make of the words: numbers are faster to branch on than names, and far than closures. */
const SHORT = 0;
const LONG = 1;
const QUAD = 2;
const FLOAT = 3;
const DOUBLE = 4;

function shapeOf({ as: type }: ResolvedPoint, words: number): number {
  if (type === 'f32') return FLOAT;
  if (type === 'f64') return DOUBLE;
  return words === 1 ? SHORT : words === 2 ? LONG : QUAD;
}

function float(a: number, b: number): number {
  scratch.setUint32(0, a * WORD + b);
  return scratch.getFloat32(0);
}

function double(a: number, b: number, c: number, d: number): number {
  scratch.setUint32(0, a * WORD + b);
  scratch.setUint32(4, c * WORD + d);
  return scratch.getFloat64(0);
}

/** Least and greatest raw value that is a number, and the one that is not. */
function rangeOf({ as: type }: ResolvedPoint): readonly [number, number, number] {
  if (type === 'f32' || type === 'f64' || type === 'str') {
    return [-Number.MAX_VALUE, Number.MAX_VALUE, Number.NaN];
  }
  const [low, high, none] = RAW_RANGE[type];
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
  const least = Math.max(Number(low), MIN_SAFE_INTEGER);
  return [least, Math.min(Number(high), MAX_SAFE_INTEGER), Number(none)];
}

/** @returns one that never throws; of text it says that it is no number */
export function decoderOf(map: Pick<DeviceMap, 'wordOrder'>, point: ResolvedPoint): Decoder {
  if (point.as === 'str') return () => undefined;
  const inOrder = [...wordOffsetsOf(point)];
  const shape = shapeOf(point, inOrder.length);
  if ((point.wordOrder ?? map.wordOrder) === 'little') inOrder.reverse();
  const [a = 0, b = 0, c = 0, d = 0] = inOrder;
  const negativeFrom = point.as[0] === 'i' || point.as === 'sf' ? WORD / 2 : WORD;
  const [least, most, none] = rangeOf(point);
  const { count, notAvailable = [], sign = 1, scale = 1, offset: shift = 0 } = point;
  const needsExponent = point.scaleFrom !== undefined;
  const whole = Math.round(1 / scale);
  // A decimal fraction is one division, so that 2305 * 0.1 is 230.5.
  const fraction = scale < 1 && Math.abs(scale * whole - 1) < 1e-12;
  const times = fraction ? 1 : scale;
  const over = fraction ? whole : 1;
  return (words, offset, exponent) => {
    if (offset < 0 || offset + count > words.length) return undefined;
    const first = words[offset + a] ?? 0;
    let value = first >= negativeFrom ? first - WORD : first;
    if (shape !== SHORT) {
      const second = words[offset + b] ?? 0;
      if (shape === FLOAT) value = float(first, second);
      else if (shape === LONG) value = value * WORD + second;
      else {
        const third = words[offset + c] ?? 0;
        const last = words[offset + d] ?? 0;
        if (shape === DOUBLE) value = double(first, second, third, last);
        else value = (value * WORD + second) * HALF + third * WORD + last;
      }
    }
    // A NaN fails the first two.
    if (!(value >= least && value <= most) || value === none) return undefined;
    if (notAvailable.length > 0 && notAvailable.includes(value)) return undefined;
    let up = times;
    let down = over;
    if (needsExponent) {
      if (exponent === undefined || !(Math.abs(exponent) <= EXPONENT_MAX)) return undefined;
      if (exponent > 0) up *= POWERS[exponent] ?? Number.NaN;
      else if (exponent < 0) down *= POWERS[-exponent] ?? Number.NaN;
    }
    const result = sign * ((value * up) / down) + shift;
    return result === 0 ? 0 : result;
  };
}
