import { parseStamp } from '../../../contracts/values/stamp.ts';
import { HOUR_MS, type Instant } from '../../../contracts/values/time.ts';

/** A source's answer that cannot be used: says what is wrong with it, on one line. */
export class SourceError extends Error {}

const SAID_CHARS = 120;

/** Text from outside as a log may carry it: one short line, nothing that moves a cursor. */
export const said = (text: unknown): string =>
  String(text)
    .slice(0, 4 * SAID_CHARS)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, SAID_CHARS);

/** JSON of a source. @throws SourceError */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new SourceError('the answer is not JSON');
  }
}

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

/** A value that can be, or unknown. */
export const within = (value: number | null, low: number, high: number): number | null =>
  value !== null && value >= low && value <= high ? value : null;

/** An instant written with its offset. @throws SourceError for local times: they come twice */
export function instantOf(value: unknown, what: string): Instant {
  const stamp = typeof value === 'string' ? parseStamp(value) : undefined;
  if (stamp?.offsetMs === undefined) {
    throw new SourceError(`${what} is '${said(value)}', not a time with Z or an offset`);
  }
  return stamp.clockMs - stamp.offsetMs;
}

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
  if (stepMs > 6 * HOUR_MS) throw new SourceError(`its step is ${stepMs / HOUR_MS} h`);
  return stepMs;
}

/** Host of an address, as the forecast names its source. */
export const hostOf = (url: string): string =>
  (/^[a-z]+:\/\/([^/?]+)/.exec(url)?.[1] ?? 'unknown').slice(0, 64);

/** An address with our query behind its own. */
export function withQuery(url: string, query: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}
