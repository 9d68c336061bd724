import type { Flow } from '../../../contracts/values/view.ts';

/**
 * States of a figure: fresh up to five cycles, late while it is held, stale with what it was,
 * unknown without.
 */
export type Freshness = 'fresh' | 'late' | 'stale' | 'unknown';

/** Cycles for which a control reading is fresh. */
export const FRESH_CYCLES = 5;
/** Cycles after which a value that nobody renews is stale, whatever it was called. */
const STALE_CYCLES = 15;

export function freshness(
  flow: Pick<Flow, 'quality' | 'powerW' | 'lastW'>,
  ageMs: number,
  cycleMs: number,
): Freshness {
  if (flow.powerW === null) return flow.lastW === null ? 'unknown' : 'stale';
  return ageFreshness(ageMs, cycleMs, flow.quality === 'good');
}

export function ageFreshness(ageMs: number, cycleMs: number, good: boolean): Freshness {
  if (ageMs > STALE_CYCLES * cycleMs) return 'stale';
  return good && ageMs <= FRESH_CYCLES * cycleMs ? 'fresh' : 'late';
}
