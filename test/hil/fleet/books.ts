import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import Database from 'better-sqlite3';
import type { Run } from '../../../simulators/demo/run.ts';

export const DOCUMENTS = [
  'market-data',
  'forecast-data',
  'producer-metrics',
  'consumer-metrics',
  'grid-metrics',
  'trade-data',
] as const;

type Table = (typeof DOCUMENTS)[number];

/** What one place holds: every key as often as it stands there. */
export interface Books {
  readonly records: readonly string[]; // gateway/epoch/seq, sorted
  readonly rows: ReadonlyMap<Table, readonly Row[]>; // by key
}
export interface Row {
  readonly key: string;
  readonly kind: string;
  readonly body: string;
}

const byKey = (a: Row, b: Row): number => (a.key < b.key ? -1 : 1);

export function sqliteBooks(file: string): Books & { readonly journal: readonly string[] } {
  const db = new Database(file, { readonly: true });
  try {
    const rows = DOCUMENTS.map((table) => {
      const all = db.prepare(`SELECT key, kind, body FROM ${table.replace('-', '_')}`).all();
      return [table, (all as Row[]).sort(byKey)] as const;
    });
    const keys = db.prepare("SELECT gateway || '/' || epoch || '/' || seq FROM energy_metrics");
    return {
      records: (keys.pluck().all() as string[]).sort(),
      rows: new Map(rows),
      journal: db.prepare('SELECT line FROM journal ORDER BY number').pluck().all() as string[],
    };
  } finally {
    db.close();
  }
}

export async function dynamoBooks(client: DynamoDBClient, prefix: string): Promise<Books> {
  const scan = async (table: string) => {
    const items: Record<string, AttributeValue>[] = [];
    let after: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: `${prefix}${table}`,
          ...(after !== undefined && { ExclusiveStartKey: after }),
        }),
      );
      items.push(...(page.Items ?? []));
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
    return items;
  };
  const said = (item: Record<string, AttributeValue>, name: string): string => item[name]?.S ?? '';
  const records = (await scan('energy-metrics')).map((item) => {
    const [epoch, seq] = said(item, 'record').split('#').map(Number);
    return `${said(item, 'gateway')}/${epoch}/${seq}`;
  });
  const rows = DOCUMENTS.map(async (table) => {
    const all = (await scan(table)).map((item) => ({
      key: said(item, 'key'),
      kind: said(item, 'kind'),
      body: said(item, 'body'),
    }));
    return [table, all.sort(byKey)] as const;
  });
  return {
    records: records.sort(),
    rows: new Map(await Promise.all(rows)),
  };
}

/** Every key that the guards state to have produced: from 1 on, without a gap. */
export function producedKeys(run: Run): string[] {
  return run.gateways
    .flatMap(({ dir, site }) => {
      const left = (name: string) => JSON.parse(readFileSync(join(dir, 'data', name), 'utf8'));
      const { recordsProduced } = left('guard.summary.json');
      const { epoch } = left('guard.state');
      return Array.from({ length: recordsProduced }, (_, n) => `${site.gateway}/${epoch}/${n + 1}`);
    })
    .sort();
}

/** A gateway's own documents of a kind. */
export function ownDocuments<T>(dir: string, table: 'orders' | 'statements'): T[] {
  const db = new Database(join(dir, 'data', 'agent.db'), { readonly: true });
  try {
    const bodies = db.prepare(`SELECT body FROM ${table} ORDER BY key`).pluck().all() as string[];
    return bodies.map((body) => JSON.parse(body) as T);
  } finally {
    db.close();
  }
}
