import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePoint, decodeText, encodePoint, encodeText } from '../../../devices/codec.ts';
import type { ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { SUNSPEC_GENERIC } from '../../../devices/sunspec/generic.ts';
import { pointsOf } from '../../../devices/sunspec/model.ts';
import { MODELS } from '../../../devices/sunspec/models.ts';
import { type Laid, layChain, resolved, walkOf } from '../../fixtures/sunspec/chain.ts';

const BIG = { wordOrder: 'big' } as const;
/** Every point of every model, two repetitions of what repeats. */
const POINTS: ResolvedPoint[] = MODELS.flatMap((model) =>
  pointsOf(model, 900, () => 2).map((point) => ({
    ...resolved(point),
    key: `${model.id}.${point[0]}`,
    ...(point[3]?.sf === undefined ? {} : { scaleFrom: point[3].sf }),
  })),
);
const numbers = POINTS.filter(({ as }) => as !== 'str');
const texts = POINTS.filter(({ as }) => as === 'str');
const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff),
);
const four = fc.array(word, { minLength: 4, maxLength: 4 });
const exponent = fc.integer({ min: -4, max: 4 });

describe('every point of the 40 models', () => {
  it('is there', () => {
    expect(new Set(POINTS.map(({ key }) => key.split('.')[0])).size).toBe(40);
    expect(POINTS.length).toBeGreaterThan(1_800);
  });

  it('each decodes what it encodes, and encodes what it decodes', () => {
    fc.assert(
      fc.property(four, exponent, (own, power) => {
        for (const point of numbers) {
          const sent = own.slice(0, point.count);
          const value = decodePoint(BIG, point, sent, 0, power);
          if (value === undefined || Math.abs(value) >= 2 ** 49) continue;
          if (point.as === 'f32' && Math.abs(value) > 3e38) continue;
          const back = encodePoint(BIG, point, value, power);
          expect(decodePoint(BIG, point, back, 0, power), point.key).toBeCloseTo(value, 3);
          if (point.as !== 'f32') expect(back, point.key).toEqual(sent);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('texts come back as they were', () => {
    const printable = fc.stringMatching(/^[!-~]{0,16}$/);
    fc.assert(
      fc.property(fc.constantFrom(...texts), printable, (point, text) => {
        const cut = text.slice(0, 2 * point.count);
        expect(decodeText(point, encodeText(point, cut), 0)).toBe(cut);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the driver', () => {
  const anyModel: fc.Arbitrary<Laid> = fc.record({
    id: fc.oneof(
      fc.constantFrom(...MODELS.map(({ id }) => id)),
      fc.integer({ min: 0, max: 0xffff }),
    ),
    repeats: fc.integer({ min: 0, max: 4 }),
  });
  const offBy = fc.record({ at: fc.nat(12), by: fc.integer({ min: -2, max: 2 }) });

  it('ends on any chain with a map that fits it, or with one line', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 40_000, 50_000),
        fc.array(anyModel, { maxLength: 12 }),
        fc.option(offBy),
        fc.array(fc.tuple(fc.nat(2_000), word), { maxLength: 20 }),
        (base, models, wrong, noise) => {
          const laid = models.map((model, n): Laid => {
            const own = MODELS.find(({ id }) => id === model.id);
            const grown = (model.repeats ?? 0) * (own?.groups?.[0]?.length ?? 0);
            const length = (own?.length ?? 5) + grown;
            return wrong?.at === n
              ? { ...model, length, told: length + wrong.by }
              : { ...model, length };
          });
          const registers = layChain(base, laid);
          for (const [at, value] of noise) registers.set(base + 2 + at, value);
          const chain = walkOf(registers);
          if (typeof chain === 'string') {
            expect(chain).toMatch(/^.{10,200}$/);
            return;
          }
          try {
            const map = resolveProfile(SUNSPEC_GENERIC, chain);
            const inside = Object.values(map.points).every((point) =>
              chain.models.some(
                ({ at, length }) => point.at >= at && point.at + point.count <= at + 2 + length,
              ),
            );
            expect(inside).toBe(true);
            for (const { arm, set, release } of map.control) {
              for (const { point } of [...arm, ...set, ...release]) {
                expect(map.points[point]?.writable, point).toBe(true);
              }
            }
          } catch (error) {
            if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
            expect(error.message).toMatch(/^none of its SunSpec models is .*$/);
          }
        },
      ),
      { numRuns: 250 },
    );
  });
});
