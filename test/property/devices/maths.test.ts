import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acos, asin, atan2, cos, exp, log, pow, sin, tan } from '../../../devices/maths.ts';

const range = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const near = (a: number, b: number, relative: number): void => {
  if (Number.isNaN(a) && Number.isNaN(b)) return;
  if (a === b) return;
  expect(Math.abs(a - b), `${a} against ${b}`).toBeLessThanOrEqual(
    Math.abs(b) * relative + Number.MIN_VALUE,
  );
};

/** Against the platform's own, which is within 1 ulp itself. */
describe('as Math, within 3 ulp', () => {
  const ulps = 3 * 2 ** -52;
  it.each([
    ['sin', sin, Math.sin, range(-1e9, 1e9)],
    ['cos', cos, Math.cos, range(-1e9, 1e9)],
    ['tan', tan, Math.tan, range(-1e9, 1e9)],
    ['exp', exp, Math.exp, range(-700, 709)],
    ['log', log, Math.log, range(5e-324, Number.MAX_VALUE)],
    ['asin', asin, Math.asin, range(-1, 1)],
    ['acos', acos, Math.acos, range(-1, 1)],
  ] as const)('%s', (_name, ours, theirs, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (x) => near(ours(x), theirs(x), ulps)),
      { numRuns: 5_000 },
    );
  });
  it('atan2', () => {
    const any = fc.double({ noNaN: true });
    fc.assert(
      fc.property(any, any, (y, x) => {
        const want = y === 0 && x < 0 ? Math.PI : Math.atan2(y, x);
        near(atan2(y, x), y === 0 && x >= 0 ? 0 : want, ulps);
      }),
      { numRuns: 5_000 },
    );
  });
  it('pow', () => {
    fc.assert(fc.property(fc.double(), fc.double(), (x, y) => near(pow(x, y), x ** y, ulps)));
    fc.assert(
      fc.property(range(0, 1e6), range(-40, 40), (x, y) => near(pow(x, y), x ** y, ulps)),
      { numRuns: 5_000 },
    );
  });
});

describe('laws', () => {
  it('sin^2 + cos^2 = 1, and sin is odd', () => {
    fc.assert(
      fc.property(range(-1e6, 1e6), (x) => {
        near(sin(x) * sin(x) + cos(x) * cos(x), 1, 1e-15);
        expect(sin(-x) + sin(x)).toBe(0);
      }),
    );
  });
  it('log undoes exp', () => {
    fc.assert(fc.property(range(1, 700), (x) => near(log(exp(x)), x, 1e-15)));
  });
  it('atan2 gives the angle back', () => {
    fc.assert(
      fc.property(range(1e-9, 3.14), range(1e-3, 1e3), (angle, radius) => {
        near(atan2(radius * sin(angle), radius * cos(angle)), angle, 1e-14);
      }),
    );
  });
});
