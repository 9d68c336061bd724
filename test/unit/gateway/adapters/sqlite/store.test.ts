import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, openStoreInProcess } from '../../../../../gateway/adapters/sqlite/store.ts';
import type {
  EnergyRecord,
  TelemetryRecord,
} from '../../../../../gateway/contracts/values/record.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewatt-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const energy = (fromMs: number, inWh: number, more: Partial<EnergyRecord> = {}): EnergyRecord => ({
  kind: 'energy',
  place: 'grid',
  fromMs,
  durationMs: 900_000,
  inWh,
  outWh: 0,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
  ...more,
});
const event = (seq: number, text = 'x'): TelemetryRecord => ({
  epoch: 1,
  seq,
  kind: 'event',
  atMs: seq,
  code: 'MODE',
  mode: 'rules',
  text,
});

describe.each([
  ['in its thread', (path: string) => openStore(path, { groupMs: 1 })],
  ['in process', (path: string) => Promise.resolve(openStoreInProcess(path, 5))],
])('store %s', (_name, open) => {
  it('keeps records until they are removed, newest first, without what is in flight', async () => {
    const store = await open(join(folder, 'a.db'));
    await store.addRecords([1, 2, 3, 4, 5].map((seq) => event(seq)));
    await store.addRecords([event(3, 'again')]);
    expect((await store.outbox()).rows).toBe(5);
    const all = await store.readRecords(10_000, []);
    expect(all.map((one) => one.seq)).toEqual([5, 4, 3, 2, 1]);
    expect(all[2]).toEqual(event(3));
    const rest = await store.readRecords(10_000, [{ epoch: 1, fromSeq: 4, toSeq: 9 }]);
    expect(rest.map((one) => one.seq)).toEqual([3, 2, 1]);
    const size = JSON.stringify(event(1)).length + 1;
    expect(await store.readRecords(2 * size, [])).toHaveLength(2);
    expect(await store.readRecords(1, [])).toHaveLength(1);
    await store.removeRecords([{ epoch: 1, fromSeq: 1, toSeq: 3 }]);
    const left = await store.outbox();
    expect(left.rows).toBe(2);
    expect(left.bytes).toBe(2 * (size - 1));
    await store.close();
    await expect(store.outbox()).rejects.toThrow();
  });

  it('sets aside what is refused: out of the way, counted, kept to be looked at', async () => {
    const path = join(folder, 'a.db');
    const store = await open(path);
    await store.addRecords([1, 2, 3].map((seq) => event(seq)));
    const second = [{ epoch: 1, fromSeq: 2, toSeq: 2 }];
    await store.setAside(second, 'cloud: text: too long');
    await store.setAside(second, 'cloud: text: too long'); // the answer came twice
    const size = JSON.stringify(event(1)).length;
    expect(await store.outbox()).toEqual({
      rows: 2,
      bytes: 2 * size,
      droppedRows: 0,
      refusedRows: 1,
      gaps: [{ rows: 1, fromMs: 2, toMs: 2, why: 'refused' }],
    });
    expect((await store.readRecords(10_000, [])).map(({ seq }) => seq)).toEqual([3, 1]);
    await store.close();
    const db = new Database(path, { readonly: true });
    const aside = db.prepare('SELECT epoch, seq, why, body FROM aside').all();
    db.close();
    const body = JSON.stringify(event(2));
    expect(aside).toEqual([{ epoch: 1, seq: 2, why: 'cloud: text: too long', body }]);
  });

  it('brings an older database up to date and keeps what it has', async () => {
    const path = join(folder, 'a.db');
    const first = await open(path);
    await first.addRecords([event(1)]);
    await first.put('event', [{ key: '1-1', atMs: 5, body: { text: 'x' } }], true);
    await first.close();
    const older = new Database(path);
    older.exec('DROP TABLE aside; DROP INDEX events_at; ALTER TABLE events RENAME TO audits');
    older.exec('CREATE INDEX audits_at ON audits (at_ms, key)');
    const later = ['accounts', 'reductions', 'detectors', 'prices'];
    for (const kind of later) older.exec(`DROP TABLE ${kind}`);
    older.pragma('user_version = 2');
    older.close();
    const second = await open(path);
    expect(second.opened.state).toBe('migrated');
    expect(await second.list('event', 0, 9)).toHaveLength(1);
    expect(await second.list('account', 0, 9)).toEqual([]);
    expect(await second.list('price', 0, 9)).toEqual([]);
    await second.setAside([{ epoch: 1, fromSeq: 1, toSeq: 1 }], 'broker: reason 153');
    expect(await second.outbox()).toMatchObject({ rows: 0, refusedRows: 1 });
    await second.close();
  });

  it('is the same after it was closed and opened again, in the next epoch', async () => {
    const path = join(folder, 'a.db');
    const first = await open(path);
    const { epoch } = first.opened;
    expect(first.opened).toEqual({ state: 'new', detail: '', epoch });
    await first.addRecords([event(1), { ...energy(900_000, 7), epoch: 1, seq: 2 }]);
    await first.put('order', [{ key: 'o1', atMs: 3, body: { energyWh: 5 } }], true);
    await first.close();
    const second = await open(path);
    expect(second.opened).toEqual({ state: 'opened', detail: '', epoch: epoch + 1 });
    expect(await second.outbox()).toMatchObject({ rows: 2, droppedRows: 0, gaps: [] });
    expect(await second.history(0, 1e12)).toEqual([energy(900_000, 7)]);
    expect(await second.get('order', 'o1')).toEqual({ key: 'o1', atMs: 3, body: { energyWh: 5 } });
    await second.close();
  });

  it('never lets an imported interval replace a measured one, a correction does', async () => {
    const store = await open(join(folder, 'a.db'));
    await store.addHistory([energy(0, 1, { quality: 'substituted' })]);
    await store.addHistory([energy(0, 2)]);
    await store.addHistory([energy(0, 3, { quality: 'substituted' })]);
    expect((await store.history(0, 1))[0]?.inWh).toBe(2);
    await store.addHistory([energy(0, 4, { quality: 'corrected', version: 2 })]);
    await store.addHistory([energy(0, 5)]);
    expect((await store.history(0, 1))[0]?.inWh).toBe(4);
    await store.close();
  });

  it('lists, replaces and forgets documents by instant', async () => {
    const store = await open(join(folder, 'a.db'));
    await store.put('plan', [
      { key: 'b', atMs: 2, body: 1 },
      { key: 'a', atMs: 1, body: 2 },
    ]);
    await store.put('plan', [{ key: 'b', atMs: 3, body: 9 }]);
    expect((await store.list('plan', 0, 10)).map((one) => [one.key, one.body])).toEqual([
      ['a', 2],
      ['b', 9],
    ]);
    await store.forget('plan', 3);
    expect(await store.list('plan', 0, 10)).toHaveLength(1);
    await store.close();
  });

  it('refuses the file of a newer release in one line', async () => {
    const path = join(folder, 'a.db');
    await (await open(path)).close();
    const db = new Database(path);
    db.pragma('user_version = 7');
    db.close();
    const opening = Promise.resolve().then(() => open(path));
    await expect(opening).rejects.toThrow(
      `${path}: database of a newer release (schema 7, this one reads up to 6); ` +
        'install that release again, or move the file away to start anew',
    );
  });

  it('refuses a database of another program', async () => {
    const path = join(folder, 'a.db');
    const db = new Database(path);
    db.exec('CREATE TABLE t (x)');
    db.close();
    await expect(Promise.resolve().then(() => open(path))).rejects.toThrow(
      /not a database of this gateway; name another file/,
    );
  });

  it.each([
    ['is no database at all', (bytes: Buffer) => Buffer.from(`garbage ${bytes.length}`)],
    ['has damaged pages', (bytes: Buffer) => bytes.fill(0x5a, 4_096)],
  ])('sets a file aside that %s, starts anew and leaves a gap', async (_why, damage) => {
    const path = join(folder, 'a.db');
    const first = await open(path);
    await first.addRecords([event(1)]);
    await first.close();
    writeFileSync(path, damage(readFileSync(path)));
    const store = await open(path);
    expect(store.opened.state).toBe('replaced');
    expect(store.opened.detail).toMatch(/was damaged; it stands aside as .*a\.db\.damaged-/);
    const { rows, droppedRows, gaps } = await store.outbox();
    expect({ rows, droppedRows }).toEqual({ rows: 0, droppedRows: 0 });
    expect(gaps).toMatchObject([{ rows: -1, why: 'damaged' }]);
    expect(readdirSync(folder).some((name) => name.startsWith('a.db.damaged-'))).toBe(true);
    await store.addRecords([event(2)]);
    await store.close();
  });
});

