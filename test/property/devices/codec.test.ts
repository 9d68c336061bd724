import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../devices/catalogue.ts';
import { decodePoint, encodePoint, wordOffsetsOf } from '../../../devices/codec.ts';
import type { ResolvedPoint } from '../../../devices/profile.ts';
import { wordsOfPoint } from '../../../devices/resolve.ts';

const points: ResolvedPoint[] = CATALOGUE.flatMap((profile) =>
  Object.entries(profile.points)
    .filter(([, { as }]) => as !== 'str')
    .map(([key, own]) => ({ ...own, key: `${profile.id} ${key}`, count: wordsOfPoint(own) })),
);
const anyPoint = fc.constantFrom(...points);
const order = fc.constantFrom({ wordOrder: 'big' } as const, { wordOrder: 'little' } as const);
const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff),
);
const words = fc.array(word, { minLength: 4, maxLength: 4 });
const exponent = fc.integer({ min: -4, max: 4 });

/** Words where the point has them: not all stand side by side. */
function placed(point: ResolvedPoint, own: readonly number[]): number[] {
  const all = Array.from({ length: point.count }, () => 0);
  wordOffsetsOf(point).forEach((offset, n) => {
    all[offset] = own[n] ?? 0;
  });
  return all;
}

describe('every point of every profile', () => {
  it('registers that are a value come back as the same registers, or the value is refused', () => {
    fc.assert(
      fc.property(anyPoint, order, words, exponent, (point, map, own, power) => {
        const sent = own.slice(0, wordOffsetsOf(point).length);
        const value = decodePoint(map, point, placed(point, sent), 0, power);
        if (value === undefined) return;
        expect(Number.isFinite(value)).toBe(true);
        expect(Object.is(value, -0)).toBe(false);
        let back: number[];
        try {
          back = encodePoint(map, point, value, power);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          const low = point.min ?? Number.NEGATIVE_INFINITY;
          const high = point.max ?? Number.POSITIVE_INFINITY;
          const beyond = point.writable === true && (value < low || value > high);
          const huge = Math.abs(value) >= 2 ** 53 || Math.abs(value) > 3.4e38;
          expect(beyond || huge, `${point.key} refused ${value}`).toBe(true);
          return;
        }
        const again = decodePoint(map, point, placed(point, back), 0, power);
        const step = (point.scale ?? 1) * (point.scaleFrom === undefined ? 1 : 10 ** power);
        if (point.as !== 'f32' && Math.abs(value) / step < 2 ** 49) expect(back).toEqual(sent);
        expect(again).toBeCloseTo(value, 5 - Math.ceil(Math.log10(Math.abs(value) + 1)));
      }),
      { numRuns: 20_000 },
    );
  });

  it('a value comes back within half a step of the register', () => {
    fc.assert(
      fc.property(
        anyPoint,
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        exponent,
        (point, value, power) => {
          const map = { wordOrder: 'big' } as const;
          let sent: number[];
          try {
            sent = encodePoint(map, point, value, power);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            return;
          }
          const back = decodePoint(map, point, placed(point, sent), 0, power);
          if (back === undefined) {
            expect(point.as).toMatch(/^acc/); // a counter of 0
            return;
          }
          const step = (point.scale ?? 1) * (point.scaleFrom === undefined ? 1 : 10 ** power);
          const tolerance =
            point.as === 'f32'
              ? Math.abs(value) * 2 ** -23 + 1e-30
              : step / 2 + Math.abs(value) * 1e-12;
          expect(Math.abs(back - value)).toBeLessThanOrEqual(tolerance);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
