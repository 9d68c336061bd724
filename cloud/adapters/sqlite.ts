import Database from 'better-sqlite3';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type {
  Change,
  DocumentTable,
  Followed,
  Notebook,
  Row,
  Store,
  StoredEnergy,
  Write,
} from '../ports.ts';

export const SCHEMA_VERSION = 2;
const APPLICATION_ID = 0x45_57_43_31; // 'EWC1'

const DOCUMENTS: readonly DocumentTable[] = [
  'market_data',
  'forecast_data',
  'producer_metrics',
  'consumer_metrics',
  'grid_metrics',
  'trade_data',
];

/** Since schema 2: what waits for its copies elsewhere; a number never comes again. */
const CHANGES = [
  'CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)',
  `CREATE TABLE followers (
    place TEXT PRIMARY KEY, done INTEGER NOT NULL, mark INTEGER NOT NULL) WITHOUT ROWID`,
];

/**
 * energy_metrics has a row for every record that had an effect; ingest_keys alone says what is a
 * repetition.
 */
const SCHEMA = [
  `CREATE TABLE energy_metrics (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, place TEXT NOT NULL, from_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    in_wh INTEGER, out_wh INTEGER, coverage_pct REAL, quality TEXT, version INTEGER,
    body TEXT NOT NULL, stored_at_ms INTEGER NOT NULL)`,
  "CREATE INDEX energy_by_place ON energy_metrics (gateway, place, from_ms) WHERE kind = 'energy'",
  `CREATE TABLE ingest_keys (
    gateway TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (gateway, epoch, seq)) WITHOUT ROWID`,
  'CREATE TABLE journal (number INTEGER PRIMARY KEY, line TEXT NOT NULL)',
  ...CHANGES,
  'CREATE TABLE sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  ...DOCUMENTS.flatMap((table) => [
    `CREATE TABLE ${table} (
      key TEXT PRIMARY KEY, kind TEXT NOT NULL, zone TEXT NOT NULL, who TEXT NOT NULL,
      from_ms INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE INDEX ${table}_by_kind ON ${table} (kind, from_ms)`,
  ]),
];

type Connection = Database.Database;

/**
 * Opens or makes the fleet's database (WAL, FULL).
 * @param file  path, or ':memory:'
 * @throws Fault in one line for a file that is newer than this program, corrupt, of something else,
 *   or not writable
 */
export function openStore(file: string): Store & Notebook {
  let db: Connection | undefined;
  try {
    db = new Database(file);
    prepare(db, file);
    return new SqliteStore(db);
  } catch (error) {
    db?.close();
    if (error instanceof Fault) throw error;
    throw faultOf(error as Error & { code?: string }, file);
  }
}