describe('bounds of the outbox', () => {
  it('gives up the oldest aggregates first and counts them', async () => {
    const store = openStoreInProcess(':memory:', 0, { rows: 100, bytes: 1e9 });
    const aggregate = (seq: number): TelemetryRecord => ({
      epoch: 1,
      seq,
      kind: 'aggregate',
      fromMs: seq * 60_000,
      durationMs: 60_000,
      columns: [],
    });
    await store.addRecords([{ ...energy(0, 5), epoch: 1, seq: 1 }]);
    await store.addRecords(Array.from({ length: 149 }, (_, i) => aggregate(i + 2)));
    const state = await store.outbox();
    expect(state.rows).toBeLessThanOrEqual(100);
    expect(state.rows + state.droppedRows).toBe(150);
    expect(state.gaps[0]).toMatchObject({ why: 'full', fromMs: 120_000 });
    const kept = await store.readRecords(1e9, []);
    expect(kept.at(-1)).toMatchObject({ kind: 'energy', seq: 1 });
    expect(kept[0]?.seq).toBe(150);
    await store.close();
  });

  it('gives up energy only when nothing else is left', async () => {
    const store = openStoreInProcess(':memory:', 0, { rows: 10, bytes: 1e9 });
    const records = Array.from({ length: 20 }, (_, i) => ({
      ...energy(i * 900_000, i),
      epoch: 1,
      seq: i + 1,
    }));
    await store.addRecords(records);
    const { rows, droppedRows } = await store.outbox();
    expect(rows + droppedRows).toBe(20);
    expect(rows).toBeLessThanOrEqual(10);
    expect((await store.history(0, 1e12)).length).toBe(20);
    await store.close();
  });
});

describe('the epoch', () => {
  it('of a new file is beyond every one that a lost file can have counted to', async () => {
    const path = join(folder, 'a.db');
    const opened: number[] = [];
    for (const atMs of [1_000_000, 1_010_000, 1_020_000]) {
      const store = openStoreInProcess(path, atMs);
      opened.push(store.opened.epoch);
      await store.close();
    }
    writeFileSync(path, 'no database');
    const replaced = openStoreInProcess(path, 1_030_000);
    expect(replaced.opened).toMatchObject({ state: 'replaced' });
    await replaced.close();
    rmSync(path);
    const anew = openStoreInProcess(path, 1_040_000);
    opened.push(replaced.opened.epoch, anew.opened.epoch);
    await anew.close();
    expect(opened).toEqual([...new Set(opened)].sort((a, b) => a - b));
  });
});
