/**
 * Where the rest of a site is on its way to: a cloud's edge or a machine that runs up goes on as it
 * did, and whoever answers to what the meter shows is late by the way to the device and back.
 */

/** Cycles in which it must have gone one way: noise does not, and a step does so once. */
const SPAN = 4;
/** From a reading to the effect of what it led to, in cycles. */
const LATE_CYCLES = 2;

/** @returns W that `newestW` will have moved by when what is decided now takes effect; 0 at rest */
export function aheadW(before: readonly number[], newestW: number): number {
  const all = [...before, newestW];
  if (all.length <= SPAN) return 0;
  const [fromW = newestW] = all;
  const riseW = newestW - fromW;
  const goesOn = all.every((valueW, n) => n === 0 || (valueW - (all[n - 1] ?? 0)) * riseW > 0);
  return goesOn ? (LATE_CYCLES * riseW) / SPAN : 0;
}

/** The newest, for the next cycle. */
export const lastOnes = (before: readonly number[], newestW: number): readonly number[] => [
  ...before.slice(1 - SPAN),
  newestW,
];
