import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { DocumentTable, Row, Store, Tables } from '../ports.ts';

/** The asynchronous face of a store in one process; each call is one transaction of it. */
export function tablesOf(store: Store): Tables {
  const once = async <T>(run: () => T): Promise<T> => store.transaction(run);
  return {
    storeRecords: (gateway, records, atMs) =>
      once(() => {
        const isNew = (record: TelemetryRecord) => store.storeRecord(gateway, record, atMs);
        return records.filter(isNew);
      }),
    put: (row) => once(() => store.write([{ op: 'put', row }])),
    putNew: (row) =>
      once(() => {
        if (store.row(row.table, row.key) !== undefined) return false;
        store.write([{ op: 'put', row }]);
        return true;
      }),
    remove: (table, key) => once(() => store.write([{ op: 'remove', table, key }])),
    get: (table, key) => once(() => store.row(table, key)),
    rows: (table: DocumentTable, kind: string, zone: string, sinceMs: number): Promise<Row[]> =>
      once(() => store.rows(table, kind, sinceMs).filter((row) => row.zone === zone)),
    energy: (gateway, place, sinceMs) =>
      once(() => store.energy(gateway, place, sinceMs).sort((a, b) => a.fromMs - b.fromMs)),
    nextSequence: (name) => once(() => store.nextSequence(name)),
    close: async () => store.close(),
  };
}
