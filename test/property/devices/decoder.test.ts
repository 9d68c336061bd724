import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePoint, WORDS } from '../../../devices/codec.ts';
import { decoderOf } from '../../../devices/decoder.ts';
import type { ResolvedPoint, WireType } from '../../../devices/profile.ts';

const TYPES = Object.keys(WORDS) as Exclude<WireType, 'str'>[];

const point: fc.Arbitrary<ResolvedPoint> = fc
  .record({
    as: fc.constantFrom(...TYPES),
    scale: fc.constantFrom(1, 0.1, 0.01, 0.001, 10, 0.25, 2.5, 1 / 3),
    sign: fc.constantFrom(1 as const, -1 as const),
    offset: fc.constantFrom(0, -100, 273.15),
    scaled: fc.boolean(),
    little: fc.boolean(),
    split: fc.boolean(),
    notAvailable: fc.array(fc.constantFrom(0, 1, 0x7fffffff, 0x8000), { maxLength: 2 }),
  })
  .map(({ as, scaled, little, split, ...more }) => {
    const own = WORDS[as];
    const wordOffsets = Array.from({ length: own }, (_, n) => (n === own - 1 ? n + 3 : n));
    return {
      key: 'p',
      at: 0,
      space: 'holding',
      unit: 'W',
      class: 'control',
      as,
      count: split ? own + 3 : own,
      ...more,
      ...(split ? { wordOffsets } : {}),
      ...(scaled ? { scaleFrom: 'sf' } : {}),
      ...(little ? { wordOrder: 'little' as const } : {}),
    };
  });
// Sentinels and their neighbours are where two decoders would differ.
const word = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff, 0x7f80, 0x7fc0),
  fc.nat(0xffff),
);

test('the decoder made beforehand agrees with the plain one on every input', () => {
  fc.assert(
    fc.property(
      point,
      fc.array(word, { minLength: 0, maxLength: 10 }),
      fc.integer({ min: -1, max: 4 }),
      fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined }),
      (one, words, offset, exponent) => {
        const map = { wordOrder: 'big' as const };
        const plain = decodePoint(map, one, words, offset, exponent);
        expect(decoderOf(map, one)(words, offset, exponent)).toBe(plain);
      },
    ),
    { numRuns: 3_000 },
  );
});
