import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAwsIotBroker } from '../../../gateway/adapters/aws-iot.ts';
import { createMqttBroker } from '../../../gateway/adapters/mqtt.ts';
import { PAYLOAD_BYTES_MAX } from '../../../gateway/adapters/publishes.ts';
import { Refused } from '../../../gateway/contracts/values/refused.ts';
import type { Broker, BrokerMessage } from '../../../gateway/ports.ts';
import type { Identity } from '../../../simulators/iot-core/authority.ts';
import { DOCUMENTED } from '../../../simulators/iot-core/limits.ts';
import { type BrokerHost, EmulatorHost, MosquittoHost, mosquittoHere } from './brokers.ts';

if (!mosquittoHere) console.warn('mosquitto is not installed: the suite runs on the emulator only');

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

type Make = (host: BrokerHost, clientId: string, identity: Identity, will?: Will) => Broker;

const times = { minReconnectMs: 20, maxReconnectMs: 100, ackTimeoutMs: 1_000 };
const LONG = { timeout: 10_000, interval: 20 };

const IMPLEMENTATIONS: Record<string, Make> = {
  mqtt: (host, clientId, identity, will) =>
    createMqttBroker({
      url: `mqtts://127.0.0.1:${host.port}`,
      clientId,
      ca: host.ca,
      ...identity,
      ...(will && { will }),
      ...times,
    }),
  'aws-iot': (host, clientId, identity, will) =>
    createAwsIotBroker({
      host: '127.0.0.1',
      port: host.port,
      clientId,
      ca: host.ca,
      ...identity,
      ...(will && { will }),
      ...times,
    }),
};

/** Clients of one host, stopped after each test. */
function clients(make: Make, host: () => BrokerHost) {
  const opened: Broker[] = [];
  return {
    async client(id: string, will?: Will): Promise<Broker> {
      const made = make(host(), id, await host().identity(id), will);
      opened.push(made);
      return made;
    },
    stop: () => Promise.all(opened.splice(0).map((one) => one.stop())),
  };
}

type Client = (id: string, will?: Will) => Promise<Broker>;

function contract(make: Make, create: () => Promise<BrokerHost>): void {
  let host: BrokerHost;
  const { client, stop } = clients(make, () => host);

  beforeAll(async () => {
    host = await create();
    await host.up();
  });
  afterEach(stop);
  afterAll(() => host.close());
  delivery(client);
  absence(client, () => host);
}

function delivery(client: Client): void {
  it('delivers what is published, with all its properties', async () => {
    const [a, b] = [await client('a'), await client('b')];
    const seen: BrokerMessage[] = [];
    b.onMessage = (message) => seen.push(message);
    b.subscribe(['ew/v1/demo/b/a2a-request']);
    a.start();
    b.start();
    await vi.waitUntil(() => a.connected && b.connected, LONG);
    await vi.waitUntil(async () => {
      await a.publish('ew/v1/demo/b/a2a-request', bytes('hello'), {
        responseTopic: 'ew/v1/demo/a/a2a-response',
        correlation: bytes('m1'),
        properties: { 'a2a-version': '1.0' },
      });
      return seen.length > 0;
    }, LONG);
    expect(seen[0]?.topic).toBe('ew/v1/demo/b/a2a-request');
    expect(text(seen[0]?.payload ?? bytes(''))).toBe('hello');
    expect(seen[0]?.responseTopic).toBe('ew/v1/demo/a/a2a-response');
    expect(text(seen[0]?.correlation ?? bytes(''))).toBe('m1');
    expect(seen[0]?.properties).toEqual({ 'a2a-version': '1.0' });
  });

  it('refuses what is too large, and anything while offline', async () => {
    const a = await client('a');
    await expect(a.publish('ew/x', bytes('x'))).rejects.toThrow(/offline/);
    a.start();
    await vi.waitUntil(() => a.connected, LONG);
    const large = new Uint8Array(PAYLOAD_BYTES_MAX + 1);
    await expect(a.publish('ew/x', large)).rejects.toThrow(/131073 bytes/);
    await expect(a.publish('ew/x', large)).rejects.toBeInstanceOf(Refused);
    expect(a.connected).toBe(true);
  });

  it('subscribes more filters than one SUBSCRIBE may carry', async () => {
    const a = await client('a');
    const seen = new Set<string>();
    a.onMessage = ({ topic }) => seen.add(topic);
    const topics = Array.from({ length: 20 }, (_none, at) => `ew/many/${at}`);
    a.subscribe(topics);
    a.start();
    await vi.waitUntil(() => a.connected, LONG);
    await vi.waitUntil(async () => {
      for (const topic of topics) if (!seen.has(topic)) await a.publish(topic, bytes('.'));
      return seen.size === topics.length;
    }, LONG);
  });
}

