import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMqttBroker } from '../../../gateway/adapters/mqtt.ts';
import { PAYLOAD_BYTES_MAX } from '../../../gateway/adapters/publishes.ts';
import type { Broker, BrokerMessage } from '../../../gateway/ports.ts';

const MOSQUITTO = '/usr/sbin/mosquitto';
const here = existsSync(MOSQUITTO);
if (!here) console.warn('mosquitto is not installed: the broker port is not tested against it');

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe.skipIf(!here)('broker port on mosquitto', () => {
  let port = 0;
  let folder = '';
  let process: ChildProcess | undefined;
  const opened: Broker[] = [];

  async function up(): Promise<void> {
    process = spawn(MOSQUITTO, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
    await vi.waitUntil(() => answers(port), { timeout: 10_000, interval: 20 });
  }

  async function down(): Promise<void> {
    if (!process) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
    process = undefined;
  }

  function broker(
    clientId: string,
    will?: { topic: string; payload: Uint8Array; retain: boolean },
  ) {
    const made = createMqttBroker({
      url: `mqtt://127.0.0.1:${port}`,
      clientId,
      ...(will && { will }),
      minReconnectMs: 20,
      maxReconnectMs: 100,
      ackTimeoutMs: 1_000,
    });
    opened.push(made);
    return made;
  }

  beforeAll(async () => {
    port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'edgewatt-mqtt-'));
    writeFileSync(
      join(folder, 'mosquitto.conf'),
      `listener ${port} 127.0.0.1\nallow_anonymous true\nmessage_size_limit 120000\n`,
    );
    await up();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.stop()));
  });

  afterAll(async () => {
    await down();
    rmSync(folder, { recursive: true, force: true });
  });

  it('delivers what is published, with all its properties', async () => {
    const a = broker('a');
    const b = broker('b');
    const seen: BrokerMessage[] = [];
    b.onMessage = (message) => seen.push(message);
    b.subscribe(['ew/v1/demo/b/a2a-request']);
    a.start();
    b.start();
    await vi.waitUntil(() => a.connected && b.connected);
    await vi.waitUntil(async () => {
      await a.publish('ew/v1/demo/b/a2a-request', bytes('hello'), {
        responseTopic: 'ew/v1/demo/a/a2a-response',
        correlation: bytes('m1'),
        properties: { 'a2a-version': '1.0' },
      });
      return seen.length > 0;
    });
    expect(seen[0]?.topic).toBe('ew/v1/demo/b/a2a-request');
    expect(text(seen[0]?.payload ?? bytes(''))).toBe('hello');
    expect(seen[0]?.responseTopic).toBe('ew/v1/demo/a/a2a-response');
    expect(text(seen[0]?.correlation ?? bytes(''))).toBe('m1');
    expect(seen[0]?.properties).toEqual({ 'a2a-version': '1.0' });
  });

  it('refuses what is too large, and anything while offline', async () => {
    const a = broker('a');
    await expect(a.publish('ew/x', bytes('x'))).rejects.toThrow(/offline/);
    a.start();
    await vi.waitUntil(() => a.connected);
    await expect(a.publish('ew/x', new Uint8Array(PAYLOAD_BYTES_MAX + 1))).rejects.toThrow(
      /131073 bytes/,
    );
    expect(a.connected).toBe(true);
  });

  it('makes the connection anew when the broker leaves a publish without an answer', async () => {
    const a = broker('a');
    a.start();
    await vi.waitUntil(() => a.connected);
    await expect(a.publish('ew/x', new Uint8Array(125_000))).rejects.toThrow(/no PUBACK/);
    await vi.waitUntil(() => a.connected);
    await a.publish('ew/x', bytes('after'));
  });

  it('reconnects and subscribes again after the broker was away', async () => {
    const a = broker('a');
    const b = broker('b');
    const seen: string[] = [];
    const states: string[] = [];
    b.onMessage = (message) => seen.push(text(message.payload));
    b.onState = (state) => states.push(state);
    b.subscribe(['ew/again']);
    a.start();
    b.start();
    await vi.waitUntil(() => a.connected && b.connected);
    await down();
    await vi.waitUntil(() => !a.connected && !b.connected);
    await expect(a.publish('ew/again', bytes('lost'))).rejects.toThrow(/offline/);
    await up();
    await vi.waitUntil(() => a.connected && b.connected, { timeout: 5_000 });
    await vi.waitUntil(
      async () => {
        await a.publish('ew/again', bytes('back'));
        return seen.length > 0;
      },
      { timeout: 5_000 },
    );
    expect(seen).not.toContain('lost');
    expect(states[0]).toBe('connected');
    expect(states.filter((state) => state === 'connected')).toHaveLength(2);
  });

  it('leaves its will when the connection dies, and none on a stop', async () => {
    const watcher = broker('watcher');
    const seen: string[] = [];
    watcher.onMessage = (message) => seen.push(text(message.payload));
    watcher.subscribe(['ew/+/status']);
    watcher.start();
    const will = { topic: 'ew/a/status', payload: bytes('gone'), retain: false };
    const polite = broker('polite', {
      ...will,
      topic: 'ew/polite/status',
      payload: bytes('polite'),
    });
    const first = broker('same', will);
    polite.start();
    first.start();
    await vi.waitUntil(() => watcher.connected && polite.connected && first.connected);
    await polite.stop();
    const second = broker('same'); // takes the client id over: the first one's will is due
    second.start();
    await vi.waitUntil(() => seen.includes('gone'), { timeout: 5_000 });
    expect(seen).not.toContain('polite');
  });
});
