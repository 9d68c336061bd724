import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Decoder } from '../../../../../gateway/guard/blackbox/decoder.ts';
import { Encoder } from '../../../../../gateway/guard/blackbox/encoder.ts';
import { difference } from '../../../../../gateway/guard/blackbox/replay.ts';

const decimals = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 7 }))
  .map(([digits, places]) => digits / 10 ** places);
const leaf = fc.oneof(
  decimals,
  fc.double(),
  fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), Number.MIN_VALUE),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('list'), tie('record')),
  list: fc.array(tie('any'), { maxLength: 5 }),
  record: fc.dictionary(fc.constantFrom('powerW', 'atMs', 'quality', 'a', 'b'), tie('any')),
})).any;

it('what is written comes back to the bit, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
      const [encoder, decoder] = [new Encoder(), new Decoder()];
      let [before, read]: unknown[] = [undefined, undefined];
      for (const one of values) {
        read = decoder.decode(encoder.encode(one, before), read);
        before = one;
        expect(difference(one, read)).toBeUndefined();
      }
    }),
    { numRuns: 400 },
  );
});

it('readings that move a little take a few bytes, and none when they stand', () => {
  const encoder = new Encoder();
  const image = (powerW: number, atMs: number) => ({
    meter: { powerW: { quality: 'good', value: powerW, atMs }, inWh: { value: 812_345, atMs: 17 } },
  });
  encoder.encode(image(1_234.5, 1_000.25), undefined);
  expect(encoder.encode(image(1_240.1, 2_000.25), image(1_234.5, 1_000.25)).length).toBeLessThan(
    20,
  );
  expect(encoder.encode(image(1, 2), image(1, 2)).length).toBe(2);
});

it('bytes that nobody wrote are an error, never another value or a hang', () => {
  const range = (bytes: Uint8Array): unknown => {
    try {
      return new Decoder().decode(bytes, undefined);
    } catch (error) {
      if (error instanceof RangeError) return 'refused';
      throw error;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void range(bytes)),
    { numRuns: 2_000 },
  );
  const whole = new Encoder().encode({ a: [1, 'two', { b: null }] }, undefined);
  for (let length = 0; length < whole.length; length++) {
    expect(range(whole.subarray(0, length))).toBe('refused');
  }
});

it('what is not plain is refused instead of being half kept', () => {
  for (const odd of [new Map(), () => 1, Symbol('x'), new Date(0), new Float64Array(2)]) {
    expect(() => new Encoder().encode({ odd }, undefined)).toThrow(TypeError);
  }
});
