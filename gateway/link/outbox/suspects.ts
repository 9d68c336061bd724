import type { TelemetryRecord } from '../../contracts/values/record.ts';

/** Records that the broker refused together, kept apart until it is clear which of them it is. */
export interface Suspect {
  readonly records: readonly TelemetryRecord[];
  readonly sinceMs: number; // real: the first refusal of exactly these
  readonly tries: number;
  readonly dueMs: number; // real: tried again
}

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;
const TRIES = 3;

/**
 * What the broker refuses, halved until single records are left. The proof that it is the records
 * and not the way is that others pass meanwhile: without it nothing is halved and nobody is found
 * guilty, so that a broken policy or an odd broker costs no record.
 */
export class Suspects {
  private groups: Suspect[] = [];
  private provenMs = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.groups.length;
  }

  /** All of them, to be left out when the outbox is read. */
  records(): TelemetryRecord[] {
    return this.groups.flatMap((group) => group.records);
  }

  /** The broker took other records. */
  proven(nowMs: number): void {
    this.provenMs = nowMs;
  }

  /**
   * A batch was refused that was under no suspicion. @returns false when it is the second one and
   * nothing has passed since the first: then it is the way, and all are free again
   */
  add(records: readonly TelemetryRecord[], nowMs: number): boolean {
    const oldestMs = Math.min(...this.groups.map(({ sinceMs }) => sinceMs));
    if (this.groups.length > 0 && this.provenMs < oldestMs) {
      this.groups = [];
      return false;
    }
    this.groups.push({ records, sinceMs: nowMs, tries: 1, dueMs: nowMs + FIRST_PAUSE_MS });
    return true;
  }

  /** The next one to try alone. */
  due(nowMs: number): Suspect | undefined {
    return this.groups.find(({ dueMs }) => dueMs <= nowMs);
  }

  /** When the next one is due, real; infinite where there is none. */
  nextMs(): number {
    return Math.min(...this.groups.map(({ dueMs }) => dueMs));
  }

  /** The broker took it after all, or somebody settled its fate. */
  cleared(suspect: Suspect): void {
    this.groups = this.groups.filter((group) => group !== suspect);
  }

  /**
   * It was refused again. @returns the record that is guilty beyond doubt: it was refused alone,
   * three times, while others passed
   */
  refused(suspect: Suspect, nowMs: number): TelemetryRecord | undefined {
    this.cleared(suspect);
    const { records, sinceMs } = suspect;
    const isProven = this.provenMs > sinceMs;
    if (records.length > 1 && isProven) {
      const half = Math.ceil(records.length / 2);
      for (const part of [records.slice(0, half), records.slice(half)]) {
        const dueMs = nowMs + FIRST_PAUSE_MS;
        this.groups.push({ records: part, sinceMs: nowMs, tries: 0, dueMs });
      }
      return undefined;
    }
    const tries = suspect.tries + 1;
    if (records.length === 1 && isProven && tries >= TRIES) return records[0];
    const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
    this.groups.push({ ...suspect, tries, dueMs: nowMs + pauseMs });
    return undefined;
  }
}
