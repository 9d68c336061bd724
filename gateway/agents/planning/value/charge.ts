import type { ValueStore } from '../../../contracts/values/levels.ts';
import { lowestCapW } from './cap.ts';
import type { PastDays } from './days.ts';

/** What the highest import of a period costs, and how far the period is. */
export interface Billing {
  readonly nanoPerW: number;
  readonly peakW: number; // highest so far, or what is not worth to be kept below
  readonly daysLeft: number; // after today
}

/** Peaks that may be reached, rising, and what each adds to the bill that is expected, nano. */
export interface PeakCharge {
  readonly peaksW: readonly number[];
  readonly addedNano: readonly number[];
  readonly nanoPerW: number; // beyond the last one
}

/** What imperfect foresight can use of a store where the highest import is to be kept. */
const USED_SHARE = 0.9;
/** Fewer days say nothing of those that come. */
const KNOWN_DAYS = 7;
/** Peaks up to a little above the worst day's lowest, and two beyond. */
const NEAR_PEAKS = 4;
const ABOVE_WORST = 1.15;
const STEPS_BETWEEN = 20;

/**
 * A higher peak costs its charge only where no later day of the period would have reached it
 * anyway: past days say how likely that is.
 */
export function peakCharge(
  { nanoPerW, peakW, daysLeft }: Billing,
  past: PastDays,
  highestW: number,
  hours: number,
  store: ValueStore,
): PeakCharge {
  const capsW = dailyCapsW(past, hours, store);
  const firstW = Math.max(peakW, capsW[capsW.length >> 1] ?? 0);
  const worstW = Math.max(ABOVE_WORST * Math.max(firstW, capsW.at(-1) ?? 0), firstW + 1);
  const lastW = Math.max(highestW, 1.1 * worstW);
  const near = Array.from(
    { length: NEAR_PEAKS },
    (_, n) => firstW + ((worstW - firstW) * n) / (NEAR_PEAKS - 1),
  );
  const peaksW = [...near, (worstW + lastW) / 2, lastW];
  const notLater = (atW: number): number => {
    if (capsW.length < KNOWN_DAYS) return 1;
    const below = capsW.filter((capW) => capW <= atW).length / (capsW.length + 1);
    return power(below, daysLeft);
  };
  let sumNano = 0;
  const addedNano = peaksW.map((toW, n) => {
    const fromW = peaksW[n - 1] ?? toW;
    for (let step = 0.5; step < STEPS_BETWEEN; step += 1) {
      const atW = fromW + ((toW - fromW) * step) / STEPS_BETWEEN;
      sumNano += (nanoPerW * (toW - fromW) * notLater(atW)) / STEPS_BETWEEN;
    }
    return sumNano;
  });
  return { peaksW, addedNano, nanoPerW };
}

/** Lowest import that each past day would have allowed by itself, W, rising. */
function dailyCapsW(past: PastDays, hours: number, store: ValueStore): number[] {
  const used = { ...store, maxWh: store.minWh + USED_SHARE * (store.maxWh - store.minWh) };
  return Array.from({ length: past.days }, (_, n) => {
    const needsWh = Array.from({ length: past.dailySteps }, (__, slot) => past.needWh(n + 1, slot));
    return lowestCapW(needsWh, hours, used);
  }).sort((a, b) => a - b);
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let n = 0; n < exponent; n += 1) result *= base;
  return result;
}
