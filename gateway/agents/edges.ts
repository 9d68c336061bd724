import type { Directive } from '../contracts/values/directive.ts';
import type { Instant } from '../contracts/values/time.ts';

/**
 * When the next limit that was announced begins or ends. The end of an envelope that a newer one
 * with the same limits has replaced changes nothing: of 20 minutes every 5, that is each of them.
 */
export function nextEdgeMs(directives: readonly Directive[], nowMs: Instant): Instant | undefined {
  let nextMs: Instant | undefined;
  for (const { kind, fromMs, untilMs } of directives) {
    if (kind === 'heartbeat') continue;
    for (const atMs of [fromMs, untilMs]) {
      if (atMs <= nowMs || atMs >= (nextMs ?? Number.POSITIVE_INFINITY)) continue;
      if (isChange(directives, kind, atMs)) nextMs = atMs;
    }
  }
  return nextMs;
}

/** Whether what is told of a kind is another thing from this instant on. */
function isChange(directives: readonly Directive[], kind: Directive['kind'], atMs: Instant) {
  const before = newestAt(directives, kind, atMs - 1);
  const after = newestAt(directives, kind, atMs);
  return (
    before?.importLimitW !== after?.importLimitW || before?.exportLimitW !== after?.exportLimitW
  );
}

function newestAt(directives: readonly Directive[], kind: Directive['kind'], atMs: Instant) {
  let newest: Directive | undefined;
  for (const one of directives) {
    if (one.kind !== kind || one.fromMs > atMs || one.untilMs <= atMs) continue;
    if (newest === undefined || one.sequence > newest.sequence) newest = one;
  }
  return newest;
}
