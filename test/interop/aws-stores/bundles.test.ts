import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openS3Lake } from '../../../cloud/adapters/s3.ts';
import { bundleLambdas, LAMBDAS } from '../../../cloud/infra/bundle.ts';
import {
  apiEvent,
  energyRecord,
  forecastOf,
  orders,
  provisioningEvent,
  QUARTER_MS,
  ruleEvent,
  said,
  settledLine,
  statementOf,
  topicsOf,
  zoneOf,
} from '../../fixtures/aws/lambdas.ts';
import { localDynamo, localS3 } from '../../fixtures/aws/local.ts';

type Handler = (event: unknown) => Promise<unknown>;

/** Inside the package, where the SDK is found as the Lambda runtime would give it. */
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync(resolve('.cache/bundles-'));
const lambdas: Record<string, Handler> = {};
let dynamo: Awaited<ReturnType<typeof localDynamo>>;
let s3: Awaited<ReturnType<typeof localS3>>;

beforeAll(async () => {
  await bundleLambdas(folder, 'docs/examples/cloud.yaml');
  dynamo = await localDynamo('edgewatt-');
  s3 = await localS3('lake');
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.config.endpoint,
    AWS_ENDPOINT_URL_S3: s3.config.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    EDGEWATT_TABLES: 'dynamodb:edgewatt-',
    EDGEWATT_LAKE: 's3:lake',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.stubEnv('EDGEWATT_CONFIG', resolve(folder, 'historical-data/cloud.yaml'));
  for (const name of LAMBDAS) {
    const url = pathToFileURL(resolve(folder, name, 'index.mjs')).href;
    lambdas[name] = (await import(/* @vite-ignore */ url)).handler;
  }
}, 120_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await dynamo.stop();
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
});

const TAKEN = { result: 'taken' };
const call = (name: string, event: unknown) => lambdas[name]?.(event);
const itemsOf = async (table: string) =>
  (await dynamo.client.send(new ScanCommand({ TableName: `edgewatt-${table}` }))).Items ?? [];

const NOW_MS = Date.now();
const LAST_MS = Math.floor(NOW_MS / QUARTER_MS - 1) * QUARTER_MS;
const NEXT_MS = LAST_MS + 4 * QUARTER_MS;
const gateway = topicsOf('gw-sunfield');

describe('the bundled Lambdas over DynamoDB and S3', () => {
  it('hold the handler, the configuration and no more', () => {
    for (const name of LAMBDAS) {
      expect(readdirSync(resolve(folder, name)).sort()).toEqual(['cloud.yaml', 'index.mjs']);
    }
  });

  it('keep telemetry once in the table and once in the lake, and give it back', async () => {
    const batch = { v: 1, records: [1, 2].map((n) => energyRecord(n, LAST_MS, n)) };
    for (let n = 0; n < 3; n += 1) {
      const event = ruleEvent(gateway.telemetry, batch, NOW_MS);
      expect(await call('historical-data', event)).toEqual(TAKEN);
    }
    expect(await itemsOf('energy-metrics')).toHaveLength(2);
    const day = new Date(LAST_MS).toISOString().slice(0, 10);
    const lines = await openS3Lake('lake', s3.config).read('demo', 'telemetry', day);
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2]);
    const asked = apiEvent('GET /v1/gateways/{gateway}/energy', { gateway: 'gw-sunfield' });
    const { status, body } = said(await call('historical-data', asked));
    expect([status, (body['records'] as unknown[]).length]).toEqual([200, 2]);
  });

  it('keep orders and settled intervals once each', async () => {
    for (let n = 0; n < 2; n += 1) {
      const order = ruleEvent(gateway.a2aRequest, orders(['o1'], NEXT_MS), NOW_MS);
      expect(await call('energy-trading-actions', order)).toEqual(TAKEN);
      const lines = [settledLine(LAST_MS, 900)];
      const statement = ruleEvent(gateway.statement, statementOf('sunfield', lines), NOW_MS);
      expect(await call('trading-api', statement)).toEqual(TAKEN);
    }
    const kept = (await itemsOf('trade-data')).map((item) => item['key']?.S);
    expect(kept.sort()).toEqual(['order/sunfield/o1', `settlement/z1/${LAST_MS}/sunfield`]);
    expect(await itemsOf('producer-metrics')).toHaveLength(1);
    expect(await itemsOf('consumer-metrics')).toHaveLength(0);
  });

  it('keep forecasts, results and states', async () => {
    const forecast = { ...forecastOf(NOW_MS), issuedAtMs: NOW_MS };
    await call('weather-forecast', ruleEvent(zoneOf('z1').forecast, forecast, NOW_MS));
    const result = {
      v: 1,
      zone: 'z1',
      interval: { fromMs: LAST_MS, durationMs: QUARTER_MS },
      volumeWh: 0,
      priceMicroPerKwh: null,
      priceInterval: null,
      orders: 0,
    };
    await call('trading-api', ruleEvent(zoneOf('z1').market, result, NOW_MS));
    const status = {
      v: 1,
      state: 'online',
      site: 's',
      participant: 'p',
      zone: 'z1',
      mode: 'rules',
    };
    await call('grid-management', ruleEvent(gateway.status, status, NOW_MS));
    const seen = await Promise.all([
      call('weather-forecast', apiEvent('GET /v1/zones/{zone}/forecast', { zone: 'z1' })),
      call('trading-api', apiEvent('GET /v1/zones/{zone}/results', { zone: 'z1' })),
      call('grid-management', apiEvent('GET /v1/zones/{zone}/grid', { zone: 'z1' })),
    ]);
    expect(seen.map((one) => said(one).status)).toEqual([200, 200, 200]);
    expect(said(seen[1]).body['results']).toEqual([result]);
    expect(said(seen[2]).body).toMatchObject({ gateways: 3, online: 1 });
  });

  it('let a gateway become a thing once', async () => {
    const event = provisioningEvent();
    expect(await call('provisioning-hook', event)).toEqual({ allowProvisioning: true });
    expect(await call('provisioning-hook', { ...event, certificateId: 'x' })).toEqual({
      allowProvisioning: false,
    });
  });
});

it('npm run infra makes an assembly that the CDK command reads, offline', () => {
  const out = resolve(folder, 'assembly');
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: '', HOME: folder, CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  expect(run('cloud/infra/main.ts', '--out', out)).toMatch(/\d+ resources, no finding unexplained/);
  expect(run('node_modules/aws-cdk/bin/cdk', 'list', '--app', out)).toContain('Edgewatt');
});

it.each([
  [['--name', 'Bad_Name'], "infra: --name: 'Bad_Name' will not do; use up to 24"],
  [['--issuer', 'http://a'], "infra: --issuer: 'http://a' will not do; name the provider"],
  [['--config', 'nope.yaml'], 'infra: nope.yaml: cannot be read; name the configuration'],
  [['--nonsense'], "infra: Unknown option '--nonsense'"],
])('npm run infra says in one line what is wrong with %o', (args, line) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['cloud/infra/main.ts', ...args], {
    encoding: 'utf8',
  });
  expect([status, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
  expect(stderr).toContain(line);
});
