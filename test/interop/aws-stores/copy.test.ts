import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { handler as trade } from '../../../cloud/handlers/energy-trading-actions.ts';
import { handler as grid } from '../../../cloud/handlers/grid-management.ts';
import { handler as history } from '../../../cloud/handlers/historical-data.ts';
import { type Handler, portsOfProcess } from '../../../cloud/handlers/lambda.ts';
import { type LambdaName, RULES } from '../../../cloud/handlers/routes.ts';
import { handler as market } from '../../../cloud/handlers/trading-api.ts';
import { handler as forecast } from '../../../cloud/handlers/weather-forecast.ts';
import type { Store } from '../../../cloud/ports.ts';
import { parseTopic } from '../../../gateway/contracts/topics.ts';
import { ruleEvent } from '../../fixtures/aws/lambdas.ts';
import { localDynamo, localS3 } from '../../fixtures/aws/local.ts';
import { CONFIG, Gateway, QUARTER, T0, type World, world } from '../../world/cloud/fixture.ts';

const LAMBDAS: Record<LambdaName, Handler> = {
  'weather-forecast': forecast,
  'historical-data': history,
  'trading-api': market,
  'grid-management': grid,
  'energy-trading-actions': trade,
};
const folder = mkdtempSync(join(tmpdir(), 'copy-'));
let dynamo: Awaited<ReturnType<typeof localDynamo>>;
let s3: Awaited<ReturnType<typeof localS3>>;

beforeAll(async () => {
  dynamo = await localDynamo('copy-');
  s3 = await localS3('lake');
  writeFileSync(join(folder, 'cloud.json'), JSON.stringify(CONFIG));
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.config.endpoint,
    AWS_ENDPOINT_URL_S3: s3.config.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    EDGEWATT_CONFIG: join(folder, 'cloud.json'),
    EDGEWATT_TABLES: 'dynamodb:copy-',
    EDGEWATT_LAKE: 's3:lake',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  await (await portsOfProcess()).tables.close();
  vi.unstubAllEnvs();
  await dynamo.stop();
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What IoT Core's rules would hand over, in the order in which it was said. */
function heard({ hub, clock }: World): { kind: string; event: unknown }[] {
  const events: { kind: string; event: unknown }[] = [];
  const ear = hub.client();
  ear.onMessage = ({ topic, payload }) => {
    const kind = parseTopic(topic)?.kind ?? '';
    const text = new TextDecoder().decode(payload);
    events.push({ kind, event: ruleEvent(topic, text, clock.wallMs()) });
  };
  ear.subscribe(Object.keys(RULES).map((kind) => `ew/v1/demo/+/${kind}`));
  ear.start();
  return events;
}

/** Five quarter-hours of two sites: orders, deliveries, a repetition of each. */
async function trading(side: World): Promise<void> {
  const sun = new Gateway('gw-sun', side.hub);
  const works = new Gateway('gw-works', side.hub);
  for (const [site, participant] of [
    [sun, 'sun'],
    [works, 'works'],
  ] as const) {
    const status = {
      v: 1,
      state: 'online',
      site: site.id,
      participant,
      zone: 'z1',
      mode: 'trading',
    };
    await site.say(site.topics.status, status);
  }
  for (let n = 0; n < 5; n += 1) {
    const fromMs = T0 + (n + 2) * QUARTER;
    const energyWh = 5_000 + n;
    const sells = { id: `s${n}`, fromMs, side: 'sell', energyWh, priceMicroPerKwh: 80_000 };
    const buys = { id: `b${n}`, fromMs, side: 'buy', energyWh, priceMicroPerKwh: 200_000 };
    for (let again = 0; again < 2; again += 1) {
      await sun.orders(sells);
      await works.orders(buys);
      await sun.energy(n + 1, T0 + n * QUARTER, 0, 4_900 + n);
      await works.energy(n + 1, T0 + n * QUARTER, 5_100 + n, 0);
    }
    await side.clock.advance(QUARTER);
  }
  await side.clock.advance(4 * QUARTER);
}

const settlementsOf = (rows: readonly { key: string; body: string }[]) =>
  rows.map((row) => [row.key, JSON.parse(row.body)]);

it('what a market day leaves in SQLite is in DynamoDB and the lake, each thing once', async () => {
  const side = world();
  const events = heard(side);
  await trading(side);
  expect(side.errors).toEqual([]);
  // A rule delivers at least once.
  for (const { kind, event } of events.flatMap((one) => [one, one])) {
    const lambda = RULES[kind];
    expect([kind, lambda && (await LAMBDAS[lambda](event))]).toEqual([kind, { result: 'taken' }]);
  }
  const { tables, lake } = await portsOfProcess();
  const store: Store = side.store;
  for (const gateway of ['gw-sun', 'gw-works']) {
    const copied = await tables.energy(gateway, 'grid', 0);
    expect(copied).toEqual(store.energy(gateway, 'grid', 0));
    expect(copied).toHaveLength(5);
  }
  const orders = store.rows('trade_data', 'cleared-order').map((row) => row.key);
  const sent = await tables.rows('trade_data', 'order', 'z1', 0);
  expect(sent.map((row) => row.key).sort()).toEqual(orders.sort());
  expect(orders).toHaveLength(10);
  const settled = store.rows('trade_data', 'settlement');
  expect(settled.length).toBeGreaterThan(5);
  const copy = await tables.rows('trade_data', 'settlement', 'z1', 0);
  expect(settlementsOf(copy)).toEqual(settlementsOf(settled));
  expect(settled.every((row) => JSON.parse(row.body).version >= 1)).toBe(true);
  const results = await tables.rows('market_data', 'result', 'z1', 0);
  expect(results.map((row) => row.key)).toEqual(
    store.rows('market_data', 'result').map((row) => row.key),
  );
  const lines = await lake.read('demo', 'telemetry', '2026-01-01');
  expect(lines).toHaveLength(10);
  expect(new Set(lines).size).toBe(10);
});
