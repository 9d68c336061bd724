/**
 * Elementary functions that give the same bits on every machine: only + - * / and the operations
 * that IEEE 754 rounds exactly (sqrt, floor, round). `Math.sin` and its kin differ between x64 and
 * arm64. All are within 2 ulp of the correctly rounded result (`pow` within 1); angles in radians,
 * trigonometry for |x| <= 2^40. Zero has no sign.
 */

/** An unevaluated sum hi + lo with |lo| <= ulp(hi) / 2: about 106 bits. */
type Double = readonly [hi: number, lo: number];

const HALF_PI: readonly [number, number, number] = [
  Math.PI / 2,
  6.123233995736766e-17,
  -1.4973849048591698e-33,
];
const PI: Double = [Math.PI, 1.2246467991473532e-16];
const LN2: readonly [number, number, number] = [
  Math.LN2,
  2.3190468138462996e-17,
  5.707708438416212e-34,
];
/** ln 2 with 21 trailing zero bits, so that a multiple by an exponent is exact, and its rest. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT2 = Math.SQRT2;
const SPLIT = 134217729; // 2^27 + 1

/** atan(i / 8), i = 0..8. */
const ATAN: readonly Double[] = [
  [0, 0],
  [0.12435499454676144, -3.1253241424539383e-18],
  [0.24497866312686414, 1.0698755618734451e-17],
  [0.35877067027057225, -2.4623815582638635e-17],
  [0.4636476090008061, 2.2698777452961687e-17],
  [0.5585993153435624, -5.4556305485916264e-18],
  [0.6435011087932844, 1.5834785051444286e-17],
  [0.7188299996216245, -2.1478388444456983e-17],
  [0.7853981633974483, 3.061616997868383e-17],
];

const LEAST = -1074;
/** 2^LEAST ... 2^1023. */
const POWERS: Float64Array = (() => {
  const powers = new Float64Array(1023 - LEAST + 1);
  powers[-LEAST] = 1;
  for (let k = 1; k <= 1023; k += 1) powers[k - LEAST] = (powers[k - 1 - LEAST] ?? 0) * 2;
  for (let k = -1; k >= LEAST; k -= 1) powers[k - LEAST] = (powers[k + 1 - LEAST] ?? 0) / 2;
  return powers;
})();

const power2 = (k: number): number => POWERS[k - LEAST] ?? 0;

/** value * 2^k, rounded once for a normal result. */
function scale(value: number, k: number): number {
  if (k > 1023) return value * power2(1023) * power2(k - 1023);
  if (k < -1022) return value * power2(k + 100) * power2(-100);
  return value * power2(k);
}

function twoSum(a: number, b: number): Double {
  const sum = a + b;
  const b2 = sum - a;
  return [sum, a - (sum - b2) + (b - b2)];
}

function twoProduct(a: number, b: number): Double {
  const product = a * b;
  const ca = SPLIT * a;
  const a1 = ca - (ca - a);
  const a2 = a - a1;
  const cb = SPLIT * b;
  const b1 = cb - (cb - b);
  const b2 = b - b1;
  return [product, a2 * b2 - (product - a1 * b1 - a2 * b1 - a1 * b2)];
}

const negative = ([hi, lo]: Double): Double => [-hi, -lo];

function add(a: Double, b: Double): Double {
  const [hi, lo] = twoSum(a[0], b[0]);
  return twoSum(hi, lo + a[1] + b[1]);
}

function multiply(a: Double, b: Double): Double {
  const [hi, lo] = twoProduct(a[0], b[0]);
  return twoSum(hi, lo + (a[0] * b[1] + a[1] * b[0]));
}

function divide(a: Double, b: Double): Double {
  const q = a[0] / b[0];
  const [hi, lo] = twoProduct(q, b[0]);
  const rest = a[0] - hi - lo + a[1] - q * b[1];
  return twoSum(q, rest / b[0]);
}

/** 1 / n to about 106 bits. */
const RECIPROCALS: readonly Double[] = Array.from({ length: 46 }, (_, n) =>
  n === 0 ? [0, 0] : divide([1, 0], [n, 0]),
);

