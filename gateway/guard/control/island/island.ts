import type { Controller } from '../types.ts';

export interface IslandState {
  readonly islanded: boolean;
  readonly backSinceMs: number | undefined; // grid seen again since
}

export const ON_GRID: IslandState = { islanded: false, backSinceMs: undefined };

/** Wait after the grid's return, in cycles, and the spread over sites on top of it. */
const WAIT_CYCLES = 60;
const SPREAD_CYCLES = 60;

/** The same spread each time for one gateway, different between gateways: 0..1. */
function spread(gateway: string): number {
  let sum = 0;
  for (let at = 0; at < gateway.length; at += 1) sum = (sum * 31 + gateway.charCodeAt(at)) % 9_973;
  return sum / 9_973;
}

/**
 * Grid gone: every device goes back to its own mode and nothing is written until the grid has
 * been back for the delay and this gateway's share of the spread, so that a street does not
 * return at once.
 */
export const island: Controller<IslandState> = {
  start: ON_GRID,
  step(state, view, nowMs) {
    const { site, spec, times } = view;
    const waitMs = (WAIT_CYCLES + SPREAD_CYCLES * spread(spec.gateway)) * times.cycleMs;
    if (site.grid === 'absent') {
      return { ...given(true), state: { islanded: true, backSinceMs: undefined } };
    }
    if (!state.islanded) return { state, wishes: [] };
    if (site.grid === 'unknown') return { ...given(true), state };
    const backSinceMs = state.backSinceMs ?? nowMs;
    if (nowMs - backSinceMs >= waitMs) return { state: ON_GRID, wishes: [] };
    return { ...given(false), state: { islanded: true, backSinceMs } };
  },
};

function given(gone: boolean) {
  const sentence = gone
    ? 'the grid is gone: every device is in its own mode'
    : 'the grid is back: waiting before taking part again';
  return { wishes: [], asks: [{ authority: 'site-safety' as const, sentence }] };
}
