import {
  type TelemetryAck,
  telemetryBatch,
  telemetryEnvelope,
  telemetryKey,
  telemetryRecord,
} from '../../gateway/contracts/messages.ts';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';
import type { Store, StoredEnergy } from '../ports.ts';

export interface Ingested {
  readonly ack: TelemetryAck;
  readonly energy: readonly StoredEnergy[]; // new ones only
  readonly loads: readonly {
    readonly place: string;
    readonly powerW: number;
    readonly atMs: Instant;
  }[];
  readonly storedCount: number;
  readonly repeatedCount: number;
  readonly refusedCount: number;
}

type RefusedRange = NonNullable<TelemetryAck['refused']>[number];

/** What a batch holds: records, and those that are none, by their keys where they have one. */
export interface Batch {
  readonly records: readonly TelemetryRecord[];
  readonly refused: readonly RefusedRange[];
}

/** @param payload  what JSON made of the message. @returns undefined when nothing in it is known */
export function readBatch(payload: unknown): Batch | undefined {
  const whole = telemetryBatch.safeParse(payload).data;
  if (whole !== undefined) return { records: whole.records, refused: [] };
  const envelope = telemetryEnvelope.safeParse(payload).data;
  const records: TelemetryRecord[] = [];
  const refused: RefusedRange[] = [];
  for (const one of envelope?.records ?? []) {
    const parsed = telemetryRecord.safeParse(one);
    const key = telemetryKey.safeParse(one).data;
    if (parsed.success) records.push(parsed.data);
    else if (key !== undefined) {
      const [issue] = parsed.error.issues;
      const why = `${issue?.path.join('.')}: ${issue?.message}`.slice(0, 200);
      refused.push({ epoch: key.epoch, fromSeq: key.seq, toSeq: key.seq, why });
    }
  }
  return records.length + refused.length === 0 ? undefined : { records, refused };
}

/**
 * Stores a batch once by (gateway, epoch, seq), inside the caller's transaction: acknowledge only
 * after it. A record that is known already is acknowledged again and has no further effect.
 * @param payload  what JSON made of the message.
 * @returns undefined when it is not a batch: then nothing is stored
 */
export function ingest(
  store: Pick<Store, 'storeRecord'>,
  gateway: string,
  payload: unknown,
  nowMs: Instant,
): Ingested | undefined {
  const batch = readBatch(payload);
  if (batch === undefined) return undefined;
  const { records, refused } = batch;
  const fresh: TelemetryRecord[] = [];
  for (const record of records) {
    if (store.storeRecord(gateway, record, nowMs)) fresh.push(record);
  }
  return {
    ack: { v: 1, stored: ranges(records), ...(refused.length > 0 && { refused: [...refused] }) },
    energy: fresh.flatMap((record) => (record.kind === 'energy' ? [{ ...record, gateway }] : [])),
    loads: fresh.flatMap(loadsOf),
    storedCount: fresh.length,
    repeatedCount: records.length - fresh.length,
    refusedCount: refused.length,
  };
}

/** Mean power at each place, at the end of the aggregate; no good reading, no load. */
function loadsOf(record: TelemetryRecord): Ingested['loads'][number][] {
  if (record.kind !== 'aggregate') return [];
  const atMs = record.fromMs + record.durationMs;
  return record.columns.flatMap((column) => {
    const place = /^([^.]+)\.powerW$/.exec(column.point)?.[1];
    return place === undefined || column.mean === null
      ? []
      : [{ place, powerW: column.mean, atMs }];
  });
}

/** Keys as ranges, in order, each once. */
function ranges(records: readonly TelemetryRecord[]): TelemetryAck['stored'] {
  const sorted = [...records].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  const found: { epoch: number; fromSeq: number; toSeq: number }[] = [];
  for (const { epoch, seq } of sorted) {
    const last = found.at(-1);
    if (last !== undefined && last.epoch === epoch && seq <= last.toSeq + 1) {
      last.toSeq = seq;
    } else {
      found.push({ epoch, fromSeq: seq, toSeq: seq });
    }
  }
  return found;
}
