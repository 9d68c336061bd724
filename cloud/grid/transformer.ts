import { exp } from '../../devices/maths.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';

/**
 * A distribution transformer as one thermal mass: short overload is allowed, sustained overload is
 * not.
 */
export interface Transformer {
  readonly ratedVa: number;
  readonly timeConstantMs: number; // 10 to 30 min
  readonly powerFactor: number; // what turns measured W into VA where only W is known
}

/**
 * `heatShare` is the winding's temperature rise as a share of the rise at rated load: it follows
 * the square of the loading with one time constant, 1 = as hot as it may be for ever.
 */
export interface TransformerState {
  readonly heatShare: number;
  readonly atMs: Instant;
}

/** Most load at any instant, as a share of the rating: voltage and cables set it, not heat. */
const SHORT_OVERLOAD = 1.5;

export const coolTransformer = (atMs: Instant): TransformerState => ({ heatShare: 0, atMs });

/**
 * Lets the load of the time since the last step act.
 * @param loadVa  mean apparent power, either direction
 */
export function stepTransformer(
  spec: Transformer,
  state: TransformerState,
  loadVa: number,
  nowMs: Instant,
): TransformerState {
  const passedMs = Math.max(0, nowMs - state.atMs);
  if (!Number.isFinite(loadVa)) return { ...state, atMs: nowMs };
  const loading = Math.abs(loadVa) / spec.ratedVa;
  const keeps = exp(-passedMs / spec.timeConstantMs);
  return {
    heatShare: loading * loading + (state.heatShare - loading * loading) * keeps,
    atMs: nowMs,
  };
}

/** Largest constant load, VA, under which the heat stays at or below 1 for `forMs` from now. */
export function allowedVa(spec: Transformer, state: TransformerState, forMs: number): number {
  const keeps = exp(-Math.max(1, forMs) / spec.timeConstantMs);
  const square = (1 - state.heatShare * keeps) / (1 - keeps);
  return spec.ratedVa * Math.min(SHORT_OVERLOAD, Math.sqrt(Math.max(0, square)));
}
