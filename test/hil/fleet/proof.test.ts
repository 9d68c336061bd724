import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openS3Lake } from '../../../cloud/adapters/s3.ts';
import type { LakePart } from '../../../cloud/ports.ts';
import { MINUTE_MS } from '../../../gateway/contracts/values/time.ts';
import { judgeRun } from '../../../simulators/demo/result.ts';
import { Run } from '../../../simulators/demo/run.ts';
import { demoSites } from '../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../simulators/sites/history.ts';
import { localDynamo, localS3 } from '../../fixtures/aws/local.ts';
import { Stage } from '../demo/started.ts';
import { Watch } from '../demo/watch.ts';
import { DOCUMENTS, dynamoBooks, ownDocuments, producedKeys, sqliteBooks } from './books.ts';
import { Operator } from './operator.ts';

/**
 * The line from end to end with the real commands and processes: two gateways that provisioned
 * themselves, the emulator, the cloud with its copies in dynalite and a local S3. What runs is not
 * a day but 08:00 to 08:46 and a little, at speed 60: first orders, gates, a delivery that is
 * traded, metered and settled, with the broker away for ten minutes in the middle of it.
 */
const SPEED = 60;
const START = Date.parse('2026-06-17T08:00:00Z');
const DELIVERY = START + 30 * MINUTE_MS; // the first whose gate nobody misses
const AWAY_MS = 10 * MINUTE_MS; // simulated; 10 s of real time
const LONG = 75_000; // real, on a machine that has much else to do
const SITES = ['sunfield', 'brightworks']; // who sells, and who buys
const PREFIX = 'proof-';
const BUCKET = 'proof-lake';
const DAY = '2026-06-17';

let stage: Stage;
let dynamo: Awaited<ReturnType<typeof localDynamo>>;
let s3: Awaited<ReturnType<typeof localS3>>;
let run: Run;
let operator: Operator;
let watches: Watch[] = [];

const until = (condition: () => boolean | Promise<boolean>, timeout = LONG) =>
  vi.waitUntil(condition, { timeout, interval: 50 });
const all = (condition: (watch: Watch) => boolean) => () => watches.every(condition);
const reaches = (wallMs: number): Promise<void> =>
  new Promise((over) => run.clock.at(run.clock.monoMs() + wallMs - run.clock.wallMs(), over));
const gateways = (): string[] => run.gateways.map(({ site }) => site.gateway);

beforeAll(async () => {
  stage = new Stage();
  stage.mark();
  dynamo = await localDynamo(PREFIX);
  s3 = await localS3(BUCKET);
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.config.endpoint,
    AWS_ENDPOINT_URL_S3: s3.config.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  run = new Run({
    sites: demoSites(1)
      .filter(({ site }) => SITES.includes(site.id))
      .map((demo) => ({
        ...demo,
        history: (untilMs) => historyCsv(demo.plant, untilMs),
        drive: undefined,
      })),
    seed: 1,
    speed: SPEED,
    startMs: START,
    withCloud: true,
    isFleet: true,
    copies: { tables: `dynamodb:${PREFIX}`, lake: `s3:${BUCKET}` },
    transformerVa: 160_000,
    backgroundW: 12_000,
    notice: () => undefined,
  });
  await run.start();
  await run.ready();
  watches = run.gateways.map(({ url }) => new Watch(url));
  operator = await Operator.connect(run.broker);
}, 120_000);

afterAll(async () => {
  await operator?.close();
  await Promise.all(watches.map((watch) => watch.close()));
  await run?.stop();
  run?.remove();
  vi.unstubAllEnvs();
  await dynamo?.stop();
  await s3?.stop();
  await stage?.clear();
}, 60_000);

