/** A connection's meter and the devices behind it at one turn, as they were read. */
export interface Sample {
  readonly atMs: number;
  readonly meterW: number; // + import
  readonly ownW: number; // all that is measured behind the connection, + production
  readonly freeW: number; // of that: batteries that nobody tells, which answer the load themselves
}

const KEPT = 40;

export function kept(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const next = history.slice(1 - KEPT);
  next.push(sample);
  return next;
}

/** Least and most of the devices' sum since an instant, W. */
export function ownSpan(history: readonly Sample[], fromMs: number) {
  let lowW = Number.POSITIVE_INFINITY;
  let highW = Number.NEGATIVE_INFINITY;
  for (const { atMs, ownW } of history) {
    if (atMs < fromMs) continue;
    lowW = Math.min(lowW, ownW);
    highW = Math.max(highW, ownW);
  }
  return { lowW, highW };
}

/** Of the way between two powers; more is no mere change of the sign. */
const MIRROR_SHARE = 0.05;

/** Whether one power is the other with its sign turned: as wires or registers turn it, W. */
export const isMirrored = (aW: number, bW: number): boolean =>
  Math.abs(aW + bW) <= MIRROR_SHARE * Math.abs(aW - bW);
