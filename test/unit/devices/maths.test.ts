import { describe, expect, it } from 'vitest';
import { acos, asin, atan2, cos, exp, log, pow, sin, tan } from '../../../devices/maths.ts';

/*
 * The reference is a fixed-point calculation with 200 fractional bits in BigInt, by other formulas
 * than the code under test, so that neither is checked against itself nor against the platform's
 * Math.
 */
const BITS = 200n;
const ONE = 1n << BITS;
const fixed = (x: number): bigint => {
  let value = x;
  let shift = 0n;
  while (!Number.isInteger(value)) {
    value *= 2;
    shift += 1n;
  }
  return (BigInt(value) << BITS) >> shift;
};
const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;

const view = new DataView(new ArrayBuffer(8));
function ordinal(x: number): bigint {
  view.setFloat64(0, x);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}
function ulpsFrom(x: number, value: bigint): number {
  const digits = value < 0n ? -value : value;
  const extra = BigInt(Math.max(0, digits.toString(2).length - 64));
  // correctly rounded but for ties
  const near = Number(digits >> extra) * Number(1n << extra) * 2 ** -Number(BITS);
  const distance = ordinal(x) - ordinal(value < 0n ? -near : near);
  return Number(distance < 0n ? -distance : distance);
}

function series(x: bigint, first: bigint, from: bigint): bigint {
  let sum = first;
  let term = first;
  for (let n = from; term !== 0n; n += 2n) {
    term = -times(times(term, x), x) / (n * (n + 1n));
    sum += term;
  }
  return sum;
}
const sinFixed = (x: bigint): bigint => series(x, x, 2n);
const cosFixed = (x: bigint): bigint => series(x, ONE, 1n);
function expFixed(x: bigint): bigint {
  let sum = ONE;
  let term = ONE;
  for (let n = 1n; term !== 0n; n += 1n) {
    term = times(term, x) / n;
    sum += term;
    if (term === -1n) break; // the shift rounds towards -infinity
  }
  return sum;
}
/** Newton on y -> exp(y) from a rough start. */
function logFixed(x: bigint, start: number): bigint {
  let y = fixed(start);
  for (let round = 0; round < 6; round += 1) {
    const e = expFixed(y);
    y += over(2n * (x - e), x + e);
  }
  return y;
}
function atanFixed(x: bigint, start: number): bigint {
  let y = fixed(start);
  for (let round = 0; round < 6; round += 1) {
    const c = cosFixed(y);
    y -= times(c, sinFixed(y) - times(x, c));
  }
  return y;
}
function sqrtFixed(x: bigint): bigint {
  let y = x > ONE ? x : ONE;
  for (let last = 0n; y !== last && y + 1n !== last; ) {
    last = y;
    y = (y + over(x, y)) / 2n;
  }
  return y;
}

/** Evenly and unevenly spread arguments, no random: the same in every run. */
const spread = (low: number, high: number): number[] =>
  Array.from({ length: 400 }, (_, n) => low + (high - low) * ((n * 0.6180339887498949) % 1));