describe('a fleet, from claim to settlement', () => {
  it('each gateway has a key that nobody else ever had, its certificate, and no claim', () => {
    for (const { dir } of run.gateways) {
      expect(statSync(join(dir, 'private.key')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(dir, 'cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
      expect([existsSync(join(dir, 'claim.pem')), existsSync(join(dir, 'claim.key'))]).toEqual([
        false,
        false,
      ]);
    }
    const config = readFileSync(join(run.dir, 'broker', 'broker.json'), 'utf8');
    const known = JSON.parse(config).certificates.map((one: { policy: string }) => one.policy);
    expect(known).not.toContain('gateway'); // these were not there before they asked
    const made = readdirSync(join(run.dir, 'logs')).filter((name) => name.startsWith('provision-'));
    expect(made.sort()).toEqual(
      gateways()
        .map((name) => `provision-${name}.log`)
        .sort(),
    );
  });

  it('they trade over the device SDK', async () => {
    await until(all(({ live }) => live?.mode === 'trading'));
    for (const { dir } of run.gateways) {
      expect(readFileSync(join(dir, 'gateway.yaml'), 'utf8')).toMatch(/kind: aws-iot/);
    }
  }, 90_000);

  it('one takes a setting by its named shadow and a job, and reports both', async () => {
    const [thing = ''] = gateways();
    await operator.desire(thing, { reservePct: 33, fuseA: 500 });
    await operator.order(thing, 'proof-1', { operation: 'diagnostics' });
    await until(async () => (await operator.reported(thing))['reservePct'] === 33);
    expect(await operator.reported(thing)).toMatchObject({
      refused: { fuseA: expect.stringMatching(/changed at the site/) },
    });
    await until(async () => (await operator.status(thing, 'proof-1')) === 'SUCCEEDED');
  }, 160_000);

  it('without a broker for ten minutes of the delivery they plan on and record', async () => {
    await reaches(DELIVERY + MINUTE_MS);
    const broker = run.processes.find(({ name }) => name === 'broker');
    broker?.stop();
    expect(await broker?.exited).toBe(0);
    const goneMs = run.clock.monoMs();
    await until(all(({ live }) => live?.mode === 'planning' && !live.cloud.connected));
    await new Promise<void>((over) => run.clock.at(goneMs + AWAY_MS, over));
    for (const { live } of watches) expect(live?.cloud.backlog).toBeGreaterThan(5);
    run.runBroker();
    await until(all(({ live }) => live?.mode === 'trading'));
    const [thing = ''] = gateways(); // what the emulator knew it knows again
    expect((await operator.reported(thing))['reservePct']).toBe(33);
  }, 240_000);

  it('what was traded is delivered, metered and settled', async () => {
    const traded = ({ dir }: { dir: string }): boolean =>
      ownDocuments<{ soldWh: number; boughtWh: number }>(dir, 'statements').some(
        ({ soldWh, boughtWh }) => soldWh + boughtWh > 0,
      );
    await until(() => run.gateways.every(traded));
    expect(await run.stop()).toBe(true); // each process by itself, every device given back
    const said = readFileSync(join(run.dir, 'logs', 'cloud.log'), 'utf8')
      .trim()
      .split('\n');
    expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ copiesWaiting: 0, copiesRefused: 0 });
  }, 160_000);
});

describe('what the fleet left', () => {
  it('telemetry is in SQLite and in DynamoDB, every record of the guards once', async () => {
    const produced = producedKeys(run);
    const [sqlite, copy] = [sqliteBooks(database()), await dynamoBooks(dynamo.client, PREFIX)];
    expect(produced.length).toBeGreaterThan(80); // two sites, a record a minute and more
    expect(sqlite.records).toEqual(produced);
    expect(copy.records).toEqual(produced);
  });

  it('orders, awards, settlement and the rest of the tables are the same in both', async () => {
    const [sqlite, copy] = [sqliteBooks(database()), await dynamoBooks(dynamo.client, PREFIX)];
    for (const table of DOCUMENTS) {
      expect(copy.rows.get(table)?.length, table).toBeGreaterThan(0);
      expect(copy.rows.get(table), table).toEqual(sqlite.rows.get(table));
    }
    const trades = copy.rows.get('trade-data') ?? [];
    for (const { dir, site } of run.gateways) {
      const own = ownDocuments<{ id: string; state: string }>(dir, 'orders');
      const accepted = own.filter(({ state }) => state === 'accepted').map(({ id }) => id);
      expect(accepted.length).toBeGreaterThan(0);
      const there = trades
        .filter(({ kind }) => kind.endsWith('order'))
        .map(({ body }) => JSON.parse(body))
        .filter(({ gateway }) => gateway === site.gateway)
        .map(({ orderId }) => orderId);
      expect(new Set(there).size).toBe(there.length);
      expect(there).toEqual(expect.arrayContaining(accepted));
      const settled = trades
        .filter(({ kind, key }) => kind === 'settlement' && key.endsWith(`/${site.participant}`))
        .map(({ body }) => JSON.parse(body));
      const fromMs = settled.map(({ line }) => line.interval.fromMs);
      expect(new Set(fromMs).size).toBe(fromMs.length);
      // What is settled after a gateway has ended it hears at its next start.
      const heard = ownDocuments<{ interval: { fromMs: number } }>(dir, 'statements');
      expect(fromMs).toEqual(expect.arrayContaining(heard.map(({ interval }) => interval.fromMs)));
      expect(settled.every(({ version }) => version >= 1)).toBe(true);
    }
  });

  it('the lake has every record and every line of the ledger once', async () => {
    const lake = openS3Lake(BUCKET, s3.config);
    const lines = (dataset: LakePart['dataset']) => lake.read('demo', dataset, DAY);
    const records = (await lines('telemetry')).map((line) => {
      const { gateway, epoch, seq } = JSON.parse(line);
      return `${gateway}/${epoch}/${seq}`;
    });
    expect(records.sort()).toEqual(producedKeys(run));
    const { journal } = sqliteBooks(database());
    expect(journal.length).toBeGreaterThan(0);
    expect(await lines('ledger')).toEqual(journal);
  });

  it('the ledger balances, and something was sold', () => {
    const { telemetry, market } = judgeRun(run, 1, 1, true, undefined);
    expect(telemetry.duplicates).toBe(0);
    expect(market.ledgerSumNano).toBe('0');
    expect(market.volumeWh).toBeGreaterThan(0);
  });
});

const database = (): string => join(run.dir, 'cloud', 'cloud.db');
