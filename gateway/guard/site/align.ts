/** A few samples of one power, oldest first. */
export type Trace = readonly { readonly atMs: number; readonly powerW: number }[];

const KEPT = 4;

/** Appends a newer sample; the same or an older one changes nothing. */
export function follow(trace: Trace, atMs: number, powerW: number): Trace {
  const newest = trace[trace.length - 1];
  if (newest !== undefined && !(atMs > newest.atMs)) return trace;
  return [...trace.slice(1 - KEPT), { atMs, powerW }];
}

export const newestMs = (trace: Trace): number =>
  trace[trace.length - 1]?.atMs ?? Number.NEGATIVE_INFINITY;

/**
 * Power at an instant between two samples, held at the ends; NaN without any. Halfway between the
 * line and the newer sample: a slow device moves along the line, a fast one has jumped just after
 * it was told, long before.
 */
export function at(trace: Trace, atMs: number): number {
  let before: Trace[number] | undefined;
  for (const sample of trace) {
    if (sample.atMs >= atMs) {
      if (before === undefined) return sample.powerW;
      const share = (atMs - before.atMs) / (sample.atMs - before.atMs);
      const line = before.powerW + share * (sample.powerW - before.powerW);
      return (line + sample.powerW) / 2;
    }
    before = sample;
  }
  return before?.powerW ?? Number.NaN;
}
