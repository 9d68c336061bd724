import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, SCHEMA_VERSION } from '../../../../cloud/adapters/sqlite.ts';
import type { Row, Store } from '../../../../cloud/ports.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloud-store-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

function complaint(file: string): string {
  try {
    openStore(file).close();
  } catch (error) {
    if (error instanceof Fault) return error.message.replace(folder, 'DIR');
    throw error;
  }
  return 'no complaint';
}

const energy = (seq: number): TelemetryRecord => ({
  epoch: 1,
  seq,
  kind: 'energy',
  place: 'grid',
  fromMs: 900_000 * seq,
  durationMs: 900_000,
  inWh: 10 * seq,
  outWh: 0,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
});
const row = (key: string, more: Partial<Row> = {}): Row => ({
  table: 'trade_data',
  key,
  kind: 'order',
  zone: 'z1',
  who: 'a',
  fromMs: 5,
  body: '{}',
  ...more,
});

describe('store of the fleet side', () => {
  it('keeps everything over a reopening', () => {
    const file = path('kept.db');
    let store = openStore(file);
    expect(store.storeRecord('gw', energy(1), 7)).toBe(true);
    store.transaction(() =>
      store.write([
        { op: 'journal', line: 'one' },
        { op: 'journal', line: 'two' },
        { op: 'put', row: row('x') },
        { op: 'put', row: row('y', { fromMs: 1 }) },
      ]),
    );
    expect([store.nextSequence('s'), store.nextSequence('s'), store.nextSequence('t')]).toEqual([
      1, 2, 1,
    ]);
    store.close();
    store = openStore(file);
    expect([...store.journal()]).toEqual(['one', 'two']);
    expect(store.rows('trade_data', 'order').map((one) => one.key)).toEqual(['y', 'x']);
    expect(store.rows('trade_data', 'order', 2)).toEqual([row('x')]);
    expect(store.nextSequence('s')).toBe(3);
    expect(store.storeRecord('gw', energy(1), 8)).toBe(false);
    expect(store.energy('gw', 'grid', 0)).toEqual([
      {
        gateway: 'gw',
        place: 'grid',
        fromMs: 900_000,
        durationMs: 900_000,
        inWh: 10,
        outWh: 0,
        coveragePct: 100,
        quality: 'measured',
        version: 1,
      },
    ]);
    store.close();
  });

  it('has the tables by their names, each record and each key once', () => {
    const file = path('tables.db');
    const store = openStore(file);
    for (const seq of [1, 2, 2, 1]) store.storeRecord('gw', energy(seq), 0);
    store.storeRecord('other', energy(1), 0);
    store.close();
    const db = new Database(file, { readonly: true });
    const tables = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all();
    expect(tables).toEqual([
      'changes',
      'consumer_metrics',
      'energy_metrics',
      'followers',
      'forecast_data',
      'grid_metrics',
      'ingest_keys',
      'journal',
      'market_data',
      'producer_metrics',
      'sequences',
      'sqlite_sequence',
      'trade_data',
    ]);
    expect(
      db
        .prepare('SELECT count(*), count(DISTINCT gateway || epoch || seq) FROM energy_metrics')
        .raw()
        .get(),
    ).toEqual([3, 3]);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it('undoes all of a transaction that fails', () => {
    const store: Store = openStore(':memory:');
    expect(() =>
      store.transaction(() => {
        store.storeRecord('gw', energy(1), 0);
        store.nextSequence('s');
        store.write([
          { op: 'journal', line: 'x' },
          { op: 'put', row: row('x') },
        ]);
        throw new Error('power cut');
      }),
    ).toThrow('power cut');
    expect([store.recordCount(), [...store.journal()], store.rows('trade_data', 'order')]).toEqual([
      0,
      [],
      [],
    ]);
    expect(store.nextSequence('s')).toBe(1);
    expect(store.storeRecord('gw', energy(1), 0)).toBe(true);
    store.close();
  });

  it('replaces, removes and prunes', () => {
    const store = openStore(':memory:');
    store.write([
      { op: 'put', row: row('x') },
      { op: 'put', row: row('y', { fromMs: 1 }) },
    ]);
    store.write([{ op: 'put', row: row('x', { kind: 'cleared-order', body: '{"a":1}' }) }]);
    expect(store.rows('trade_data', 'order').map((one) => one.key)).toEqual(['y']);
    expect(store.rows('trade_data', 'cleared-order')[0]?.body).toBe('{"a":1}');
    store.prune('trade_data', 'order', 2);
    store.write([{ op: 'remove', table: 'trade_data', key: 'x' }]);
    expect([
      ...store.rows('trade_data', 'order'),
      ...store.rows('trade_data', 'cleared-order'),
    ]).toEqual([]);
    store.close();
  });
});

it('an older database gets what it lacks, and keeps what it has', () => {
  const store = openStore(path('older.db'));
  store.storeRecord('gw', energy(1), 0);
  store.close();
  const older = new Database(path('older.db'));
  older.exec('DROP TABLE changes; DROP TABLE followers');
  older.pragma('user_version = 1');
  older.close();
  const again = openStore(path('older.db'));
  again.note({ records: [], writes: [{ op: 'journal', line: 'a' }] });
  expect([again.recordCount(), again.notedCount(0)]).toEqual([1, 1]);
  again.close();
});

describe('a database that cannot be used', () => {
  it('is named in one line: newer, not ours, no database, no folder, damaged, a folder', () => {
    const newer = path('newer.db');
    openStore(newer).close();
    const raise = new Database(newer);
    raise.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    raise.close();
    expect(complaint(newer)).toMatch(
      /^DIR\/newer.db: written by a newer version \(schema 3, .*update edgewatt/,
    );

    const other = new Database(path('other.db'));
    other.exec('CREATE TABLE notes (text)');
    other.close();
    expect(complaint(path('other.db'))).toMatch(
      /^DIR\/other.db: not a database of edgewatt-cloud; name another/,
    );

    writeFileSync(
      path('text.db'),
      'this is no database, but a text of some length that goes on and on and on',
    );
    expect(complaint(path('text.db'))).toMatch(/text.db: the database is damaged; restore a copy/);
    expect(complaint(path('no/such/folder.db'))).toMatch(
      /folder.db: the database cannot be opened/,
    );
    expect(complaint(folder)).toMatch(/^DIR: the database cannot be opened \(SQLITE_CANTOPEN/);

    const whole = openStore(path('whole.db'));
    whole.transaction(() => {
      for (let seq = 1; seq < 400; seq += 1) whole.storeRecord('gw', energy(seq), 0);
    });
    whole.close();
    copyFileSync(path('whole.db'), path('damaged.db'));
    const raw = new Uint8Array(new Database(path('damaged.db')).serialize());
    raw.fill(0xa5, 3 * 4_096, 6 * 4_096);
    writeFileSync(path('damaged.db'), raw);
    expect(complaint(path('damaged.db'))).toMatch(/damaged.db: the database is damaged/);
  });
});
