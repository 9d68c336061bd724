import { Refused } from '../../gateway/contracts/values/refused.ts';
import type { Clock, Hash, Log } from '../../gateway/ports.ts';
import { journalParts, lakeParts } from '../ingest/history.ts';
import type { Change, Lake, Notebook, Tables, Write } from '../ports.ts';

export interface CopierPorts {
  readonly notebook: Notebook;
  readonly tables: Tables | undefined;
  readonly lake: Lake | undefined;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly log: Log;
}

const CHANGES_AT_ONCE = 64;
const CALLS_AT_ONCE = 16;
const FIRST_PAUSE_MS = 1_000; // real
const LAST_PAUSE_MS = 60_000;

type Call = () => Promise<unknown>;

/**
 * Brings what the cloud has noted to the tables and the lake, in order, at least once; each thing
 * has its key there, so that it is there once. A place that is away is waited for: nothing here
 * holds up the market, and what waits is on disk.
 */
export class Copier {
  /** Rows that the tables refuse as they are: left out, they stand in the cloud's database only. */
  refused = 0;
  private readonly tenant: string;
  private readonly ports: CopierPorts;
  private left: number | undefined; // at the end: the database may be closed then
  private work: Promise<void> | undefined;
  private again = false;
  private ending = false;
  private pauseMs = 0;
  private wake: (() => void) | undefined;

  constructor(tenant: string, ports: CopierPorts) {
    this.tenant = tenant;
    this.ports = ports;
  }

  /** Transactions that are not copied yet. */
  waiting(): number {
    return this.left ?? this.ports.notebook.notedCount();
  }

  /** There is something new on disk. */
  kick(): void {
    this.again = true;
    this.work ??= this.turns().finally(() => {
      this.work = undefined;
    });
  }

  /** Copies what is left, as far as that goes. @param limitMs real milliseconds */
  async stop(limitMs: number): Promise<void> {
    const { clock, tables, log } = this.ports;
    const late = Promise.withResolvers<void>();
    const cancel = clock.realAt(clock.realMs() + limitMs, late.resolve);
    this.kick();
    this.wake?.();
    await Promise.race([this.work, late.promise]);
    cancel();
    this.ending = true;
    this.wake?.();
    this.left = this.waiting();
    if (this.left > 0) log.warn('copies wait for the next start', { transactions: this.left });
    await tables?.close();
  }

  private async turns(): Promise<void> {
    const { notebook, log } = this.ports;
    while (this.again && !this.ending) {
      this.again = false;
      const noted = notebook.noted(CHANGES_AT_ONCE);
      const last = noted.at(-1);
      if (last === undefined) return;
      this.again = true;
      try {
        await this.copy(noted.map(({ change }) => change));
        if (this.ending) return; // the database is closed: the same is copied again at the start
        notebook.forgetNoted(last.number);
        this.pauseMs = 0;
      } catch (error) {
        if (this.pauseMs === 0) log.warn('copies wait', { why: String(error) });
        this.pauseMs = Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.pauseMs));
        await this.pause();
      }
    }
  }

  private async pause(): Promise<void> {
    if (this.ending) return;
    const { clock } = this.ports;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.realAt(clock.realMs() + this.pauseMs, resolve);
    this.wake = resolve;
    await promise;
    this.wake = undefined;
    cancel();
  }

  /** All of these, the lake first: there the same lines are the same part. */
  private async copy(changes: readonly Change[]): Promise<void> {
    const { lake, tables, hash } = this.ports;
    if (lake !== undefined) {
      const parts = changes.flatMap((change) => [
        ...change.records.flatMap(({ gateway, records }) =>
          lakeParts(this.tenant, gateway, records, hash),
        ),
        ...journalParts(this.tenant, linesOf(change), hash),
      ]);
      await together(parts.map((part) => () => lake.put(part)));
    }
    if (tables === undefined) return;
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

async function together(calls: readonly Call[]): Promise<void> {
  const waiting = calls.values();
  const work = async (): Promise<void> => {
    for (const call of waiting) await call();
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
}
