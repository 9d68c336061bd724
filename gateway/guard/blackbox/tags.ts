/**
 * Plain values as bytes, each told by what changed since the one before: numbers to the last bit
 * (NaN, -0 and infinities included), a decimal number as the difference of its digits, texts and
 * sets of keys by a number once they are known. Both sides keep the same tables, so blobs are read
 * in the order in which they were written, from the first.
 */
export const TAG = {
  undef: 1,
  nul: 2,
  no: 3,
  yes: 4,
  nan: 5,
  inf: 6,
  negInf: 7,
  negZero: 8,
  raw: 9,
  text: 10,
  known: 11,
  array: 12,
  shape: 13,
  keyed: 14,
  patch: 15,
  decimal: 16, // + digits after the point, 0 to 6
  big: 24,
} as const;

export const DIGITS_MAX = 6;
export const TEXT_COUNT_MAX = 4_096; // texts that are known by number
export const DEPTH_MAX = 32;
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const;
const EXACT_MAX = 2 ** 51; // a difference of two such is exact, and so is twice that

export type Plain = Record<string, unknown>;

export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value's digits as a whole number; NaN where so many digits are not the value. */
export function whole(value: number, digits: number): number {
  const power = POWERS[digits] ?? 1;
  const digitsOf = Math.round(value * power);
  return Math.abs(digitsOf) < EXACT_MAX && digitsOf / power === value ? digitsOf : Number.NaN;
}

export const decimal = (digitsOf: number, digits: number): number =>
  digitsOf / (POWERS[digits] ?? 1);

/** What a difference is counted from: the same on both sides. */
export function origin(before: unknown, digits: number): number {
  if (typeof before !== 'number' || !Number.isFinite(before)) return 0;
  const digitsOf = Math.round(before * (POWERS[digits] ?? 1));
  return Math.abs(digitsOf) < EXACT_MAX ? digitsOf : 0;
}
