import type { Instant } from '../../../gateway/contracts/values/time.ts';

/** A source's answer that cannot be used: says what is wrong with it. */
export class SourceError extends Error {}

export const objectOf = (value: unknown, what: string): Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SourceError(`${what} is not an object`);
  }
  return value as Record<string, unknown>;
};

export const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new SourceError(`${what} is not a list`);
  return value;
};

export const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

export const SLOTS_MAX = 100_000;

/**
 * Values at instants, laid out at equal steps from the first; what lies between and is not there is
 * null.
 */
export function evenly(
  atMs: readonly unknown[],
  values: readonly (number | null)[],
  stepMs: number,
): { readonly fromMs: Instant; readonly values: (number | null)[] } {
  const fromMs = finite(atMs[0]);
  const lastMs = finite(atMs.at(-1));
  if (fromMs === null || lastMs === null) throw new SourceError('its times are not numbers');
  const slots = (lastMs - fromMs) / stepMs + 1;
  if (!(slots >= 1 && slots <= SLOTS_MAX)) throw new SourceError('its times are not in order');
  const laid: (number | null)[] = new Array(Math.floor(slots)).fill(null);
  atMs.forEach((at, n) => {
    const slot = ((finite(at) ?? Number.NaN) - fromMs) / stepMs;
    if (!Number.isInteger(slot) || slot < 0)
      throw new SourceError('its times are not in equal steps');
    laid[slot] = values[n] ?? null;
  });
  return { fromMs, values: laid };
}

/** Smallest distance of neighbours, ms. */
export function stepOf(atMs: readonly unknown[]): number {
  let stepMs = Number.POSITIVE_INFINITY;
  for (let n = 1; n < atMs.length; n += 1) {
    const distance = (finite(atMs[n]) ?? Number.NaN) - (finite(atMs[n - 1]) ?? Number.NaN);
    if (!(distance > 0)) throw new SourceError('its times are not in order');
    stepMs = Math.min(stepMs, distance);
  }
  if (!Number.isFinite(stepMs)) throw new SourceError('it has less than two times');
  return stepMs;
}
