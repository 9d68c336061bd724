/**
 * Where the rest of a site is on its way to: a cloud's edge or a machine that runs up goes on as it
 * did, and whoever answers to what the meter shows is late by the way to the device and back.
 */

/** Cycles in which it must have gone one way: noise does not, and a step does so once or twice. */
const LEAST = 3;
/** The mean of so many counts where they did: what is believed of a ramp comes in uneven parts. */
const MOST = 4;
/** From a reading to the effect of what it led to, in cycles. */
const LATE_CYCLES = 2;

/** @returns W that `newestW` will have moved by when what is decided now takes effect; 0 at rest */
export function aheadW(before: readonly number[], newestW: number): number {
  const all = [...before, newestW];
  const lastW = all[all.length - 2] ?? newestW;
  let count = 0; // of cycles in which it went this way, without a break
  for (let n = all.length - 1; n > 0 && count < MOST; n -= 1) {
    const riseW = (all[n] ?? 0) - (all[n - 1] ?? 0);
    if (!(riseW * (newestW - lastW) > 0)) break;
    count += 1;
  }
  if (count < LEAST) return 0;
  const fromW = all[all.length - 1 - count] ?? newestW;
  return (LATE_CYCLES * (newestW - fromW)) / count;
}

/** The newest, for the next cycle. */
export const lastOnes = (before: readonly number[], newestW: number): readonly number[] => [
  ...before.slice(1 - MOST),
  newestW,
];
