import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { openFileLake } from '../../../cloud/adapters/files.ts';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { createLedger } from '../../../cloud/market/ledger.ts';
import { newOrigin } from '../../../gateway/adapters/clock.ts';
import { createMqttBroker } from '../../../gateway/adapters/mqtt.ts';
import { createMemoryBroker } from '../../../simulators/broker-memory.ts';
import { CONFIG, Gateway, keys, QUARTER, T0 } from '../../world/cloud/fixture.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
const here = existsSync(MOSQUITTO);
if (!here) console.warn('mosquitto is not installed: edgewatt-cloud run is not tested against it');
const MAIN = new URL('../../../cloud/main.ts', import.meta.url).pathname;

/** A quarter-hour is 4.7 s. */
const SPEED = 192;
const ORDERS_MS = 800_000; // before a delivery: 4.2 s of real time for its orders

let folder = '';
let port = 0;
const children: ChildProcess[] = [];
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloud-run-'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as { port: number }).port;
  server.close();
  await once(server, 'close');
  writeFileSync(join(folder, 'grid.key'), keys.privateKey);
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`,
  );
  const config = {
    ...CONFIG,
    brokerUrl: `mqtt://127.0.0.1:${port}`,
    database: 'cloud.db',
    tables: 'sqlite:copies.db',
    lake: 'files:lake',
  };
  writeFileSync(join(folder, 'cloud.yaml'), stringify(config));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, said, ended };
}

function gateway(id: string): Gateway {
  const broker = createMqttBroker({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: id,
    minReconnectMs: 50,
    maxReconnectMs: 200,
  });
  const made = new Gateway(id, { ...createMemoryBroker(), client: () => broker });
  closers.push(() => broker.stop());
  return made;
}

const wait = (condition: () => boolean) =>
  vi.waitUntil(condition, { timeout: 40_000, interval: 20 });

describe.skipIf(!here)('edgewatt-cloud run', () => {
  it('waits for a broker, trades at 192 times the speed, ends with 0, continues', async () => {
    const origin = newOrigin(SPEED, T0);
    const text = `${origin.realMs},${origin.wallMs},${origin.speed}`;
    const nowMs = () => T0 + (Number(process.hrtime.bigint()) / 1e6 - origin.realMs) * SPEED;
    const args = ['run', '--config', join(folder, 'cloud.yaml'), '--clock-origin', text, '--json'];
    const first = start(...args);
    await wait(() => first.said.err.includes('broker offline'));
    children.push(spawn(MOSQUITTO, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' }));
    const [sun, works] = [gateway('gw-sun'), gateway('gw-works')];
    await wait(() => sun.directives().length > 0 && works.broker.connected);
    await wait(() => first.said.err.includes('broker connected'));

    const fromMs = (Math.floor((nowMs() + ORDERS_MS) / QUARTER) + 1) * QUARTER;
    await sun.orders({ id: 's1', fromMs, side: 'sell', energyWh: 4_000, priceMicroPerKwh: 90_000 });
    await works.orders({
      id: 'b1',
      fromMs,
      side: 'buy',
      energyWh: 4_000,
      priceMicroPerKwh: 110_000,
    });
    await wait(() => sun.notices().length > 0 && works.notices().length > 0);
    expect(works.notices()[0]?.message.parts[0]).toMatchObject({
      data: {
        interval: { fromMs },
        awards: [{ orderId: 'b1', energyWh: 4_000, priceMicroPerKwh: 100_000 }],
      },
    });
    await wait(() => nowMs() > fromMs + QUARTER);
    await Promise.all([sun.energy(1, fromMs, 0, 4_000), works.energy(1, fromMs, 5_000, 0)]);
    await wait(() => works.statement() !== undefined && sun.statement() !== undefined);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const status = JSON.parse(first.said.out);
    expect(status).toMatchObject({ recordsStored: 2, ledgerSumNano: '0', volumeWh: 4_000 });

    const second = start(...args);
    await sun.energy(1, fromMs, 0, 4_000);
    const acks = sun.all(sun.topics.telemetryAck).length;
    await wait(() => second.said.err.includes('broker connected'));
    await wait(() => {
      void sun.energy(1, fromMs, 0, 4_000);
      return sun.all(sun.topics.telemetryAck).length > acks;
    });
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    const store = openStore(join(folder, 'cloud.db'));
    expect(store.recordCount()).toBe(2);
    const ledger = createLedger(store.journal());
    const settlements = store.rows('trade_data', 'settlement');
    store.close();
    const copies = openStore(join(folder, 'copies.db'));
    expect(copies.recordCount()).toBe(2);
    expect(copies.rows('trade_data', 'settlement')).toEqual(settlements);
    copies.close();
    const lake = openFileLake(join(folder, 'lake'));
    const day = new Date(fromMs).toISOString().slice(0, 10);
    expect(await lake.read('demo', 'telemetry', day)).toHaveLength(2);
    expect(await lake.read('demo', 'ledger', day)).toHaveLength(status.entries);
    expect([ledger.sumNano(), ledger.length]).toEqual([0n, status.entries]);
    expect(ledger.balanceNano('participant:works')).toBe(-4_000n * 110_000n - 1_000n * 300_000n);

    const replay = start('market', 'replay', join(folder, 'cloud.db'), '--json');
    expect(await replay.ended).toBe(0);
    expect(JSON.parse(replay.said.out)).toMatchObject({ entries: status.entries, sumNano: '0' });
  });
});

describe('edgewatt-cloud run, bad input', () => {
  it.each([
    [
      'a file that is not there',
      ['--config', 'none.yaml'],
      /none.yaml: cannot be read \(ENOENT\); name an existing/,
    ],
    [
      'a clock that is none',
      ['--config', 'CONFIG', '--clock-origin', '1,2'],
      /--clock-origin: '1,2' is no origin; give three/,
    ],
    ['no configuration', [], /required option '--config <file>'/],
  ])('%s: one line and exit code 2', async (_, args, line) => {
    const one = start(
      'run',
      ...args.map((arg) => arg.replace('CONFIG', join(folder, 'cloud.yaml'))),
    );
    expect(await one.ended).toBe(2);
    expect(one.said.err).toMatch(line);
    expect(one.said.err.trim().split('\n')).toHaveLength(1);
  });

  it('a corrupt database, and a key that is none', async () => {
    const config = { ...CONFIG, database: 'bad.db' };
    writeFileSync(
      join(folder, 'bad.db'),
      'not a database, just text that is long enough to be looked at closely',
    );
    writeFileSync(join(folder, 'bad.yaml'), stringify(config));
    const corrupt = start('run', '--config', join(folder, 'bad.yaml'));
    expect(await corrupt.ended).toBe(2);
    expect(corrupt.said.err).toMatch(/bad.db: the database is damaged; restore a copy/);
    writeFileSync(join(folder, 'bad.key'), 'nonsense');
    writeFileSync(
      join(folder, 'bad.yaml'),
      stringify({ ...CONFIG, signing: { keyId: 'k', keyFile: 'bad.key' } }),
    );
    const key = start('run', '--config', join(folder, 'bad.yaml'));
    expect(await key.ended).toBe(2);
    expect(key.said.err).toMatch(/bad.key: not an ed25519 private key/);
  });
});