/** sum of coefficients[n] * x^n. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let n = coefficients.length - 1; n >= 0; n -= 1) sum = sum * x + (coefficients[n] ?? 0);
  return sum;
}

/** 1 / n! for n from `first`, every `step`, with alternating sign where `step` is 2. */
function factorials(first: number, step: 1 | 2, count: number): number[] {
  const out: number[] = [];
  let factorial = 1;
  for (let n = 2, want = first; out.length < count; n += 1) {
    factorial *= n; // exact up to 18!
    if (n !== want) continue;
    out.push((step === 2 && out.length % 2 === 0 ? -1 : 1) / factorial);
    want += step;
  }
  return out;
}

const EXP = factorials(2, 1, 13);
const SIN = factorials(3, 2, 8);
const COS = factorials(4, 2, 7).map((value) => -value); // from x^4 / 4! on
const LOG = Array.from({ length: 12 }, (_, n) => 2 / (2 * n + 3));
const ATAN_REST = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? -1 : 1) / (2 * n + 3));

/** e^x; 0 below -745.2, Infinity above 709.8. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const k = Math.round(x / LN2[0]);
  const hi = x - k * LN2_HIGH;
  const lo = k * LN2_LOW;
  const r = hi - lo;
  const rest = hi - r - lo;
  const [whole, part] = twoSum(1, r);
  return scale(whole + (part + (r * r * polynomial(r, EXP) + rest)), k);
}

/** x = m * 2^e with m in [sqrt(1/2), sqrt(2)), for a positive finite x. */
function decompose(x: number): { m: number; e: number } {
  const tiny = x < power2(-1022);
  const value = tiny ? x * power2(54) : x;
  let low = LEAST;
  let high = 1024;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (power2(middle) <= value) low = middle;
    else high = middle;
  }
  const half = low > 1000 ? value * power2(-1000) * power2(1000 - low) : value * power2(-low);
  const e = tiny ? low - 54 : low;
  return half < SQRT2 ? { m: half, e } : { m: half / 2, e: e + 1 };
}

/** Natural logarithm; NaN below 0, -Infinity at 0. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  const { m, e } = decompose(x);
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const half = 0.5 * f * f;
  return e * LN2_HIGH - (half - (s * (half + z * polynomial(z, LOG)) + e * LN2_LOW) - f);
}

/** Logarithm to about 100 bits: 2 artanh(f / (2 + f)) + e ln 2. */
function preciseLog(x: number): Double {
  const { m, e } = decompose(x);
  const f = m - 1;
  const s = divide([f, 0], twoSum(2, f));
  const z = multiply(s, s);
  let sum: Double = [0, 0];
  for (let n = 22; n >= 0; n -= 1) {
    sum = add(multiply(sum, z), RECIPROCALS[2 * n + 1] ?? [0, 0]);
  }
  const mantissa = multiply([2 * s[0], 2 * s[1]], sum);
  const [hi, lo] = twoProduct(e, LN2[0]);
  return add(twoSum(hi, lo + e * LN2[1]), mantissa);
}

/** e^(hi + lo), rounded once. */
function preciseExp(x: Double): number {
  const k = Math.round(x[0] / LN2[0]);
  const [hi, lo] = twoProduct(-k, LN2[0]);
  const reduced = add(add(x, [hi, lo]), twoProduct(-k, LN2[1]));
  const r: Double = [reduced[0] / 256, (reduced[1] - k * LN2[2]) / 256];
  let tail: Double = [1, 0]; // 1 + r/2 (1 + r/3 (...)): e^r - 1 = r * tail
  for (let n = 11; n >= 2; n -= 1) {
    tail = add([1, 0], multiply(multiply(r, tail), RECIPROCALS[n] ?? [0, 0]));
  }
  let less = multiply(r, tail);
  for (let n = 0; n < 8; n += 1) less = add([2 * less[0], 2 * less[1]], multiply(less, less));
  return scale(add([1, 0], less)[0], k);
}

