import { Refused } from '../../gateway/contracts/values/refused.ts';
import type { Clock, Hash, Log } from '../../gateway/ports.ts';
import { journalParts, lakeParts } from '../ingest/history.ts';
import type { Change, Lake, Notebook, Tables, Write } from '../ports.ts';
import { Follower, type Place } from './follower.ts';

export interface CopierPorts {
  readonly notebook: Notebook;
  readonly tables: Tables | undefined;
  readonly lake: Lake | undefined;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly log: Log;
}

const CALLS_AT_ONCE = 16;
const TABLES = { changesMax: 64, waitMs: 0 };
/** Few parts and larger ones: a lake of crumbs is dear to fill and slow to read. */
const LAKE = { changesMax: 200, waitMs: 60_000 };

/**
 * Brings what the cloud has noted to the tables and the lake, in order, at least once; each thing
 * has its key there, so that it is there once. A place that is away is waited for: nothing here
 * holds up the market or the other place, and what waits is on disk.
 */
export class Copier {
  /** Rows that the tables refuse as they are: left out, they stand in the cloud's database only. */
  refused = 0;
  private readonly tenant: string;
  private readonly ports: CopierPorts;
  private readonly followers: readonly Follower[];
  private left: number | undefined; // at the end: the database may be closed then

  constructor(tenant: string, ports: CopierPorts) {
    this.tenant = tenant;
    this.ports = ports;
    const { tables, lake } = ports;
    const places: Place[] = [];
    if (tables !== undefined) {
      const deliver = (changes: readonly Change[]) => this.toTables(tables, changes);
      places.push({ ...TABLES, name: 'tables', deliver });
    }
    if (lake !== undefined) {
      const deliver = (changes: readonly Change[]) => this.toLake(lake, changes);
      places.push({ ...LAKE, name: 'lake', deliver });
    }
    const moved = (): void => ports.notebook.forgetNoted(this.donePosition());
    this.followers = places.map((place) => new Follower(place, { ...ports, moved }));
  }

  /** Transactions that are not everywhere yet. */
  waiting(): number {
    return this.left ?? this.ports.notebook.notedCount(this.donePosition());
  }

  /** There is something new on disk. */
  kick(): void {
    for (const follower of this.followers) follower.kick();
  }

  /** Copies what is left, as far as that goes. @param limitMs real milliseconds */
  async stop(limitMs: number): Promise<void> {
    const { clock, tables, log } = this.ports;
    const late = Promise.withResolvers<void>();
    const cancel = clock.realAt(clock.realMs() + limitMs, late.resolve);
    await Promise.all(this.followers.map((follower) => follower.stop(late.promise)));
    cancel();
    this.left = this.waiting();
    if (this.left > 0) log.warn('copies wait for the next start', { transactions: this.left });
    await tables?.close();
  }

  private donePosition(): number {
    return Math.min(...this.followers.map((follower) => follower.donePosition));
  }

  private async toLake(lake: Lake, changes: readonly Change[]): Promise<void> {
    const { hash } = this.ports;
    const batches = changes.flatMap(({ records }) => records);
    const parts = [
      ...lakeParts(this.tenant, batches, hash),
      ...journalParts(this.tenant, changes.flatMap(linesOf), hash),
    ];
    for (const part of parts) await lake.put(part);
  }

  private async toTables(tables: Tables, changes: readonly Change[]): Promise<void> {
    for (const { gateway, records, atMs } of changes.flatMap((change) => change.records)) {
      await tables.storeRecords(gateway, records, atMs);
    }
    await together(newestOf(changes).map((write) => () => this.write(tables, write)));
  }

  private async write(tables: Tables, write: RowWrite): Promise<void> {
    if (write.op === 'remove') return tables.remove(write.table, write.key);
    try {
      await tables.put(write.row);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refused += 1;
      const { table, key } = write.row;
      this.ports.log.error('a row is left out of the copy', { table, key, why: error.message });
    }
  }
}

type RowWrite = Exclude<Write, { op: 'journal' }>;

const linesOf = (change: Change): string[] =>
  change.writes.flatMap((write) => (write.op === 'journal' ? [write.line] : []));

/** Of several writes of one row the last. */
function newestOf(changes: readonly Change[]): RowWrite[] {
  const newest = new Map<string, RowWrite>();
  for (const write of changes.flatMap((change) => change.writes)) {
    if (write.op === 'journal') continue;
    const { table, key } = write.op === 'put' ? write.row : write;
    newest.set(`${table}/${key}`, write);
  }
  return [...newest.values()];
}

async function together(calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const waiting = calls.values();
  const work = async (): Promise<void> => {
    for (const call of waiting) await call();
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
}
