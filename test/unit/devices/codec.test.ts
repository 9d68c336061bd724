import { describe, expect, it } from 'vitest';
import {
  decodePoint,
  decodeText,
  encodePoint,
  encodeText,
  encodeUnavailable,
} from '../../../devices/codec.ts';
import type { ResolvedPoint, WireType } from '../../../devices/profile.ts';

const big = { wordOrder: 'big' } as const;
const little = { wordOrder: 'little' } as const;
const point = (as: WireType, count: number, more: Partial<ResolvedPoint> = {}): ResolvedPoint => ({
  key: 'x',
  at: 0,
  space: 'holding',
  as,
  count,
  unit: 'W',
  class: 'control',
  ...more,
});

describe('types', () => {
  it.each([
    ['u16', [0xfffe], 65_534],
    ['i16', [0xfffe], -2],
    ['u32', [0x0001, 0x0002], 65_538],
    ['i32', [0xffff, 0xfffe], -2],
    ['u64', [0, 0x0001, 0, 0x0002], 4_294_967_298],
    ['i64', [0xffff, 0xffff, 0xffff, 0xfffe], -2],
    ['f32', [0x3fc0, 0], 1.5],
    ['f64', [0xc004, 0, 0, 0], -2.5],
    ['acc32', [0xffff, 0xffff], 4_294_967_295],
    ['acc64', [0, 0, 0, 7], 7],
    ['enum16', [4], 4],
    ['bits16', [0x8001], 0x8001],
    ['bits32', [0x8000, 1], 0x80000001],
    ['sf', [0xfffe], -2],
  ] as const)('%s, both ways and both orders', (as, words, value) => {
    const own = point(as, words.length);
    expect(decodePoint(big, own, [9, ...words], 1)).toBe(value);
    expect(encodePoint(big, own, value)).toEqual([...words]);
    const turned = [...words].reverse();
    expect(decodePoint(little, own, turned, 0)).toBe(value);
    expect(encodePoint(little, own, value)).toEqual(turned);
    const mixed = point(as, words.length, { wordOrder: 'big' });
    expect(decodePoint(little, mixed, words, 0)).toBe(value);
  });

  it.each([
    ['u16', [0xffff]],
    ['i16', [0x8000]],
    ['u32', [0xffff, 0xffff]],
    ['i32', [0x8000, 0]],
    ['u64', [0xffff, 0xffff, 0xffff, 0xffff]],
    ['i64', [0x8000, 0, 0, 0]],
    ['f32', [0x7fc0, 0]],
    ['f32', [0xffc0, 1]],
    ['f32', [0x7f80, 0]],
    ['f64', [0x7ff8, 0, 0, 0]],
    ['acc32', [0, 0]],
    ['acc64', [0, 0, 0, 0]],
    ['enum16', [0xffff]],
    ['bits16', [0xffff]],
    ['bits32', [0xffff, 0xffff]],
    ['sf', [0x8000]],
    ['sf', [11]],
    ['u64', [0x8000, 0, 0, 1]], // beyond 2^53: no exact number
  ] as const)('%s %j is not available', (as, words) => {
    expect(decodePoint(big, point(as, words.length), words, 0)).toBeUndefined();
  });

  it.each([
    'u16',
    'i16',
    'u32',
    'i32',
    'u64',
    'i64',
    'f32',
    'f64',
    'acc32',
    'acc64',
    'enum16',
    'bits16',
    'bits32',
    'sf',
  ] as const)('what says "not available" for %s reads so', (as) => {
    const count = as.endsWith('64') ? 4 : as.endsWith('32') ? 2 : 1;
    const own = point(as, count);
    for (const map of [big, little]) {
      const words = encodeUnavailable(map, own);
      expect(words).toHaveLength(count);
      expect(decodePoint(map, own, words, 0)).toBeUndefined();
    }
  });
});