function prepare(db: Connection, file: string): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('busy_timeout = 5000');
  db.pragma('journal_size_limit = 67108864');
  const version = Number(db.pragma('user_version', { simple: true }));
  const application = Number(db.pragma('application_id', { simple: true }));
  const tables = db.prepare('SELECT count(*) FROM sqlite_master').pluck().get() as number;
  if (version === 0 && application === 0 && tables === 0) {
    db.transaction(() => {
      for (const statement of SCHEMA) db.exec(statement);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    })();
    return;
  }
  if (application !== APPLICATION_ID) {
    throw new Fault('not a database of edgewatt-cloud', file, 'name another file for the database');
  }
  if (version > SCHEMA_VERSION) {
    throw new Fault(
      `written by a newer version (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      file,
      'update edgewatt, or restore the copy from before its update',
    );
  }
  const damage = db.pragma('quick_check(1)', { simple: true });
  if (damage !== 'ok') throw corrupt(file);
  if (version === 1) {
    db.transaction(() => {
      for (const statement of CHANGES) db.exec(statement);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    })();
  }
}

const corrupt = (file: string): Fault =>
  new Fault('the database is damaged', file, 'restore a copy, or move the file away to start anew');

function faultOf(error: Error & { code?: string }, file: string): Error {
  const code = error.code ?? '';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return corrupt(file);
  if (code === 'SQLITE_BUSY') {
    return new Fault('in use by another process', file, 'stop the other edgewatt-cloud first');
  }
  if (code.startsWith('SQLITE_') || error instanceof TypeError) {
    return new Fault(
      `the database cannot be opened (${code || error.message})`,
      file,
      'name a file in an existing folder that this user may write',
    );
  }
  return error;
}

interface RowColumns {
  readonly key: string;
  readonly kind: string;
  readonly zone: string;
  readonly who: string;
  readonly from_ms: number;
  readonly body: string;
}

const rowOf = (table: DocumentTable, { from_ms, ...row }: RowColumns): Row => ({
  ...row,
  table,
  fromMs: from_ms,
});

class SqliteStore implements Store, Notebook {
  private readonly db: Connection;
  private readonly statements = new Map<string, Database.Statement<unknown[], unknown>>();
  /** Made once: what makes it is dearer than most of what it runs. */
  private readonly atomically: (run: () => unknown) => unknown;

  constructor(db: Connection) {
    this.db = db;
    this.atomically = db.transaction((run: () => unknown) => run());
  }

  transaction<T>(run: () => T): T {
    return this.atomically(run) as T;
  }

  storeRecord(gateway: string, record: TelemetryRecord, atMs: number): boolean {
    const known = this.sql('INSERT OR IGNORE INTO ingest_keys VALUES (?, ?, ?)').run(
      gateway,
      record.epoch,
      record.seq,
    );
    if (known.changes === 0) return false;
    const energy = record.kind === 'energy' ? record : undefined;
    this.sql(
      `INSERT INTO energy_metrics (gateway, epoch, seq, kind, place, from_ms, duration_ms,
        in_wh, out_wh, coverage_pct, quality, version, body, stored_at_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      gateway,
      record.epoch,
      record.seq,
      record.kind,
      energy?.place ?? '',
      record.kind === 'event' ? record.atMs : record.fromMs,
      record.kind === 'event' ? 0 : record.durationMs,
      energy?.inWh ?? null,
      energy?.outWh ?? null,
      energy?.coveragePct ?? null,
      energy?.quality ?? null,
      energy?.version ?? null,
      JSON.stringify(record),
      atMs,
    );
    return true;
  }

  write(writes: readonly Write[]): void {
    for (const one of writes) {
      if (one.op === 'journal') this.sql('INSERT INTO journal (line) VALUES (?)').run(one.line);
      else if (one.op === 'remove') this.sql(`DELETE FROM ${one.table} WHERE key = ?`).run(one.key);
      else {
        const { table, key, kind, zone, who, fromMs, body } = one.row;
        this.sql(
          `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
            kind = excluded.kind, zone = excluded.zone, who = excluded.who,
            from_ms = excluded.from_ms, body = excluded.body`,
        ).run(key, kind, zone, who, fromMs, body);
      }
    }
  }

  row(table: DocumentTable, key: string): Row | undefined {
    const row = this.sql(`SELECT * FROM ${table} WHERE key = ?`).get(key) as RowColumns | undefined;
    return row && rowOf(table, row);
  }

  rows(table: DocumentTable, kind: string, sinceMs = 0): Row[] {
    const rows = this.sql(
      `SELECT * FROM ${table} WHERE kind = ? AND from_ms >= ? ORDER BY from_ms, key`,
    ).all(kind, sinceMs) as RowColumns[];
    return rows.map((row) => rowOf(table, row));
  }

  prune(table: DocumentTable, kind: string, beforeMs: number): string[] {
    return this.sql(`DELETE FROM ${table} WHERE kind = ? AND from_ms < ? RETURNING key`)
      .pluck()
      .all(kind, beforeMs) as string[];
  }

  journal(): Iterable<string> {
    return this.sql('SELECT line FROM journal ORDER BY number')
      .pluck()
      .iterate() as Iterable<string>;
  }

  energy(gateway: string, place: string, sinceMs: number): StoredEnergy[] {
    return this.sql(
      `SELECT gateway, place, from_ms AS fromMs, duration_ms AS durationMs, in_wh AS inWh,
        out_wh AS outWh,
        coverage_pct AS coveragePct, quality, version FROM energy_metrics
        WHERE kind = 'energy' AND gateway = ? AND place = ? AND from_ms >= ? ORDER BY id`,
    ).all(gateway, place, sinceMs) as StoredEnergy[];
  }

  nextSequence(name: string): number {
    return this.sql(
      `INSERT INTO sequences VALUES (?, 1)
        ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
    )
      .pluck()
      .get(name) as number;
  }

  recordCount(): number {
    return this.sql('SELECT count(*) FROM energy_metrics').pluck().get() as number;
  }

  note(change: Change): void {
    this.sql('INSERT INTO changes (body) VALUES (?)').run(JSON.stringify(change));
  }

  noted(afterNumber: number, atMost: number): { number: number; change: Change }[] {
    const rows = this.sql(
      'SELECT number, body FROM changes WHERE number > ? ORDER BY number LIMIT ?',
    ).all(afterNumber, atMost) as { number: number; body: string }[];
    return rows.map(({ number, body }) => ({ number, change: JSON.parse(body) as Change }));
  }

  notedCount(afterNumber: number): number {
    return this.sql('SELECT count(*) FROM changes WHERE number > ?')
      .pluck()
      .get(afterNumber) as number;
  }

  forgetNoted(number: number): void {
    this.sql('DELETE FROM changes WHERE number <= ?').run(number);
  }

  followed(place: string): Followed {
    const known = this.sql(
      'SELECT done AS donePosition, mark AS markPosition FROM followers WHERE place = ?',
    ).get(place) as Followed | undefined;
    if (known !== undefined) return known;
    const lastNumber = this.sql("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")
      .pluck()
      .get() as number | undefined;
    const begun = { donePosition: lastNumber ?? 0, markPosition: lastNumber ?? 0 };
    this.follow(place, begun);
    return begun;
  }

  follow(place: string, { donePosition, markPosition }: Followed): void {
    this.sql(
      `INSERT INTO followers VALUES (?, ?, ?)
        ON CONFLICT (place) DO UPDATE SET done = excluded.done, mark = excluded.mark`,
    ).run(place, donePosition, markPosition);
  }

  close(): void {
    this.db.close();
  }

  private sql(text: string): Database.Statement<unknown[], unknown> {
    let statement = this.statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }
}
