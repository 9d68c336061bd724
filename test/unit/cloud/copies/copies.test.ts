import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../../cloud/adapters/sqlite.ts';
import { tablesOf } from '../../../../cloud/adapters/sqlite-tables.ts';
import { copied } from '../../../../cloud/compose-copies.ts';
import type { Lake, LakePart, Row, Tables } from '../../../../cloud/ports.ts';
import { hash } from '../../../../gateway/adapters/crypto.ts';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';
import { Refused } from '../../../../gateway/contracts/values/refused.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const T0 = Date.parse('2026-06-17T10:00:00Z');
const energy = (seq: number): TelemetryRecord => ({
  epoch: 1,
  seq,
  kind: 'energy',
  place: 'grid',
  fromMs: T0 + seq * 900_000,
  durationMs: 900_000,
  inWh: seq,
  outWh: 0,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
});
const row = (key: string, body = '{}', kind = 'order'): Row => ({
  ...{ table: 'trade_data', key, kind, zone: 'z1', who: 'p1', fromMs: T0, body },
});
const line = (n: number): string => JSON.stringify({ n, id: `t${n}`, atMs: T0, legs: [] });

/** A part that is written again is there once, as in a folder or a bucket. */
function memoryLake(): Lake {
  const parts = new Map<string, LakePart>();
  return {
    put: async (part) => void parts.set(`${part.dataset} ${part.day} ${part.name}`, part),
    read: async (_tenant, dataset, day) =>
      [...parts.values()]
        .filter((part) => part.dataset === dataset && part.day === day)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(({ lines }) => lines),
    days: async (_tenant, dataset) =>
      [...parts.values()].filter((part) => part.dataset === dataset).map(({ day }) => day),
  };
}

describe('copies of the books', () => {
  let folder: string;
  let books: ReturnType<typeof openStore>;
  let elsewhere: ReturnType<typeof openStore>;
  let lake: Lake;
  let away: Error | undefined;
  let said: string[];
  const clock = createVirtualClock();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'copies-'));
    books = openStore(join(folder, 'cloud.db'));
    elsewhere = openStore(':memory:');
    lake = memoryLake();
    away = undefined;
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Another process over the same database; its calls fail while the tables are away. */
  function cloud(refuses?: string) {
    const real = tablesOf(elsewhere);
    const guarded = <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      ((...args: A) => (away ? Promise.reject(away) : call(...args))) as typeof call;
    const tables: Tables = {
      ...real,
      storeRecords: guarded(real.storeRecords),
      put: guarded(async (one) => {
        if (one.key === refuses) throw new Refused('500000 bytes are too many for an item');
        await real.put(one);
      }),
      remove: guarded(real.remove),
      close: async () => {},
    };
    const say = (text: string) => void said.push(text);
    const log = { info: say, warn: say, error: say };
    return copied('demo', { store: books, clock, hash, log }, { tables, lake });
  }
  const settled = async (check: () => boolean) =>
    expect(await clock.until(check, 600_000)).toBe(true);
  const keys = () => elsewhere.rows('trade_data', 'order').map((one) => one.key);

  it('hold what was committed, each thing once, the newest of a row', async () => {
    const { store, copier } = cloud();
    store.transaction(() => {
      for (const seq of [1, 2, 2]) store.storeRecord('gw-a', energy(seq), T0);
      store.storeRecord('gw-b', energy(1), T0);
      store.write([
        { op: 'put', row: row('o1', '{"n":1}') },
        { op: 'put', row: row('gone') },
        { op: 'journal', line: line(1) },
        { op: 'journal', line: line(2) },
      ]);
    });
    expect(() =>
      store.transaction(() => {
        store.storeRecord('gw-a', energy(9), T0);
        store.write([{ op: 'put', row: row('undone') }]);
        throw new Error('disk full');
      }),
    ).toThrow('disk full');
    store.write([
      { op: 'put', row: row('o1', '{"n":2}') },
      { op: 'remove', table: 'trade_data', key: 'gone' },
    ]);
    store.storeRecord('gw-a', energy(2), T0); // known: no change
    await settled(() => copier.waiting() === 0);
    expect([elsewhere.recordCount(), keys()]).toEqual([3, ['o1']]);
    expect(elsewhere.row('trade_data', 'o1')?.body).toBe('{"n":2}');
    expect(await lake.read('demo', 'ledger', '2026-06-17')).toEqual([line(1), line(2)]);
    const lines = (await lake.read('demo', 'telemetry', '2026-06-17')).map((one) => {
      const { gateway, seq } = JSON.parse(one);
      return `${gateway}/${seq}`;
    });
    expect(lines.sort()).toEqual(['gw-a/1', 'gw-a/2', 'gw-b/1']);
    store.prune('trade_data', 'order', T0 + 1);
    await settled(() => copier.waiting() === 0 && keys().length === 0);
  });

  it('wait on disk for tables that are away, over a restart, and are there once', async () => {
    away = new Error('ECONNREFUSED');
    const first = cloud();
    for (const seq of [1, 2, 3]) first.store.storeRecord('gw-a', energy(seq), T0);
    await clock.advance(120_000);
    expect(first.copier.waiting()).toBe(3);
    expect(said).toEqual(['copies wait: tables']); // not at every try
    expect(await lake.read('demo', 'telemetry', '2026-06-17')).toHaveLength(3); // it is not held up
    let ended = false;
    void first.copier.stop(1_000).then(() => {
      ended = true;
    });
    await settled(() => ended);
    expect(said).toContain('copies wait for the next start');
    books.close();
    expect(first.copier.waiting()).toBe(3); // as it was at the end
    books = openStore(join(folder, 'cloud.db'));
    const second = cloud();
    second.copier.kick();
    await clock.advance(3_000);
    expect(elsewhere.recordCount()).toBe(0);
    away = undefined;
    await settled(() => second.copier.waiting() === 0);
    expect(elsewhere.recordCount()).toBe(3);
    expect(await lake.read('demo', 'telemetry', '2026-06-17')).toHaveLength(3);
  });

  it('are not held up by a row that the tables refuse as it is', async () => {
    const { store, copier } = cloud('huge');
    store.write([
      { op: 'put', row: row('huge') },
      { op: 'put', row: row('o2') },
    ]);
    await settled(() => copier.waiting() === 0);
    expect([copier.refused, keys()]).toEqual([1, ['o2']]);
    expect(said).toEqual(['a row is left out of the copy']);
    expect(store.row('trade_data', 'huge')).toBeDefined();
  });

  it('come to the lake together, and after a crash in between in the same parts', async () => {
    const { store } = cloud();
    const whole = lake.put;
    let parts = 0;
    lake.put = async (part) => {
      await whole(part);
      parts += 1;
      if (parts === 1) throw new Error('the answer was lost');
    };
    for (const seq of [1, 2, 3]) store.storeRecord(`gw-${seq}`, energy(seq), T0);
    await clock.advance(50_000);
    expect(parts).toBe(0); // others may come yet
    store.storeRecord('gw-4', energy(4), T0);
    await clock.advance(10_500);
    expect(parts).toBe(1);
    books.close(); // the process is killed
    books = openStore(join(folder, 'cloud.db'));
    const next = cloud();
    next.store.storeRecord('gw-5', energy(5), T0); // must not join what has begun
    await settled(() => next.copier.waiting() === 0);
    expect(parts).toBe(3);
    const lines = await lake.read('demo', 'telemetry', '2026-06-17');
    expect(lines.map((line) => JSON.parse(line).gateway).sort()).toEqual(
      [1, 2, 3, 4, 5].map((seq) => `gw-${seq}`),
    );
  });
});