/** x^y with the special cases of `Math.pow`; exact where the result is a double. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const size = Math.abs(x);
  if (!Number.isFinite(y)) {
    if (size === 1) return Number.NaN;
    return size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  if (x === 0) return y > 0 ? 0 : Number.POSITIVE_INFINITY;
  const odd = x < 0 && Math.abs(y % 2) === 1;
  if (size === Number.POSITIVE_INFINITY) {
    if (y < 0) return 0;
    return odd ? x : size;
  }
  if (x < 0 && !Number.isInteger(y)) return Number.NaN;
  if (size === 1) return odd ? -1 : 1;
  const rough = y * log(size);
  if (rough > 710) return odd ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (rough < -746) return 0;
  const result = preciseExp(multiply(preciseLog(size), [y, 0]));
  return odd ? -result : result;
}

/**
 * Where `reduce` leaves its rest, hi and lo: written and read at once. Sine and cosine are what a
 * simulated sky consists of, so they make do without a pair on the heap for every step.
 */
const rest = new Float64Array(2);

/** x = quarter * pi/2 + rest, |rest| <= pi/4. @returns the quarter */
function reduce(x: number): number {
  const n = Math.round(x / HALF_PI[0]);
  rest[0] = x;
  rest[1] = 0;
  if (n === 0) return 0;
  addMultiple(-n, HALF_PI[0]);
  addMultiple(-n, HALF_PI[1]);
  const hi = rest[0];
  const lo = rest[1] - n * HALF_PI[2];
  const sum = hi + lo;
  const back = sum - hi;
  rest[0] = sum;
  rest[1] = hi - (sum - back) + (lo - back);
  return ((n % 4) + 4) % 4;
}

/** rest = add(rest, twoProduct(a, b)). */
function addMultiple(a: number, b: number): void {
  const product = a * b;
  const ca = SPLIT * a;
  const a1 = ca - (ca - a);
  const a2 = a - a1;
  const cb = SPLIT * b;
  const b1 = cb - (cb - b);
  const b2 = b - b1;
  const productLow = a2 * b2 - (product - a1 * b1 - a2 * b1 - a1 * b2);
  const hi = rest[0] ?? 0;
  const sum = hi + product;
  const back = sum - hi;
  const lost = hi - (sum - back) + (product - back) + (rest[1] ?? 0) + productLow;
  const whole = sum + lost;
  const backAgain = whole - sum;
  rest[0] = whole;
  rest[1] = sum - (whole - backAgain) + (lost - backAgain);
}

/** sin(x + y) - x. */
function sinTail(x: number, y: number): number {
  const z = x * x;
  return z * x * polynomial(z, SIN) + y * (1 - 0.5 * z);
}

/** cos(x + y) less the rounded 1 - x^2 / 2. */
function cosTail(x: number, y: number): number {
  const square = x * x;
  const cx = SPLIT * x;
  const x1 = cx - (cx - x);
  const x2 = x - x1;
  const squareLow = x2 * x2 - (square - x1 * x1 - x2 * x1 - x1 * x2);
  const half = 0.5 * square;
  const whole = 1 - half;
  const lost = 1 - whole - half - 0.5 * squareLow;
  return lost + (square * square * polynomial(square, COS) - x * y);
}

/** Sine and cosine of `rest`, rounded. */
const sinOfRest = (): number => (rest[0] ?? 0) + sinTail(rest[0] ?? 0, rest[1] ?? 0);
function cosOfRest(): number {
  const x = rest[0] ?? 0;
  return 1 - 0.5 * (x * x) + cosTail(x, rest[1] ?? 0);
}

export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const quarter = reduce(x);
  const size = quarter % 2 === 0 ? sinOfRest() : cosOfRest();
  return quarter < 2 ? size + 0 : 0 - size;
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const quarter = reduce(x);
  const size = quarter % 2 === 0 ? cosOfRest() : sinOfRest();
  return quarter === 0 || quarter === 3 ? size + 0 : 0 - size;
}

