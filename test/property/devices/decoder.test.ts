import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePoint } from '../../../devices/codec.ts';
import { decoderOf } from '../../../devices/decoder.ts';
import { anyPoint } from '../../fixtures/points.ts';

// Sentinels and their neighbours are where two decoders would differ.
const word = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff, 0x7f80, 0x7fc0),
  fc.nat(0xffff),
);

test('the decoder made beforehand agrees with the plain one on every input', () => {
  fc.assert(
    fc.property(
      anyPoint,
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
