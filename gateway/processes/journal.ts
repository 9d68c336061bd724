import type { TelemetryRecord } from '../contracts/values/record.ts';

/** So long an event may wait for an agent's disk before the guard keeps it on its own. */
const WAIT_MS = 2_000; // real
const EVENTS_MAX = 500; // the newest

/**
 * Events of a guard while no agent takes them: the next start hands them on under the same keys,
 * so that what happened without an agent is told even if the guard ends before one is back. What
 * an agent has on disk is taken out.
 */
export class EventJournal {
  private kept: string;
  private sinceMs: number | undefined; // real: what is open is not what is kept
  private readonly save: (events: readonly TelemetryRecord[]) => void;

  /** @param kept  what is kept already */
  constructor(
    save: (events: readonly TelemetryRecord[]) => void,
    kept: readonly TelemetryRecord[] = [],
  ) {
    this.save = save;
    this.kept = keysOf(kept);
  }

  /** Once a turn. @param all  events that no agent has on disk  @param nowMs real */
  step(all: readonly TelemetryRecord[], nowMs: number): void {
    const open = all.slice(-EVENTS_MAX);
    if (keysOf(open) === this.kept) {
      this.sinceMs = undefined;
      return;
    }
    this.sinceMs ??= nowMs;
    if (nowMs - this.sinceMs >= WAIT_MS) this.keep(open);
  }

  /** The guard ends. */
  close(all: readonly TelemetryRecord[]): void {
    const open = all.slice(-EVENTS_MAX);
    if (keysOf(open) !== this.kept) this.keep(open);
  }

  private keep(open: readonly TelemetryRecord[]): void {
    this.kept = keysOf(open);
    this.sinceMs = undefined;
    this.save(open);
  }
}

const keysOf = (events: readonly TelemetryRecord[]): string =>
  events.map(({ epoch, seq }) => `${epoch}/${seq}`).join();

/** What a guard before this one kept; anything odd in it is left out. */
export function keptEvents(raw: unknown): TelemetryRecord[] {
  if (!Array.isArray(raw)) return [];
  return raw.slice(-EVENTS_MAX).filter(isEvent);
}

function isEvent(raw: Record<string, unknown> | null): boolean {
  if (typeof raw !== 'object' || raw === null || raw['kind'] !== 'event') return false;
  const isNumbered = ['epoch', 'seq'].every((key) => Number.isSafeInteger(raw[key]));
  const isTold = ['code', 'text', 'mode'].every((key) => typeof raw[key] === 'string');
  return isNumbered && isTold && Number.isFinite(raw['atMs']);
}