/** Sine and cosine of x, each hi + lo. */
function sinCos(x: number): { s: Double; c: Double } {
  const quarter = reduce(x);
  const [hi = 0, lo = 0] = rest;
  const s = twoSum(hi, sinTail(hi, lo));
  const c = twoSum(1 - 0.5 * (hi * hi), cosTail(hi, lo));
  if (quarter === 0) return { s, c };
  if (quarter === 1) return { s: c, c: negative(s) };
  if (quarter === 2) return { s: negative(s), c: negative(c) };
  return { s: negative(c), c: s };
}

export function tan(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const { s, c } = sinCos(x);
  return divide(s, c)[0] + 0;
}

/** Arc tangent of q in [0, 1]. */
function atanKernel(q: Double): Double {
  const i = Math.round(q[0] * 8);
  const from = ATAN[i] ?? [0, 0];
  const c = i / 8;
  const t = i === 0 ? q : divide(twoSum(q[0] - c, q[1]), add(twoProduct(q[0], c), [1, q[1] * c]));
  const z = t[0] * t[0];
  const [hi, lo] = twoSum(from[0], t[0]);
  return twoSum(hi, lo + (from[1] + t[1] + t[0] * z * polynomial(z, ATAN_REST)));
}

/**
 * Angle of the point (x, y) for finite or infinite y, x >= 0, not both zero; as hi + lo in [0,
 * pi/2].
 */
function firstQuadrant(y: number, x: number): Double {
  if (x === Number.POSITIVE_INFINITY) return y === x ? [HALF_PI[0] / 2, HALF_PI[1] / 2] : [0, 0];
  if (y === Number.POSITIVE_INFINITY) return [HALF_PI[0], HALF_PI[1]];
  const most = Math.max(y, x);
  const least = Math.min(y, x);
  if (least / most < power2(-60)) return y <= x ? [y / x, 0] : [HALF_PI[0], HALF_PI[1] - x / y];
  let k = 1; // products of halves must neither overflow nor vanish
  if (most > power2(500)) k = power2(-600);
  else if (most < power2(-400)) k = power2(600);
  const angle = atanKernel(divide([least * k, 0], [most * k, 0]));
  return y <= x ? angle : add([HALF_PI[0], HALF_PI[1]], negative(angle));
}

/** Angle of the point (x, y) in (-pi, pi]; 0 at the origin, pi on the negative axis. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (y === 0) return x < 0 ? PI[0] : 0;
  const angle = firstQuadrant(Math.abs(y), Math.abs(x));
  const turned = x < 0 ? add(PI, negative(angle)) : angle;
  return (y < 0 ? -turned[0] : turned[0]) + 0;
}

/** sqrt(1 - x^2) as hi + lo. */
function legOf(x: number): Double {
  const [hi, lo] = twoProduct(x, x);
  const square = add([1, 0], [-hi, -lo]);
  const root = Math.sqrt(square[0]);
  if (root === 0) return [0, 0];
  const [back, backLow] = twoProduct(root, root);
  return twoSum(root, (square[0] - back - backLow + square[1]) / (2 * root));
}

/** Arc sine in [-pi/2, pi/2]; NaN beyond 1. */
export function asin(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return Number.NaN;
  const leg = legOf(size);
  const angle =
    size <= leg[0]
      ? atanKernel(divide([size, 0], leg))
      : add([HALF_PI[0], HALF_PI[1]], negative(atanKernel(divide(leg, [size, 0]))));
  return (x < 0 ? -angle[0] : angle[0]) + 0;
}

/** Arc cosine in [0, pi]; NaN beyond 1. */
export function acos(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return Number.NaN;
  const leg = legOf(size);
  const angle =
    leg[0] <= size
      ? atanKernel(divide(leg, [size, 0]))
      : add([HALF_PI[0], HALF_PI[1]], negative(atanKernel(divide([size, 0], leg))));
  return (x < 0 ? add(PI, negative(angle)) : angle)[0] + 0;
}
