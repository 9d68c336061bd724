import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BrokerOptions, IotBroker } from '../../../simulators/iot-core/broker.ts';
import { DOCUMENTED, limitsOf } from '../../../simulators/iot-core/limits.ts';
import type { Grant } from '../../../simulators/iot-core/rights.ts';

const grants: Grant[] = [
  { clientId: 'a', password: 'pa', publish: ['t/#', '$aws/#'], subscribe: ['t/#'] },
  {
    clientId: 'watch',
    password: 'pwatch',
    publish: [],
    subscribe: ['t/#', '$aws/events/presence/#', '$aws/rules/#'],
  },
];

describe('what IoT Core reserves and limits, with the mqtt package as its client', () => {
  let broker: IotBroker;
  let url: string;
  const clients: MqttClient[] = [];

  async function start(options: Partial<BrokerOptions> = {}): Promise<void> {
    broker = new IotBroker({ port: 0, grants, ...options });
    url = `mqtt://127.0.0.1:${await broker.start()}`;
  }

  async function online(id: string): Promise<MqttClient> {
    const options = { protocolVersion: 5, clientId: id, username: id, password: `p${id}` } as const;
    const made = await mqtt.connectAsync(url, { ...options, reconnectPeriod: 0 });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
    await broker.stop();
  });

  it('tells who comes and who goes, with a version for each client', async () => {
    await start();
    const watch = await online('watch');
    await watch.subscribeAsync(['$aws/events/presence/+/a'], { qos: 1 });
    const events: { eventType: string; versionNumber: number; why?: string }[] = [];
    watch.on('message', (_topic, payload) => {
      const { eventType, versionNumber, disconnectReason: why } = JSON.parse(payload.toString());
      events.push({ eventType, versionNumber, ...(why && { why }) });
    });
    const first = await online('a');
    await first.endAsync();
    await vi.waitUntil(() => events.length === 2);
    const second = await online('a');
    second.stream.destroy();
    await vi.waitUntil(() => events.length === 4);
    expect(events).toEqual([
      { eventType: 'connected', versionNumber: 0 },
      { eventType: 'disconnected', versionNumber: 0, why: 'CLIENT_INITIATED_DISCONNECT' },
      { eventType: 'connected', versionNumber: 1 },
      { eventType: 'disconnected', versionNumber: 1, why: 'CONNECTION_LOST' },
    ]);
  });

  it('hands basic ingest to its rule; nobody can subscribe to it', async () => {
    const stored: string[] = [];
    const rules = {
      store: ({ topic, payload }: { topic: string; payload: Uint8Array }) =>
        void stored.push(`${topic} ${Buffer.from(payload)}`),
    };
    await start({ rules });
    const a = await online('a');
    const deep = 'ew/v1/demo/gw/telemetry/b/c/d'; // 8 levels of its own: the prefix is not counted
    await a.publishAsync(`$aws/rules/store/${deep}`, 'x', { qos: 1 });
    await a.publishAsync('$aws/rules/unknown/t', 'y', { qos: 1 }); // taken, and gone
    expect(stored).toEqual([`${deep} x`]);
    const watch = await online('watch');
    await expect(watch.subscribeAsync('$aws/rules/store/#', { qos: 1 })).rejects.toThrow();
  });

  it('refuses a reserved topic where nobody listens', async () => {
    await start();
    const a = await online('a');
    await expect(a.publishAsync('$aws/things/a/shadow/nonsense', '{}', { qos: 1 })).rejects.toThrow(
      /135|authorized/i,
    );
  });

  it('takes 8 filters a SUBSCRIBE and 50 a connection, unless that is switched off', async () => {
    await start();
    const filters = (from: number, count: number): string[] =>
      Array.from({ length: count }, (_none, at) => `t/${from + at}`);
    const a = await online('a');
    await expect(a.subscribeAsync(filters(0, 9), { qos: 1 })).rejects.toThrow();
    for (let from = 0; from < 48; from += 8) await a.subscribeAsync(filters(from, 8), { qos: 1 });
    await a.subscribeAsync(filters(48, 2), { qos: 1 });
    await expect(a.subscribeAsync(filters(50, 1), { qos: 1 })).rejects.toThrow();
    await broker.stop();
    await start({ limits: limitsOf('off') });
    const b = await online('a');
    const all = await b.subscribeAsync(filters(0, 60), { qos: 1 });
    expect(all).toHaveLength(60);
  });

  it('has at most so many messages unacknowledged on their way to a client', async () => {
    await start({ limits: { ...DOCUMENTED, unacked: 2 } });
    const watch = await online('watch');
    const seen: string[] = [];
    const held: (() => void)[] = [];
    watch.handleMessage = (packet, done) => {
      if ('payload' in packet) seen.push(packet.payload.toString());
      held.push(() => done());
    };
    await watch.subscribeAsync('t/x', { qos: 1 });
    const a = await online('a');
    for (const text of ['1', '2', '3', '4']) await a.publishAsync('t/x', text, { qos: 1 });
    // mqtt hands one message at a time; each acknowledgement lets the next one in
    for (let count = 1; count <= 4; count++) {
      await vi.waitUntil(() => held.length === count);
      held[count - 1]?.();
    }
    expect(seen).toEqual(['1', '2', '3', '4']);
  });
});
