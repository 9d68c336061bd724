import type { RecordKey, TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { Reporter } from './types.ts';

const KEPT = 1_000;
const keyOf = ({ epoch, seq }: RecordKey): string => `${epoch}/${seq}`;

/** L6: what a guard tells is in the cloud within a minute, while there is a way to it. */
export function createNewsJudge(report: Reporter) {
  const waiting = new Map<string, { readonly code: string; readonly atMs: number }>();
  return {
    /** @param nowMs real ms, as below */
    told: (records: readonly TelemetryRecord[], nowMs: number): void => {
      for (const record of records) {
        if (record.kind === 'event') waiting.set(keyOf(record), { code: record.code, atMs: nowMs });
      }
      const [oldest] = waiting.keys();
      if (waiting.size > KEPT && oldest !== undefined) waiting.delete(oldest);
    },
    stored: (record: TelemetryRecord): void => {
      if (record.kind === 'event') waiting.delete(keyOf(record));
    },
    /** @param wellSinceMs since when the way to the cloud and both ends are well */
    judge: (nowMs: number, wellSinceMs: number, mostMs: number): void => {
      for (const [key, { code, atMs }] of waiting) {
        const sinceMs = nowMs - Math.max(atMs, wellSinceMs);
        if (sinceMs <= mostMs) continue;
        waiting.delete(key);
        report('L6', `${code} (${key}) is not in the cloud after ${Math.round(sinceMs / 1_000)} s`);
      }
    },
    /** A guard that dies takes what its agent had not yet. */
    lost: (): void => waiting.clear(),
  };
}
