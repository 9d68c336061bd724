import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { createMqttBroker } from '../../../../../gateway/adapters/mqtt.ts';
import { openStore } from '../../../../../gateway/adapters/sqlite/store.ts';
import { telemetryAck, telemetryBatch } from '../../../../../gateway/contracts/messages.ts';
import type { TelemetryRecord } from '../../../../../gateway/contracts/values/record.ts';
import { Pump } from '../../../../../gateway/link/outbox/pump.ts';
import { Pacer } from '../../../../../gateway/link/pacer.ts';
import { encodeJson } from '../../../../../gateway/link/status/status.ts';
import { Intake } from '../../../../../gateway/link/telemetry/intake.ts';
import type { Log } from '../../../../../gateway/ports.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
const here = existsSync(MOSQUITTO);
if (!here) console.warn('mosquitto is not installed: the outbox is not tested against it');

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const read = (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload));

/** A gateway's outbox on real disk and a real connection. */
async function gateway(path: string, port: number) {
  const clock = createClock();
  const store = await openStore(path, { groupMs: 50 });
  const broker = createMqttBroker(
    { url: `mqtt://127.0.0.1:${port}`, clientId: 'gw', minReconnectMs: 20, maxReconnectMs: 100 },
    clock,
  );
  const pacer = new Pacer(broker, clock);
  const pump = new Pump({ store, pacer, clock, log: quiet, topic: 'up', ackTimeoutMs: 2_000 });
  const intake = new Intake(store, clock, quiet, () => pump.kick());
  broker.onState = (state) => pump.online(state === 'connected');
  broker.onMessage = ({ payload }) => void pump.acknowledged(telemetryAck.parse(read(payload)));
  broker.subscribe(['down']);
  broker.start();
  const stop = async (): Promise<void> => {
    await intake.settled();
    pump.online(false);
    await broker.stop();
    await store.close();
  };
  return { store, broker, pump, intake, stop };
}

describe.skipIf(!here)('outbox and a broker that goes away', () => {
  let folder = '';
  let port = 0;
  let broker: ChildProcess | undefined;

  async function up(): Promise<void> {
    broker = spawn(MOSQUITTO, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
    const answers = (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = dial(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      });
    await vi.waitUntil(answers, { timeout: 10_000, interval: 20 });
  }

  async function down(): Promise<void> {
    if (!broker) return;
    const ended = once(broker, 'exit');
    broker.kill('SIGKILL');
    await ended;
  }

  beforeAll(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address ? address.port : 0;
    server.close();
    await once(server, 'close');
    folder = mkdtempSync(join(tmpdir(), 'edgewatt-outbox-'));
    const config = `listener ${port} 127.0.0.1\nallow_anonymous true\n`;
    writeFileSync(join(folder, 'mosquitto.conf'), config);
    await up();
  });
  afterAll(async () => {
    await down();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses nothing and counts nothing twice, over two outages and a restart', async () => {
    const stored = new Map<string, number>(); // effects by key
    const cloud = createMqttBroker({
      url: `mqtt://127.0.0.1:${port}`,
      clientId: 'cloud',
      minReconnectMs: 20,
      maxReconnectMs: 100,
    });
    cloud.subscribe(['up']);
    cloud.onMessage = ({ payload }) => {
      const { records } = telemetryBatch.parse(read(payload));
      for (const { epoch, seq } of records) {
        const key = `${epoch}/${seq}`;
        if (!stored.has(key)) stored.set(key, 1);
      }
      const acks = records.map(({ epoch, seq }) => ({ epoch, fromSeq: seq, toSeq: seq }));
      cloud.publish('down', encodeJson({ v: 1, stored: acks })).catch(() => undefined);
    };
    cloud.start();
    let produced = 0;
    const make = (count: number): TelemetryRecord[] =>
      Array.from({ length: count }, () => {
        produced += 1;
        const text = 'x'.repeat(300);
        return { epoch: 1, seq: produced, kind: 'event', atMs: 1, code: 'X', mode: 'rules', text };
      });
    const path = join(folder, 'agent.db');

    const first = await gateway(path, port);
    await vi.waitUntil(() => first.broker.connected && cloud.connected, { timeout: 5_000 });
    first.intake.take(make(500));
    await vi.waitUntil(() => stored.size > 0, { timeout: 10_000 });
    await down();
    first.intake.take(make(1_000));
    await vi.waitUntil(() => !first.broker.connected, { timeout: 5_000 });
    await up();
    await vi.waitUntil(() => stored.size > 700, { timeout: 20_000 });
    await down();
    first.intake.take(make(400));
    await first.stop();

    await up();
    const second = await gateway(path, port);
    second.intake.take(make(100));
    await vi.waitUntil(async () => stored.size === produced, { timeout: 30_000, interval: 50 });
    await vi.waitUntil(async () => (await second.store.outbox()).rows === 0, { timeout: 10_000 });
    expect(produced).toBe(2_000);
    expect((await second.store.outbox()).droppedRows).toBe(0);
    await second.stop();
    await cloud.stop();
  });
});
