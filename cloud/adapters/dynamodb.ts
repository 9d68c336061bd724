import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import { Refused } from '../../gateway/contracts/values/refused.ts';
import type { DocumentTable, Row, StoredEnergy, Tables } from '../ports.ts';

type Item = Record<string, AttributeValue>;

/** Writes under way at once: a batch has up to 2,000 records, a connection pool 50 sockets. */
const WRITES_AT_ONCE = 32;

/**
 * The seven tables in DynamoDB, with conditional writes alone: no transaction, no read before a
 * write. An index follows its table within moments, so `rows` and `energy` may miss the newest
 * writes; `get` and what is written once do not.
 * @param prefix  before each table's name, as in `edgewatt-energy-metrics`
 */
export function openDynamoTables(prefix: string, config: DynamoDBClientConfig = {}): Tables {
  return new DynamoTables(prefix, new DynamoDBClient(config));
}

class DynamoTables implements Tables {
  private readonly prefix: string;
  private readonly client: DynamoDBClient;

  constructor(prefix: string, client: DynamoDBClient) {
    this.prefix = prefix;
    this.client = client;
  }

  async storeRecords(
    gateway: string,
    records: readonly TelemetryRecord[],
    atMs: number,
  ): Promise<TelemetryRecord[]> {
    const isNew = new Array<boolean>(records.length).fill(false);
    const waiting = records.entries();
    const work = async (): Promise<void> => {
      for (const [at, record] of waiting) {
        const item = recordItem(gateway, record, atMs);
        isNew[at] = await this.putIfAbsent(this.name('energy-metrics'), item, 'gateway');
      }
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, work));
    return records.filter((_, at) => isNew[at]);
  }

  async put(row: Row): Promise<void> {
    const TableName = this.nameOf(row.table);
    try {
      await this.client.send(new PutItemCommand({ TableName, Item: rowItem(row) }));
    } catch (error) {
      if (isTooLarge(error)) throw new Refused(`${row.body.length} bytes are too many for an item`);
      throw error;
    }
  }

  putNew(row: Row): Promise<boolean> {
    return this.putIfAbsent(this.nameOf(row.table), rowItem(row), 'key');
  }

  async remove(table: DocumentTable, key: string): Promise<void> {
    const TableName = this.nameOf(table);
    await this.client.send(new DeleteItemCommand({ TableName, Key: { key: text(key) } }));
  }

  async get(table: DocumentTable, key: string): Promise<Row | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({
        TableName: this.nameOf(table),
        Key: { key: text(key) },
        ConsistentRead: true,
      }),
    );
    return Item && rowOf(table, Item);
  }

  async rows(table: DocumentTable, kind: string, zone: string, sinceMs: number): Promise<Row[]> {
    const partition = `${kind}#${zone}`;
    const items = await this.query(this.nameOf(table), 'by-kind', 'kindInZone', partition, sinceMs);
    return items.map((item) => rowOf(table, item));
  }

  async energy(gateway: string, place: string, sinceMs: number): Promise<StoredEnergy[]> {
    const partition = `${gateway}#${place}`;
    const table = this.name('energy-metrics');
    const items = await this.query(table, 'by-place', 'placeOfGateway', partition, sinceMs);
    return items.map((item) => energyOf(gateway, item));
  }

  async nextSequence(name: string): Promise<number> {
    const { Attributes } = await this.client.send(
      new UpdateItemCommand({
        TableName: this.name('grid-metrics'),
        Key: { key: text(`sequence/${name}`) },
        UpdateExpression: 'ADD sequenceValue :one',
        ExpressionAttributeValues: { ':one': number(1) },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Number(Attributes?.['sequenceValue']?.N);
  }

  async close(): Promise<void> {
    this.client.destroy();
  }

  private name(table: string): string {
    return `${this.prefix}${table}`;
  }

  private nameOf(table: DocumentTable): string {
    return this.name(table.replace('_', '-'));
  }

  private async putIfAbsent(TableName: string, Item: Item, key: string): Promise<boolean> {
    try {
      await this.client.send(
        new PutItemCommand({
          TableName,
          Item,
          ConditionExpression: 'attribute_not_exists(#key)',
          ExpressionAttributeNames: { '#key': key },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  private async query(
    TableName: string,
    IndexName: string,
    key: string,
    partition: string,
    sinceMs: number,
  ): Promise<Item[]> {
    const items: Item[] = [];
    let after: Item | undefined;
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName,
          IndexName,
          KeyConditionExpression: '#key = :key AND #position >= :since',
          ExpressionAttributeNames: { '#key': key, '#position': 'position' },
          ExpressionAttributeValues: { ':key': text(partition), ':since': text(padded(sinceMs)) },
          ...(after !== undefined && { ExclusiveStartKey: after }),
        }),
      );
      items.push(...(page.Items ?? []));
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
    return items;
  }
}

/** An item may have 400 KB. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof DynamoDBServiceException &&
  error.name === 'ValidationException' &&
  /item size/i.test(error.message);

const text = (value: string): AttributeValue => ({ S: value });
const number = (value: number): AttributeValue => ({ N: String(value) });

/** So that the order of texts is the order of numbers. */
const padded = (value: number): string => String(Math.max(0, value)).padStart(16, '0');

function rowItem(row: Row): Item {
  return {
    key: text(row.key),
    kindInZone: text(`${row.kind}#${row.zone}`),
    position: text(`${padded(row.fromMs)}#${row.key}`),
    kind: text(row.kind),
    zone: text(row.zone),
    who: text(row.who),
    fromMs: number(row.fromMs),
    body: text(row.body),
  };
}

function rowOf(table: DocumentTable, item: Item): Row {
  const said = (name: string): string => item[name]?.S ?? '';
  return {
    table,
    key: said('key'),
    kind: said('kind'),
    zone: said('zone'),
    who: said('who'),
    fromMs: Number(item['fromMs']?.N),
    body: said('body'),
  };
}

/** Aggregates and events have no place, and therefore no entry in the index. */
function recordItem(gateway: string, record: TelemetryRecord, atMs: number): Item {
  const key = `${padded(record.epoch)}#${padded(record.seq)}`;
  const fromMs = record.kind === 'event' ? record.atMs : record.fromMs;
  const item: Item = {
    gateway: text(gateway),
    record: text(key),
    kind: text(record.kind),
    fromMs: number(fromMs),
    storedAtMs: number(atMs),
    body: text(JSON.stringify(record)),
  };
  if (record.kind !== 'energy') return item;
  return {
    ...item,
    placeOfGateway: text(`${gateway}#${record.place}`),
    position: text(`${padded(fromMs)}#${key}`),
  };
}

function energyOf(gateway: string, item: Item): StoredEnergy {
  const record = JSON.parse(item['body']?.S ?? '') as Omit<StoredEnergy, 'gateway'>;
  const { place, fromMs, durationMs, inWh, outWh, coveragePct, quality, version } = record;
  return { gateway, place, fromMs, durationMs, inWh, outWh, coveragePct, quality, version };
}
