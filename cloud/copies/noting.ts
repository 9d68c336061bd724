import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { Notebook, Store, Write } from '../ports.ts';

interface Open {
  readonly records: Map<string, { gateway: string; atMs: number; records: TelemetryRecord[] }>;
  readonly writes: Write[];
}

/**
 * A store that notes what each transaction changed, in that transaction: what is stored is noted,
 * and what was undone is not. Sequence numbers are the store's own business and no change.
 * @param noted  called when a change is on disk
 */
export function notingStore(store: Store & Notebook, noted: () => void): Store {
  let open: Open | undefined;

  const transaction = <T>(run: () => T): T => {
    if (open !== undefined) return run();
    const change: Open = { records: new Map(), writes: [] };
    open = change;
    let changed = false;
    try {
      return store.transaction(() => {
        const result = run();
        changed = change.records.size + change.writes.length > 0;
        if (changed) store.note({ records: [...change.records.values()], writes: change.writes });
        return result;
      });
    } finally {
      open = undefined;
      if (changed) noted();
    }
  };

  return {
    transaction,
    storeRecord: (gateway, record, atMs) =>
      transaction(() => {
        if (!store.storeRecord(gateway, record, atMs)) return false;
        const known = open?.records.get(gateway);
        if (known === undefined) open?.records.set(gateway, { gateway, atMs, records: [record] });
        else known.records.push(record);
        return true;
      }),
    write: (writes) =>
      transaction(() => {
        store.write(writes);
        open?.writes.push(...writes);
      }),
    prune: (table, kind, beforeMs) =>
      transaction(() => {
        const keys = store.prune(table, kind, beforeMs);
        open?.writes.push(...keys.map((key) => ({ op: 'remove' as const, table, key })));
        return keys;
      }),
    row: (table, key) => store.row(table, key),
    rows: (table, kind, sinceMs) => store.rows(table, kind, sinceMs),
    journal: () => store.journal(),
    energy: (gateway, place, sinceMs) => store.energy(gateway, place, sinceMs),
    nextSequence: (name) => store.nextSequence(name),
    recordCount: () => store.recordCount(),
    close: () => store.close(),
  };
}
