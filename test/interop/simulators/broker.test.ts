import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IotBroker } from '../../../simulators/iot-core/broker.ts';
import type { Grant } from '../../../simulators/iot-core/rights.ts';
import { matches } from '../../../simulators/iot-core/topics.ts';

const grants: Grant[] = [
  { clientId: 'a', password: 'pa', publish: ['t/a/#'], subscribe: ['t/#'] },
  { clientId: 'b', password: 'pb', publish: ['t/b/#'], subscribe: ['t/b/#', 't/a/x'] },
];

describe('the MQTT 5 broker core, with the mqtt package as its client', () => {
  let broker: IotBroker;
  let url: string;
  const clients: MqttClient[] = [];

  beforeEach(async () => {
    broker = new IotBroker({ port: 0, grants });
    url = `mqtt://127.0.0.1:${await broker.start()}`;
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
    await broker.stop();
  });

  function client(id: string, options: IClientOptions = {}): MqttClient {
    const made = mqtt.connect(url, {
      protocolVersion: 5,
      clientId: id,
      username: id,
      password: `p${id}`,
      reconnectPeriod: 0,
      ...options,
    });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  }

  async function online(id: string, options: IClientOptions = {}): Promise<MqttClient> {
    const made = client(id, options);
    await new Promise<void>((resolve, reject) => {
      made.once('connect', () => resolve());
      made.once('error', reject);
    });
    return made;
  }

  const next = (from: MqttClient): Promise<{ topic: string; text: string; correlation?: string }> =>
    new Promise((resolve) =>
      from.once('message', (topic, payload, packet) =>
        resolve({
          topic,
          text: payload.toString(),
          correlation: packet.properties?.correlationData?.toString() ?? '',
        }),
      ),
    );

  it('delivers with request and response properties', async () => {
    const [a, b] = [await online('a'), await online('b')];
    await b.subscribeAsync('t/a/x', { qos: 1 });
    const got = next(b);
    await a.publishAsync('t/a/x', 'hello', {
      qos: 1,
      properties: { responseTopic: 't/b/r', correlationData: Buffer.from('7') },
    });
    expect(await got).toEqual({ topic: 't/a/x', text: 'hello', correlation: '7' });
  });

  it('keeps a retained message for who comes later', async () => {
    const a = await online('a');
    await a.publishAsync('t/a/x', 'last', { qos: 1, retain: true });
    const b = client('b');
    const got = next(b);
    b.subscribe('t/a/x', { qos: 1 });
    expect((await got).text).toBe('last');
  });

  it('publishes the last will of a client that vanishes, not of one that leaves', async () => {
    const b = await online('b');
    await b.subscribeAsync('t/a/x', { qos: 1 });
    const will = { topic: 't/a/x', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const leaving = await online('a', { will });
    await leaving.endAsync();
    const vanishing = await online('a', { will: { ...will, payload: Buffer.from('vanished') } });
    const got = next(b);
    vanishing.stream.destroy();
    expect((await got).text).toBe('vanished');
  });

  it('refuses a wrong password, an unknown client and a foreign name', async () => {
    await expect(online('a', { password: 'pb' })).rejects.toThrow(/134|credentials|Bad User/i);
    await expect(online('c')).rejects.toThrow();
    await expect(online('a', { username: 'b', password: 'pb' })).rejects.toThrow();
    expect(broker.stats().refused).toBe(3);
  });

  it('refuses a topic that was not granted, and delivers nothing of it', async () => {
    const [a, b] = [await online('a'), await online('b')];
    await a.subscribeAsync('t/#', { qos: 1 });
    const got = next(a);
    await expect(b.publishAsync('t/a/x', 'forged', { qos: 1 })).rejects.toThrow(/135|authorized/i);
    await b.publishAsync('t/b/x', 'own', { qos: 1 });
    expect((await got).text).toBe('own');
    const [grantOfWildcard] = await b.subscribeAsync('t/+/y', { qos: 1 }).catch(() => []);
    expect(grantOfWildcard).toBeUndefined();
  });

  it('ends the older connection when the same client comes again', async () => {
    const first = await online('a');
    const ended = new Promise<number | undefined>((resolve) =>
      first.once('disconnect', (packet) => resolve(packet.reasonCode)),
    );
    await online('a');
    expect(await ended).toBe(142);
  });

  it('ends a connection that publishes more than 128 KB', async () => {
    const a = await online('a', { properties: {} });
    const ended = new Promise<number | undefined>((resolve) =>
      a.once('disconnect', (packet) => resolve(packet.reasonCode)),
    );
    a.publish('t/a/x', Buffer.alloc(131_073), { qos: 0 });
    expect(await ended).toBe(149);
  });
});

describe('topic filters', () => {
  it.each([
    ['a/+/c', 'a/b/c', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', false],
    ['#', '$aws/x', false],
    ['+/x', '$aws/x', false],
    ['a/b', 'a/b/c', false],
    ['a/b/c', 'a/b', false],
  ])('%s on %s: %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });
});
