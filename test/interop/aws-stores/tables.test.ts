import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDynamoTables } from '../../../cloud/adapters/dynamodb.ts';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { tablesOf } from '../../../cloud/adapters/sqlite-tables.ts';
import type { DocumentTable, Row, Tables } from '../../../cloud/ports.ts';
import type { TelemetryRecord } from '../../../gateway/contracts/values/record.ts';
import { Refused } from '../../../gateway/contracts/values/refused.ts';
import { localDynamo } from '../../fixtures/aws/local.ts';

const DOCUMENTS: readonly DocumentTable[] = [
  'market_data',
  'forecast_data',
  'producer_metrics',
  'consumer_metrics',
  'grid_metrics',
  'trade_data',
];
const QUARTER_MS = 900_000;
const START_MS = 1_795_000_000_000;

const energy = (epoch: number, seq: number, fromMs: number): TelemetryRecord => ({
  epoch,
  seq,
  kind: 'energy',
  place: 'grid',
  fromMs,
  durationMs: QUARTER_MS,
  inWh: seq,
  outWh: 0,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
});
const event = (seq: number): TelemetryRecord => ({
  epoch: 1,
  seq,
  kind: 'event',
  atMs: START_MS,
  code: 'MODE',
  mode: 'trading',
  text: 'all well',
});
const row = (key: string, more: Partial<Row> = {}): Row => ({
  table: 'trade_data',
  key,
  kind: 'order',
  zone: 'z1',
  who: 'p1',
  fromMs: START_MS,
  body: `{"key":"${key}"}`,
  ...more,
});
const keys = (rows: readonly Row[]): string[] => rows.map((one) => one.key);

/** Two faces over the same things: a restart is the second one. */
interface Place {
  open(): Tables;
  end(): Promise<void>;
}

function sqlitePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'cloud-tables-'));
  return {
    open: () => tablesOf(openStore(join(folder, 'cloud.db'))),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

let dynamo: Awaited<ReturnType<typeof localDynamo>>;
beforeAll(async () => {
  dynamo = await localDynamo('ew-');
});
afterAll(() => dynamo.stop());
const dynamoPlace = (): Place => ({
  open: () => openDynamoTables('ew-', dynamo.config),
  end: async () => {},
});

describe.each([
  ['SQLite', sqlitePlace],
  ['DynamoDB', dynamoPlace],
] as const)('the tables in %s', (name, place) => {
  let here: Place;
  let tables: Tables;
  beforeAll(() => {
    here = place();
    tables = here.open();
  });
  afterAll(async () => {
    await tables.close();
    await here.end();
  });

  it('store a record once by gateway, epoch and sequence, whatever it says', async () => {
    const first = [energy(1, 1, START_MS), event(2), energy(1, 3, START_MS + QUARTER_MS)];
    expect(await tables.storeRecords('once', first, 5)).toEqual(first);
    const again = [energy(1, 3, 0), energy(2, 1, START_MS), event(2)];
    expect(await tables.storeRecords('once', again, 6)).toEqual([energy(2, 1, START_MS)]);
    expect(await tables.storeRecords('other', [energy(1, 1, START_MS)], 7)).toHaveLength(1);
    const twins = [energy(9, 9, START_MS), energy(9, 9, START_MS)];
    expect(await tables.storeRecords('twins', twins, 8)).toHaveLength(1);
  });

  it('take 300 records at once, each once, from two who store the same', async () => {
    const records = Array.from({ length: 300 }, (_, n) =>
      energy(1, n + 1, START_MS + n * QUARTER_MS),
    );
    const stored = await Promise.all([
      tables.storeRecords('many', records, 1),
      tables.storeRecords('many', records, 1),
    ]);
    expect(stored[0].length + stored[1].length).toBe(300);
    expect(await tables.energy('many', 'grid', 0)).toHaveLength(300);
  });

  it('give energy by place in the order of time, corrections after what they correct', async () => {
    const late = energy(1, 1, START_MS + QUARTER_MS);
    const early = energy(1, 2, START_MS);
    await tables.storeRecords('meter', [late, early, event(3)], 1);
    await tables.storeRecords('meter', [{ ...early, seq: 4, version: 2 } as TelemetryRecord], 2);
    const seen = await tables.energy('meter', 'grid', START_MS);
    expect(seen.map((one) => [one.fromMs - START_MS, one.version])).toEqual([
      [0, 1],
      [0, 2],
      [QUARTER_MS, 1],
    ]);
    expect(seen[0]).toEqual({
      gateway: 'meter',
      place: 'grid',
      fromMs: START_MS,
      durationMs: QUARTER_MS,
      inWh: 2,
      outWh: 0,
      coveragePct: 100,
      quality: 'measured',
      version: 1,
    });
    expect(await tables.energy('meter', 'grid', START_MS + 1)).toHaveLength(1);
    expect(await tables.energy('meter', 'roof', 0)).toEqual([]);
  });

  it('keep a row in each table; a put replaces, also its kind', async () => {
    for (const table of DOCUMENTS) {
      await tables.put(row('a', { table }));
      await tables.put(row('a', { table, kind: 'cleared', body: '{}' }));
      expect(await tables.get(table, 'a')).toEqual(
        row('a', { table, kind: 'cleared', body: '{}' }),
      );
      expect(await tables.rows(table, 'order', 'z1', 0)).toEqual([]);
      await tables.remove(table, 'a');
      await tables.remove(table, 'a');
      expect(await tables.get(table, 'a')).toBeUndefined();
    }
  });

  it('write what is new once: of many at the same time one wins', async () => {
    const tries = Array.from({ length: 20 }, (_, n) =>
      tables.putNew(row('race', { body: `{"n":${n}}` })),
    );
    const won = await Promise.all(tries);
    expect(won.filter(Boolean)).toHaveLength(1);
    const kept = await tables.get('trade_data', 'race');
    expect(kept?.body).toBe(`{"n":${won.indexOf(true)}}`);
  });

  it('find rows by kind and zone from an instant on, by instant, then by key', async () => {
    const at = (fromMs: number) => ({ kind: 'found', fromMs });
    for (const [key, fromMs] of [
      ['y', 20],
      ['x', 20],
      ['z', 3],
      ['old', 1],
    ] as const) {
      await tables.put(row(key, at(fromMs)));
    }
    await tables.put(row('elsewhere', { ...at(20), zone: 'z2' }));
    expect(keys(await tables.rows('trade_data', 'found', 'z1', 3))).toEqual(['z', 'x', 'y']);
    expect(keys(await tables.rows('trade_data', 'found', 'z2', 0))).toEqual(['elsewhere']);
  });

  it('find more than one page of rows', async () => {
    const body = JSON.stringify('x'.repeat(60_000));
    for (let n = 0; n < 25; n += 1) {
      await tables.put(row(`page/${n}`, { kind: 'large', fromMs: n, body }));
    }
    const rows = await tables.rows('trade_data', 'large', 'z1', 0);
    expect(rows.map((one) => one.fromMs)).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  it('count sequences by name, never the same twice', async () => {
    const counted = await Promise.all(
      Array.from({ length: 20 }, () => tables.nextSequence(`of/${name}`)),
    );
    expect(counted.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(await tables.nextSequence(`another/${name}`)).toBe(1);
  });

  it('know everything after a restart', async () => {
    await tables.put(row('kept'));
    await tables.nextSequence(`kept/${name}`);
    await tables.storeRecords('kept', [energy(1, 1, START_MS)], 1);
    await tables.close();
    tables = here.open();
    expect(await tables.get('trade_data', 'kept')).toEqual(row('kept'));
    expect(await tables.putNew(row('kept', { body: 'another' }))).toBe(false);
    expect(await tables.nextSequence(`kept/${name}`)).toBe(2);
    expect(await tables.storeRecords('kept', [energy(1, 1, START_MS)], 1)).toEqual([]);
  });
});

it('refuse in DynamoDB what could never be an item there', async () => {
  const tables = openDynamoTables('ew-', dynamo.config);
  const huge = row('huge', { body: JSON.stringify('x'.repeat(500_000)) });
  await expect(tables.put(huge)).rejects.toBeInstanceOf(Refused);
  expect(await tables.get('trade_data', 'huge')).toBeUndefined();
  await tables.close();
});

it('leave the seven tables in DynamoDB, sequences apart from the rows', async () => {
  const { Items } = await dynamo.client.send(new ScanCommand({ TableName: 'ew-grid-metrics' }));
  const indexed = Items?.filter((item) => item['kindInZone'] !== undefined) ?? [];
  expect(indexed).toEqual([]);
  expect(Items?.every((item) => item['key']?.S?.startsWith('sequence/'))).toBe(true);
});