describe('scale, sign, sentinel', () => {
  it('brings the vendor to the busbar', () => {
    expect(decodePoint(big, point('i16', 1, { sign: -1, scale: 10 }), [0xfff6], 0)).toBe(100);
    expect(encodePoint(big, point('i16', 1, { sign: -1, scale: 10 }), 104)).toEqual([0xfff6]);
  });
  it('gives decimal fractions as people write them', () => {
    expect(decodePoint(big, point('u16', 1, { scale: 0.1 }), [2305], 0)).toBe(230.5);
    expect(decodePoint(big, point('u16', 1, { scale: 0.001 }), [3], 0)).toBe(0.003);
    expect(decodePoint(big, point('u16', 1, { scaleFrom: 'sf' }), [4998], 0, -2)).toBe(49.98);
    expect(decodePoint(big, point('i16', 1, { scaleFrom: 'sf', scale: 0.01 }), [9988], 0, -2)).toBe(
      0.9988,
    );
  });
  it('has no signed zero', () => {
    expect(Object.is(decodePoint(big, point('i16', 1, { sign: -1 }), [0], 0), 0)).toBe(true);
    expect(Object.is(decodePoint(big, point('f32', 2), [0x8000, 0], 0), 0)).toBe(true);
    expect(encodePoint(big, point('f32', 2), -0)).toEqual([0, 0]);
    expect(encodePoint(big, point('f32', 2, { sign: -1 }), 0)).toEqual([0, 0]);
  });
  it("knows a vendor sentinel beside the type's own", () => {
    const own = point('i32', 2, { notAvailable: [0x7fffffff] });
    expect(decodePoint(big, own, [0x7fff, 0xffff], 0)).toBeUndefined();
    expect(decodePoint(big, own, [0x7fff, 0xfffe], 0)).toBe(0x7ffffffe);
    expect(() => encodePoint(big, own, 0x7fffffff)).toThrow('means not available');
  });
  it('gives nothing without the exponent, or with one that is none', () => {
    const own = point('i16', 1, { scaleFrom: 'sf' });
    expect(decodePoint(big, own, [5], 0)).toBeUndefined();
    expect(decodePoint(big, own, [5], 0, 11)).toBeUndefined();
    expect(() => encodePoint(big, own, 5)).toThrow('scale factor sf is unknown');
  });
  it('gives nothing for registers that are not in the answer', () => {
    expect(decodePoint(big, point('u32', 2), [1], 0)).toBeUndefined();
    expect(decodePoint(big, point('u16', 1), [1], 1)).toBeUndefined();
    expect(decodePoint(big, point('u16', 1), [1], -1)).toBeUndefined();
  });
});

describe('encoding never clamps', () => {
  it.each([
    ['u16', 1, -1],
    ['u16', 1, 65_536],
    ['u16', 1, 65_535],
    ['i16', 1, 32_768],
    ['i16', 1, -32_768],
    ['u32', 2, 4_294_967_296],
    ['i32', 2, -2_147_483_648],
    ['f32', 2, 1e39],
    ['u64', 4, 2 ** 60],
    ['u16', 1, Number.NaN],
    ['f64', 4, Number.POSITIVE_INFINITY],
    ['sf', 1, 11],
    ['str', 4, 1],
  ] as const)('%s of %i registers refuses %f', (as, count, value) => {
    expect(() => encodePoint(big, point(as, count), value)).toThrow(RangeError);
  });
  it('keeps the range of a writable point, not the plausible range of a reading', () => {
    const range = { min: 0, max: 100 };
    expect(() => encodePoint(big, point('u16', 1, { ...range, writable: true }), 101)).toThrow(
      'x cannot hold 101 W: most 100',
    );
    expect(() => encodePoint(big, point('i16', 1, { ...range, writable: true }), -1)).toThrow(
      'least 0',
    );
    expect(encodePoint(big, point('u16', 1, range), 101)).toEqual([101]);
  });
  it('rounds to the register', () => {
    expect(encodePoint(big, point('u16', 1, { scaleFrom: 'sf' }), 41_204, 1)).toEqual([4120]);
    expect(encodePoint(big, point('u16', 1, { scaleFrom: 'sf' }), 41_206, 1)).toEqual([4121]);
  });
  it('writes a counter that has not counted yet', () => {
    expect(encodePoint(big, point('acc32', 2), 0)).toEqual([0, 0]);
  });
});

describe('text', () => {
  const own = point('str', 3);
  it('is padded, cut at the first NUL and cleaned', () => {
    expect(encodeText(own, 'AB3')).toEqual([0x4142, 0x3300, 0]);
    expect(decodeText(own, [9, 0x4142, 0x3300, 0x4141], 1)).toBe('AB3');
    expect(decodeText(own, [0x2041, 0x0742, 0x2020], 0)).toBe('AB');
    expect(decodeText(own, [0, 0, 0], 0)).toBe('');
    expect(encodeUnavailable(big, own)).toEqual([0, 0, 0]);
  });
  it('refuses what does not fit', () => {
    expect(() => encodeText(own, '1234567')).toThrow('6 ASCII characters');
    expect(() => encodeText(own, 'ä')).toThrow(RangeError);
  });
  it('keeps its order in a little-word-order device', () => {
    expect(encodeText(own, 'ABCD')).toEqual([0x4142, 0x4344, 0]);
  });
});