function absence(client: Client, host: () => BrokerHost): void {
  it('reconnects and subscribes again after the broker was away', async () => {
    const [a, b] = [await client('a'), await client('b')];
    const seen: string[] = [];
    const states: string[] = [];
    b.onMessage = (message) => seen.push(text(message.payload));
    b.onState = (state) => states.push(state);
    b.subscribe(['ew/again']);
    a.start();
    b.start();
    await vi.waitUntil(() => a.connected && b.connected, LONG);
    await host().down();
    await vi.waitUntil(() => !a.connected && !b.connected, LONG);
    await expect(a.publish('ew/again', bytes('lost'))).rejects.toThrow(/offline/);
    await host().up();
    await vi.waitUntil(() => a.connected && b.connected, LONG);
    await vi.waitUntil(async () => {
      await a.publish('ew/again', bytes('back'));
      return seen.length > 0;
    }, LONG);
    expect(seen).not.toContain('lost');
    expect(states).toEqual(['connected', 'offline', 'connected']);
  });

  it('leaves its will when the connection dies, and none on a stop', async () => {
    const watcher = await client('watcher');
    const seen: string[] = [];
    watcher.onMessage = (message) => seen.push(text(message.payload));
    watcher.subscribe(['ew/+/status']);
    watcher.start();
    const will = { topic: 'ew/a/status', payload: bytes('gone'), retain: false };
    const quiet = { ...will, topic: 'ew/polite/status', payload: bytes('polite') };
    const polite = await client('polite', quiet);
    const first = await client('same', will);
    polite.start();
    first.start();
    await vi.waitUntil(() => watcher.connected && polite.connected && first.connected, LONG);
    await polite.stop();
    const second = await client('same'); // takes the client id over: the first one's will is due
    second.start();
    await vi.waitUntil(() => seen.includes('gone'), LONG);
    expect(seen).not.toContain('polite');
  });
}

for (const [name, make] of Object.entries(IMPLEMENTATIONS)) {
  describe(`broker port: ${name} on the IoT Core emulator, mutual TLS`, () => {
    contract(make, () => EmulatorHost.create());
  });
  describe.skipIf(!mosquittoHere)(`broker port: ${name} on mosquitto, mutual TLS`, () => {
    contract(make, () => MosquittoHost.create());
  });

  describe(`broker port: ${name} where IoT Core says no`, () => {
    let host: EmulatorHost;
    const { client, stop } = clients(make, () => host);

    async function online(options: Parameters<typeof EmulatorHost.create>[0]): Promise<Broker> {
      host = await EmulatorHost.create(options);
      await host.up();
      const a = await client('a');
      a.start();
      await vi.waitUntil(() => a.connected, LONG);
      return a;
    }

    afterEach(async () => {
      await stop();
      await host.close();
    });

    it('rejects a publish whose PUBACK refuses it, and stays connected', async () => {
      const a = await online({});
      await expect(a.publish('ew/secret', bytes('x'))).rejects.toThrow(/135|authorized/i);
      await expect(a.publish('ew/secret', bytes('x'))).rejects.toBeInstanceOf(Refused);
      await a.publish('ew/open', bytes('x'));
      expect(a.connected).toBe(true);
    });

    it('makes the connection anew when a publish is discarded without an answer', async () => {
      const a = await online({ limits: { ...DOCUMENTED, publishesPerS: 1 } });
      const states: string[] = [];
      a.onState = (state) => states.push(state);
      const both = await Promise.allSettled([
        a.publish('ew/x', bytes('1')),
        a.publish('ew/x', bytes('2')),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(String((both[1] as PromiseRejectedResult).reason)).toMatch(/no PUBACK/);
      await vi.waitUntil(() => a.connected, LONG);
      await a.publish('ew/x', bytes('after'));
      expect(states).toEqual(['offline', 'connected']);
    });

    it('does not send for a fourth time what has ended three connections', async () => {
      const a = await online({ strict: true });
      for (let strike = 0; strike < 3; strike++) {
        await vi.waitUntil(() => a.connected, LONG);
        await expect(a.publish('ew/secret', bytes('bad'))).rejects.toThrow(/offline|DISCONN/i);
      }
      await vi.waitUntil(() => a.connected, LONG);
      await expect(a.publish('ew/secret', bytes('bad'))).rejects.toThrow(/poison/);
      await expect(a.publish('ew/secret', bytes('bad'))).rejects.toBeInstanceOf(Refused);
      await a.publish('ew/open', bytes('good'));
      expect(a.connected).toBe(true);
    });
  });
}
