import { expect, test, vi } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { importHistory } from '../../../../gateway/agents/history.ts';
import { gatewayTopics, zoneTopics } from '../../../../gateway/contracts/topics.ts';
import type { Intent } from '../../../../gateway/contracts/values/plan.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import type { AgentStore, Log } from '../../../../gateway/ports.ts';
import { BRIGHTWORKS } from '../../../../simulators/sites/brightworks.ts';
import { FEED_IN } from '../../../../simulators/sites/tariffs.ts';
import { Bench, NOON, QUARTER, week, zoneForecast } from '../../../fixtures/agent/bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const SITE = BRIGHTWORKS;
const POWERS = { grid: 91_000, battery1: 9_000, compressor1: -15_000, rest: -85_000 };

async function started(store: AgentStore, wallMs = NOON, site: Site = SITE): Promise<Bench> {
  const bench = new Bench(site, store);
  if (wallMs > NOON) await bench.clock.advance(wallMs - NOON);
  await bench.agent.start();
  bench.connect();
  bench.message(zoneTopics(SITE.tenant, SITE.zone).forecast, zoneForecast(NOON));
  bench.see(POWERS, { 'battery1.socPct': 60 });
  await bench.clock.advance(5_000);
  return bench;
}

async function factory(): Promise<Bench> {
  const store = openStoreInProcess();
  await importHistory(store, SITE, week(NOON));
  return started(store);
}

const last = (bench: Bench): Intent => {
  const intent = bench.intents().at(-1);
  if (intent === undefined) throw new Error('no plan');
  return intent;
};
const levelsOf = ({ plan }: Intent) =>
  plan.map(({ terminals }) => terminals.find(({ terminal }) => terminal === 'battery1')?.levels);

/** So many seconds at a charge, an image each. */
async function holding(bench: Bench, socPct: number, seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n += 1) {
    bench.see(POWERS, { 'battery1.socPct': socPct });
    await bench.clock.advance(1_000);
  }
}

test('every step names levels, their worth, and the import that is kept', async () => {
  const bench = await factory();
  for (const { mostImportW, whys, why } of last(bench).plan.slice(0, 8)) {
    expect(mostImportW).toBeLessThanOrEqual(92_000);
    expect(Object.values(whys ?? {})).toContain(why);
  }
  for (const levels of levelsOf(last(bench))) {
    const {
      leastPct = 0,
      buyToPct = 0,
      storeToPct = 0,
      coverToPct = 0,
      sellToPct = 0,
    } = levels ?? {};
    expect(leastPct).toBe(5);
    expect(buyToPct).toBeLessThanOrEqual(Math.min(storeToPct, coverToPct));
    expect(coverToPct).toBeLessThanOrEqual(sellToPct);
    expect(levels?.worthNanoPerWh).toBeGreaterThan(0);
  }
});

test('a charge that is not as expected is planned anew, once it lasts', async () => {
  const bench = await factory();
  const plans = new Set(bench.intents().map(({ plan }) => plan[0]?.fromMs)).size;
  await holding(bench, 58, 200);
  expect(new Set(bench.intents().map(({ plan }) => plan[0]?.fromMs)).size).toBe(plans);
  await holding(bench, 20, 300);
  const { plan } = last(bench);
  expect(plan[0]?.fromMs).toBeGreaterThan(NOON + 200_000);
});

test('an event that ends inside a quarter-hour is not held to the end of that', async () => {
  const bench = await factory();
  const untilMs = NOON + QUARTER + 300_000;
  const body = JSON.stringify({
    ...{ v: 1, kind: 'demand-response', gateway: SITE.gateway, sequence: 7, issuedAtMs: NOON },
    ...{ fromMs: NOON + 60_000, untilMs, importLimitW: 40_000, exportLimitW: 40_000 },
    ...{ onLost: 'keep', why: 'test' },
  });
  const directive = { body, keyId: 'k1', signature: 'c2ln' };
  bench.message(gatewayTopics(SITE.tenant, SITE.gateway).directive, directive);
  await bench.clock.advance(untilMs - NOON - 10_000);
  bench.see(POWERS, { 'battery1.socPct': 50 });
  const before = last(bench).plan.find(({ fromMs }) => fromMs >= NOON + QUARTER);
  expect(before?.fromMs).toBeLessThan(untilMs);
  await bench.clock.advance(15_000);
  expect(last(bench).plan[0]?.fromMs).toBeGreaterThanOrEqual(untilMs);
});

