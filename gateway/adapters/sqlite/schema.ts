import { existsSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../../contracts/values/fault.ts';
import type { DocumentKind, StoreOpened } from '../../ports.ts';

export type Connection = Database.Database;

const SCHEMA_VERSION = 6;
/** Kinds that a database of an earlier schema does not have. */
const SINCE_2: readonly DocumentKind[] = ['decision', 'advice'];
const SINCE_5: readonly DocumentKind[] = ['account', 'reduction', 'detector'];
const SINCE_6: readonly DocumentKind[] = ['price'];
const APPLICATION_ID = 0x45574147; // 'EWAG'

export const DOCUMENT_KINDS: readonly DocumentKind[] = [
  'forecast',
  'plan',
  'order',
  'award',
  'statement',
  'quarter',
  'setting',
  'event',
  'decision',
  'advice',
  'account',
  'reduction',
  'detector',
  'price',
];

/** Since schema 3: records that broker or cloud refuse for good. */
const ASIDE = `
CREATE TABLE aside (
  id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  why TEXT NOT NULL, body TEXT NOT NULL
);`;

/** Since schema 4: events had the name of the audit log, which is no table. */
const EVENTS = `
ALTER TABLE audits RENAME TO events;
DROP INDEX audits_at;
CREATE INDEX events_at ON events (at_ms, key);`;

/** Table of a kind: plural, since `order` is a word of SQL. */
export const tableOf = (kind: DocumentKind): string => `${kind}s`;

const CREATE = `
CREATE TABLE outbox (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (epoch, seq)
) WITHOUT ROWID;
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY, rows INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  why TEXT NOT NULL
);
CREATE TABLE history (
  place TEXT NOT NULL, from_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
  in_wh INTEGER NOT NULL, out_wh INTEGER NOT NULL,
  coverage_pct REAL NOT NULL, source TEXT NOT NULL, quality TEXT NOT NULL,
  version INTEGER NOT NULL, PRIMARY KEY (from_ms, place)
) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
${ASIDE}
${documentTables(DOCUMENT_KINDS)}
`;

function documentTables(kinds: readonly DocumentKind[]): string {
  const table = (name: string): string => `
CREATE TABLE ${name} (
  key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX ${name}_at ON ${name} (at_ms, key);`;
  return kinds.map((kind) => table(tableOf(kind))).join('');
}

/**
 * Opens the agent's database or makes it. A damaged file is set aside under a name that tells when,
 * and a new one begins; `opened.state` says so.
 * @param path  file, or ':memory:'
 * @throws Fault for a file of a newer release, of another program, or a folder that cannot be
 * written
 */
export function openDatabase(path: string, nowMs: number): { db: Connection; opened: StoreOpened } {
  const fresh = path === ':memory:' || !existsSync(path);
  try {
    const db = connect(path);
    try {
      return { db, opened: prepare(db, path, fresh, nowMs) };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof Fault || !isDamage(error)) throw readable(error, path);
    const aside = setAside(path, nowMs);
    const db = connect(path);
    const { epoch } = prepare(db, path, true, nowMs);
    db.prepare("INSERT INTO gaps (rows, from_ms, to_ms, why) VALUES (-1, 0, ?, 'damaged')").run(
      nowMs,
    );
    const detail = `The database was damaged; it stands aside as ${aside} and a new one began.`;
    return { db, opened: { state: 'replaced', detail, epoch } };
  }
}

function connect(path: string): Connection {
  const db = new Database(path, { timeout: 2_000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('wal_autocheckpoint = 500'); // pages: about 2 MB of log
    db.pragma('journal_size_limit = 8388608');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A file begins with an epoch that no earlier file of this gateway has reached: order ids and
 * intents of a lost one must not come again.
 */
const firstEpoch = (nowMs: number): number => Math.max(1, Math.floor(nowMs / 1_000));

function prepare(db: Connection, path: string, fresh: boolean, nowMs: number): StoreOpened {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > SCHEMA_VERSION) {
    throw new Fault(
      `database of a newer release (schema ${version}, this one reads up to ${SCHEMA_VERSION})`,
      path,
      'install that release again, or move the file away to start anew',
    );
  }
  const known = Number(db.pragma('application_id', { simple: true })) === APPLICATION_ID;
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (!known && tables !== 0) {
    throw new Fault('not a database of this gateway', path, 'name another file or move it away');
  }
  if (!fresh) {
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new Damage(String(check));
  }
  if (version === 0) {
    db.transaction(() => {
      db.exec(CREATE);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    })();
  }
  if (version >= 1 && version < SCHEMA_VERSION) {
    db.transaction(() => {
      if (version === 1) db.exec(documentTables(SINCE_2));
      if (version <= 2) db.exec(ASIDE);
      if (version <= 3) db.exec(EVENTS);
      if (version <= 4) db.exec(documentTables(SINCE_5));
      db.exec(documentTables(SINCE_6));
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    })();
  }
  const raise = db
    .prepare<[number], number>(
      `INSERT INTO meta (key, value) VALUES ('epoch', ?)
       ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value`,
    )
    .pluck();
  // A transaction of its own: `get` alone does not hear that its commit failed.
  const epoch = db.transaction(() => raise.get(firstEpoch(nowMs)))();
  const state = version === 0 ? 'new' : version < SCHEMA_VERSION ? 'migrated' : 'opened';
  return { state, detail: '', epoch: Number(epoch) };
}

class Damage extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof Damage) return true;
  const code = error instanceof Database.SqliteError ? error.code : '';
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

function setAside(path: string, nowMs: number): string {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '')}`;
  renameSync(path, aside);
  for (const tail of ['-wal', '-shm']) {
    if (existsSync(path + tail)) renameSync(path + tail, aside + tail);
  }
  return aside;
}

function readable(error: unknown, path: string): Error {
  if (error instanceof Fault) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Fault(`cannot be opened: ${text}`, path, 'check folder, rights and free space');
}

/**
 * Opens the agent's database to look only, also while the agent has it.
 * @throws Fault when there is none, or not one of this release
 */
export function openToLook(path: string): Connection {
  if (!existsSync(path)) throw new Fault('there are no records yet', path, 'run the gateway first');
  let db: Connection | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 2_000 });
    const application = Number(db.pragma('application_id', { simple: true }));
    const version = Number(db.pragma('user_version', { simple: true }));
    if (application === APPLICATION_ID && version === SCHEMA_VERSION) return db;
    const what = `not a database of this release (schema ${version})`;
    throw new Fault(what, path, 'start the gateway of this release once: it brings it up to date');
  } catch (error) {
    db?.close();
    throw readable(error, path);
  }
}