describe('2 ulp of the exact value', () => {
  it.each([
    ['sin', sin, (x: number) => sinFixed(fixed(x)), spread(-40, 40)],
    ['cos', cos, (x: number) => cosFixed(fixed(x)), spread(-40, 40)],
    ['sin near pi', sin, (x: number) => sinFixed(fixed(x)), spread(3.1415, 3.15)],
    ['tan', tan, (x: number) => over(sinFixed(fixed(x)), cosFixed(fixed(x))), spread(-40, 40)],
    ['exp', exp, (x: number) => expFixed(fixed(x)), spread(-20, 60)],
    ['log', log, (x: number) => logFixed(fixed(x), Math.log(x)), spread(0.01, 500)],
    ['log near 1', log, (x: number) => logFixed(fixed(x), Math.log(x)), spread(0.999, 1.001)],
    [
      'asin',
      asin,
      (x: number) =>
        atanFixed(over(fixed(x), sqrtFixed(ONE - times(fixed(x), fixed(x)))), Math.asin(x)),
      spread(-0.999, 0.999),
    ],
    [
      'acos',
      acos,
      (x: number) =>
        atanFixed(over(sqrtFixed(ONE - times(fixed(x), fixed(x))), fixed(x)), Math.acos(x)),
      spread(0.01, 0.999),
    ],
    [
      'atan2',
      (x: number) => atan2(x, 3),
      (x: number) => atanFixed(fixed(x) / 3n, Math.atan(x / 3)),
      spread(-90, 90),
    ],
    [
      'pow',
      (x: number) => pow(x, 2.5),
      (x: number) =>
        sqrtFixed(times(times((fixed(x) ** 2n) >> BITS, fixed(x)), (fixed(x) ** 2n) >> BITS)),
      spread(0.1, 60),
    ],
  ] as const)('%s', (_name, ours, exact, arguments_) => {
    for (const x of arguments_) {
      expect(ulpsFrom(ours(x), exact(x)), `${x} gives ${ours(x)}`).toBeLessThanOrEqual(2);
    }
  });
});

describe('special values', () => {
  it('has no signed zero', () => {
    for (const zero of [sin(-0), tan(-0), asin(-0), atan2(-0, 1), log(1), pow(-0, 3)])
      expect(Object.is(zero, 0)).toBe(true);
  });
  it('ends where the exact function ends', () => {
    expect(exp(0)).toBe(1);
    expect(exp(1)).toBe(Math.E);
    expect([exp(-Infinity), exp(-800), exp(800), exp(Infinity)]).toEqual([
      0,
      0,
      Infinity,
      Infinity,
    ]);
    expect([log(0), log(-1), log(Infinity)]).toEqual([-Infinity, Number.NaN, Infinity]);
    expect([sin(Infinity), cos(-Infinity), tan(Number.NaN)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect([asin(1), acos(1), acos(-1), acos(1.1), asin(-1.1)]).toEqual([
      Math.PI / 2,
      0,
      Math.PI,
      Number.NaN,
      Number.NaN,
    ]);
    expect([atan2(0, 0), atan2(0, -1), atan2(1, 0), atan2(-1, 0)]).toEqual([
      0,
      Math.PI,
      Math.PI / 2,
      -Math.PI / 2,
    ]);
    expect([atan2(1, Infinity), atan2(Infinity, Infinity), atan2(Infinity, -Infinity)]).toEqual([
      0,
      Math.PI / 4,
      (3 * Math.PI) / 4,
    ]);
    expect(atan2(1e308, 1e-308)).toBe(Math.PI / 2);
    expect(atan2(5e-324, 5e-324)).toBe(Math.PI / 4);
  });
  it('pow is exact where the result is a double', () => {
    expect([pow(10, 2), pow(10, 15), pow(10, -3), pow(2, 0.5), pow(-2, 3), pow(7, 22)]).toEqual([
      100,
      1e15,
      0.001,
      Math.SQRT2,
      -8,
      7 ** 22,
    ]);
    expect([pow(2, -1074), pow(2, 1023), pow(10, 400), pow(10, -400)]).toEqual([
      5e-324,
      2 ** 1023,
      Infinity,
      0,
    ]);
    for (const [x, y] of [
      [0, -1],
      [-8, 1 / 3],
      [1, Infinity],
      [-Infinity, 3],
      [-Infinity, -2],
      [-Infinity, 2.5],
      [-Infinity, -2.5],
      [-Infinity, 4],
      [Infinity, 0.5],
      [2, Number.NaN],
      [Number.NaN, 0],
    ] as const) {
      expect(pow(x, y), `${x}^${y}`).toBe(x ** y);
    }
  });
  it('keeps its bits: a change of any result changes this sum', () => {
    let sum = 0;
    for (const x of spread(-30, 30))
      sum += sin(x) + cos(x) * 3 + exp(x / 10) + atan2(x, 2) + log(x * x + 1) + pow(x * x + 1, 0.3);
    expect(sum).toBe(5201.358089872464);
  });
});