test('neither a forecast that comes again nor a renewed envelope asks for a plan', async () => {
  const lines: unknown[] = [];
  const log = { info: (text: string, why: unknown) => text === 'planned' && lines.push(why) };
  const quiet = { warn: () => undefined, error: () => undefined };
  const bench = new Bench(SITE, openStoreInProcess(), { log: { ...log, ...quiet } as Log });
  await bench.agent.start();
  bench.connect();
  const hear = (): void =>
    bench.message(zoneTopics(SITE.tenant, SITE.zone).forecast, zoneForecast(NOON));
  hear();
  bench.see(POWERS, { 'battery1.socPct': 60 });
  await bench.clock.advance(10_000);
  const plans = lines.length;
  expect(plans).toBeGreaterThan(0);
  for (let sequence = 1; sequence <= 4; sequence += 1) {
    hear();
    const fromMs = bench.clock.wallMs();
    const body = JSON.stringify({
      ...{ v: 1, kind: 'envelope', gateway: SITE.gateway, sequence, issuedAtMs: fromMs },
      ...{ fromMs, untilMs: fromMs + 300_000, importLimitW: 1e6, exportLimitW: 1e6 },
      ...{ onLost: 'keep', why: 'test' },
    });
    const directive = { body, keyId: 'k1', signature: 'c2ln' };
    bench.message(gatewayTopics(SITE.tenant, SITE.gateway).directive, directive);
    await bench.clock.advance(150_000);
  }
  expect(lines.length - plans).toBe(0);
  await bench.clock.advance(160_000);
  expect(lines.slice(plans)).toMatchObject([{ why: 'a limit begins or ends' }]);
});

test('a cloud that was away for a moment asks for no plan, one away for longer does', async () => {
  const why: string[] = [];
  const info = (text: string, fields: unknown) =>
    text === 'planned' && why.push((fields as { why: string }).why);
  const quiet = { warn: () => undefined, error: () => undefined };
  const bench = new Bench(SITE, openStoreInProcess(), { log: { info, ...quiet } as Log });
  await bench.agent.start();
  bench.connect();
  bench.see(POWERS, { 'battery1.socPct': 60 });
  await bench.clock.advance(10_000);
  const away = async (ms: number): Promise<string[]> => {
    why.length = 0;
    bench.broker.onState?.('offline', 'test');
    await bench.clock.advance(ms);
    bench.connect();
    await bench.clock.advance(10_000);
    return [...why];
  };
  expect(await away(1_000)).toEqual([]);
  expect(await away(90_000)).toEqual(['the cloud is back']);
});

test('a price that drops is bought for at once, and what is stored is kept', async () => {
  const connections = SITE.connections.map((one) => ({ ...one, tariff: FEED_IN }));
  const store = openStoreInProcess();
  await importHistory(store, SITE, week(NOON));
  const control = { ...SITE.control, peakLimitW: 150_000 };
  const bench = await started(store, NOON, { ...SITE, connections, control });
  const { price, ...message } = zoneForecast(NOON);
  const hour = Math.floor((NOON - price.fromMs) / price.stepMs);
  /** All hours at one price, the running one at another. */
  const told = async (nowNano: number) => {
    const priceNanoPerWh = price.priceNanoPerWh.map((_, n) => (n === hour ? nowNano : 90_000));
    const issuedAtMs = bench.clock.wallMs();
    const body = { ...message, issuedAtMs, price: { ...price, priceNanoPerWh } };
    bench.message(zoneTopics(SITE.tenant, SITE.zone).forecast, body);
    await bench.clock.advance(5_000);
    return levelsOf(last(bench))[0];
  };
  const before = await told(90_000);
  const after = await told(-60_000);
  expect(before?.buyToPct).toBeLessThan(50);
  expect(after?.buyToPct).toBeGreaterThan(90);
  expect(after?.coverToPct).toBeGreaterThan(90);
});

test('a gateway that starts anew inside a quarter-hour plans the rest of it', async () => {
  const store = openStoreInProcess();
  await importHistory(store, SITE, week(NOON));
  const bench = await started(store, NOON + 400_000);
  const { plan } = last(bench);
  expect(plan[0]?.fromMs).toBeGreaterThanOrEqual(NOON + 400_000);
  expect((plan[0]?.fromMs ?? 0) + (plan[0]?.durationMs ?? 0)).toBe(NOON + QUARTER);
  expect(levelsOf(last(bench)).every((levels) => levels !== undefined)).toBe(true);
});

test('a gateway that has never seen the load follows the meter, and says so', async () => {
  const bench = new Bench(SITE, openStoreInProcess());
  await bench.agent.start();
  bench.see({ grid: 5_000, battery1: 0 }, { 'battery1.socPct': 60 });
  await bench.clock.advance(5_000);
  const [step] = last(bench).plan;
  expect(step?.why).toBe('the battery follows the meter, nothing is known of the load yet');
  expect(step?.terminals[0]).toMatchObject({ terminal: 'battery1', follow: 'self' });
});
