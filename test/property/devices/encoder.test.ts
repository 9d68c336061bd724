import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePoint, RAW_RANGE, WORDS, wordOffsetsOf } from '../../../devices/codec.ts';
import { encoderOf } from '../../../devices/encoder.ts';
import type { ResolvedPoint, WireType } from '../../../devices/profile.ts';

const TYPES = Object.keys(WORDS) as Exclude<WireType, 'str'>[];
const EDGES = [...new Set(Object.values(RAW_RANGE).flat())].flatMap((raw) =>
  [-1, 0, 1].map((near) => Number(raw) + near),
);

const point: fc.Arbitrary<ResolvedPoint> = fc
  .record({
    as: fc.constantFrom(...TYPES),
    scale: fc.constantFrom(1, 0.1, 0.01, 0.001, 10, 0.25, 2.5, 1 / 3),
    sign: fc.constantFrom(1 as const, -1 as const),
    offset: fc.constantFrom(0, -100, 273.15),
    scaled: fc.boolean(),
    little: fc.boolean(),
    split: fc.boolean(),
    bounded: fc.boolean(),
    notAvailable: fc.array(fc.constantFrom(0, 1, 0x7fffffff, 0x8000), { maxLength: 2 }),
  })
  .map(({ as, scaled, little, split, bounded, ...more }) => {
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
      ...(bounded ? { writable: true, min: -500, max: 70_000 } : {}),
    };
  });
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
      point,
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
