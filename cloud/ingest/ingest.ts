import { type TelemetryAck, telemetryBatch } from '../../gateway/contracts/messages.ts';
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
  const parsed = telemetryBatch.safeParse(payload);
  if (!parsed.success) return undefined;
  const fresh: TelemetryRecord[] = [];
  for (const record of parsed.data.records) {
    if (store.storeRecord(gateway, record, nowMs)) fresh.push(record);
  }
  return {
    ack: { v: 1, stored: ranges(parsed.data.records) },
    energy: fresh.flatMap((record) => (record.kind === 'energy' ? [{ ...record, gateway }] : [])),
    loads: fresh.flatMap(loadsOf),
    storedCount: fresh.length,
    repeatedCount: parsed.data.records.length - fresh.length,
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
