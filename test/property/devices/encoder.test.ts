import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePoint, RAW_RANGE, wordOffsetsOf } from '../../../devices/codec.ts';
import { encoderOf } from '../../../devices/encoder.ts';
import { anyPoint } from '../../fixtures/points.ts';

const EDGES = [...new Set(Object.values(RAW_RANGE).flat())].flatMap((raw) =>
  [-1, 0, 1].map((near) => Number(raw) + near),
);

// Edges of the types and numbers between them are where two encoders would differ.
const number = fc.oneof(
  fc.constantFrom(...EDGES, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, 500, 70_000, 70_001),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -70_000, max: 70_000 }).map((n) => n / 20),
  fc.double(),
);

/** Registers after it, or why it was refused. */
function outcomeOf(encode: (registers: Uint16Array) => void): number[] | string {
  const registers = new Uint16Array(9).fill(0xabcd);
  try {
    encode(registers);
  } catch (error) {
    return String(error);
  }
  return [...registers];
}

test('the encoder made beforehand agrees with the plain one on every input', () => {
  fc.assert(
    fc.property(
      anyPoint,
      number,
      fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined }),
      (one, value, exponent) => {
        const map = { wordOrder: 'big' as const };
        const plain = outcomeOf((registers) => {
          const words = encodePoint(map, one, value, exponent);
          for (const [n, offset] of wordOffsetsOf(one).entries()) {
            registers[1 + offset] = words[n] ?? 0;
          }
        });
        const encode = encoderOf(map, one);
        expect(outcomeOf((registers) => encode(registers, 1, value, exponent))).toEqual(plain);
      },
    ),
    { numRuns: 5_000 },
  );
});
