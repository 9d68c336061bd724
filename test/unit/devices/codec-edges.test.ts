import { expect, it } from 'vitest';
import { decodePoint, decodeText, encodePoint, encodeText } from '../../../devices/codec.ts';
import type { ResolvedPoint } from '../../../devices/profile.ts';

const big = { wordOrder: 'big' } as const;
const point = (as: ResolvedPoint['as'], count: number, more: Partial<ResolvedPoint> = {}) =>
  ({
    ...{ key: 'p', at: 0, count, space: 'holding', as, unit: 'W', class: 'state' },
    ...more,
  }) as ResolvedPoint;

it.each([
  ['text', point('str', 2), 5, 'it is text'],
  ['no number', point('u16', 1), Number.NaN, 'not a number'],
  ['beyond a float', point('f32', 2), 1e39, 'beyond the register'],
  ['a marked float', point('f32', 2, { notAvailable: [5] }), 5, 'means not available'],
  ['beyond whole numbers', point('u64', 4), 2 ** 60, 'beyond the register'],
  ['beyond a word', point('u16', 1), 70_000, 'beyond the register'],
])('a refusal says why: %s', (_name, one, value, why) => {
  expect(() => encodePoint(big, one, value)).toThrow(why);
});

it('has no negative nothing, read or written', () => {
  expect(decodePoint(big, point('i16', 1, { sign: -1 }), [0], 0)).toBe(0);
  expect(encodePoint(big, point('f32', 2, { sign: -1 }), 0)).toEqual([0, 0]);
  expect(encodePoint(big, point('f32', 2), -0)).toEqual([0, 0]);
});

it('a text fills its registers to the last character, and begins where it begins', () => {
  expect(encodeText(point('str', 2), 'abcd')).toEqual([0x6162, 0x6364]);
  expect(encodeText(point('str', 2), 'a')).toEqual([0x6100, 0]);
  expect(() => encodeText(point('str', 2), 'abcde')).toThrow('4 ASCII characters');
  const words = [0x6162, 0x6364, 0x6566];
  expect(decodeText(point('str', 2), words, 0)).toBe('abcd');
  expect(decodeText(point('str', 2), [0x0062, 0x6364], 0)).toBe('');
});

it('a text is no number, however long it is', () => {
  const words = [0x6162, 0x6364, 0x6566, 0x6768, 0x696a, 0x6b6c];
  for (const count of [1, 2, 4, 6]) {
    expect(decodePoint(big, point('str', count), words, 0)).toBeUndefined();
  }
});

it('a signed word is negative from its highest bit on', () => {
  const word = point('i16', 1, { notAvailable: [1] });
  expect(decodePoint(big, word, [0x7fff], 0)).toBe(32_767);
  expect(decodePoint(big, word, [0x8001], 0)).toBe(-32_767);
});

it('a scale that is no whole part of 1 multiplies', () => {
  expect(decodePoint(big, point('u16', 1, { scale: 0.3 }), [10], 0)).toBeCloseTo(3, 9);
  expect(decodePoint(big, point('u16', 1, { scale: 0.7 }), [10], 0)).toBeCloseTo(7, 9);
  expect(decodePoint(big, point('u16', 1, { scale: 1.5 }), [10], 0)).toBe(15);
});

it('a scale factor reaches to ten places, and no further', () => {
  const scaled = point('u16', 1, { scaleFrom: 'sf' });
  expect(decodePoint(big, scaled, [2], 0, 10)).toBe(2e10);
  expect(decodePoint(big, scaled, [2], 0, -10)).toBe(2 / 1e10);
  expect(decodePoint(big, scaled, [2], 0, 11)).toBeUndefined();
  expect(decodePoint(big, scaled, [2], 0)).toBeUndefined();
});
