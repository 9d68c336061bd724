import type { LookupFunction, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { examineWay } from '../../../gateway/adapters/broker-check.ts';
import { createMqttBroker } from '../../../gateway/adapters/mqtt.ts';
import { certificateIdOf } from '../../../simulators/iot-core/authority.ts';
import {
  Authorities,
  alarmOf,
  EXPIRED,
  FACES,
  ID,
  NOT_YET,
  TIMES,
} from '../../fixtures/link/certificates.ts';
import { MosquittoHost, mosquittoHere } from '../aws/brokers.ts';

const LONG = { timeout: 20_000, interval: 10 };
const loopback = (port: number) => ({ host: '127.0.0.1', port, isTls: true, listenMs: 100 });
let all: Authorities;

beforeAll(async () => {
  all = await Authorities.create();
});
afterEach(() => all.end());

describe('no session with a broker', () => {
  it.each([
    ['of a foreign authority', () => all.foreign.server(['127.0.0.1']), 'BROKER_FOREIGN'],
    ['of another name', () => all.ours.server(['broker.example.org']), 'BROKER_FOREIGN'],
    ['that has expired', () => all.ours.server(['127.0.0.1'], EXPIRED), 'BROKER_CERTIFICATE'],
    ['that is not valid yet', () => all.ours.server(['127.0.0.1'], NOT_YET), 'BROKER_CERTIFICATE'],
    // The SDK's TLS takes half a minute to tell: test/soak/link.
  ])('whose certificate is one %s; the alarm says so', async (_how, made, alarm) => {
    const { broker, port } = await all.broker(await made());
    const given = { port, ca: all.ours.caPem, identity: all.mine };
    expect(await all.tried(FACES.mqtt(given))).toBe(false);
    expect(broker.stats().connections).toBe(0);
    expect(alarmOf(await examineWay({ ...loopback(port), ca: all.ours.caPem }))).toBe(alarm);
  });

  it('that is a page of somebody on the way', async () => {
    const open: Socket[] = [];
    const portal = createServer((socket) => {
      open.push(socket);
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n');
    });
    const port = await new Promise<number>((resolve) => {
      portal.listen(0, '127.0.0.1', () => resolve((portal.address() as { port: number }).port));
    });
    all.ends.push(() => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => portal.close(resolve));
    });
    const given = { port, ca: all.ours.caPem, identity: all.mine };
    expect(await all.tried(FACES.mqtt(given))).toBe(false);
    const way = { ...loopback(port), ca: all.ours.caPem };
    expect(alarmOf(await examineWay(way))).toBe('BROKER_FOREIGN');
  });
});

describe.each(Object.entries(FACES))('no session of %s', (_name, face) => {
  it.each([
    ['of a foreign authority', () => all.foreign.client(ID)],
    ['that has expired', () => all.ours.client(ID, EXPIRED)],
    ['that is not valid yet', () => all.ours.client(ID, NOT_YET)],
  ])('by a certificate of its own %s; the alarm says so', async (_how, made) => {
    const { broker, port } = await all.broker(await all.ours.server(['127.0.0.1']));
    const identity = await made();
    expect(await all.tried(face({ port, ca: all.ours.caPem, identity }))).toBe(false);
    expect(broker.stats().connections).toBe(0);
    const way = { ...loopback(port), ca: all.ours.caPem, ...identity };
    expect(alarmOf(await examineWay(way))).toBe('OWN_CERTIFICATE');
  });

  it.each([
    ['nobody registered', () => all.ours.client(ID), ID],
    ['is of another gateway', () => Promise.resolve(all.mine), 'gw-other'],
  ])('by a certificate that %s, though its authority signed it', async (_how, made, thing) => {
    const { broker, port } = await all.broker(await all.ours.server(['127.0.0.1']));
    const id = await certificateIdOf(all.mine.cert);
    broker.registry.put({ id, status: 'ACTIVE', thing, policies: ['thing'] });
    const identity = await made();
    expect(await all.tried(face({ port, ca: all.ours.caPem, identity }))).toBe(false);
    expect(broker.stats().connections).toBe(0);
    // The way is free, so that BROKER_REFUSES is told.
    const way = { ...loopback(port), ca: all.ours.caPem, ...identity };
    expect(await examineWay(way)).toBeUndefined();
  });
});

describe.skipIf(!mosquittoHere)('mosquitto', () => {
  let host: MosquittoHost;
  beforeAll(async () => {
    host = await MosquittoHost.create();
    await host.up();
  });
  afterAll(() => host.close());

  it.each([
    ['has expired', EXPIRED],
    ['is not valid yet', NOT_YET],
  ])('lets nobody in whose certificate %s, and the alarm says so', async (_how, validity) => {
    const identity = await host.identity(ID, validity);
    const { port, ca } = host;
    for (const face of Object.values(FACES)) {
      expect(await all.tried(face({ port, ca, identity }))).toBe(false);
    }
    expect(alarmOf(await examineWay({ ...loopback(port), ca, ...identity }))).toBe(
      'OWN_CERTIFICATE',
    );
    const good = await host.identity(ID);
    expect(await examineWay({ ...loopback(port), ca, ...good })).toBeUndefined();
  });
});

it('a name server that is away or lies costs the session and nothing else', async () => {
  const NAME = 'broker.test';
  const { broker, port } = await all.broker(await all.ours.server([NAME]));
  const liar = await all.broker(await all.foreign.server([NAME]), '127.0.0.2', port);
  let says: string | undefined;
  let asked = 0;
  const resolve: LookupFunction = (name, options, tell) => {
    asked += 1;
    const gone = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
    if (says === undefined) tell(gone, '', 0);
    else if (options.all === true) tell(null, [{ address: says, family: 4 }], 4);
    else tell(null, says, 4);
  };
  const own = { clientId: ID, ca: all.ours.caPem, ...all.mine };
  const made = createMqttBroker({ url: `mqtts://${NAME}:${port}`, ...own, ...TIMES, resolve });
  all.ends.push(() => made.stop());
  let offline = '';
  made.onState = (state, why) => {
    offline = state === 'offline' ? why : '';
  };
  made.start();
  await vi.waitUntil(() => asked >= 3, LONG);
  expect(offline).toContain('ENOTFOUND');
  says = '127.0.0.2';
  const before = asked;
  await vi.waitUntil(() => asked >= before + 3, LONG);
  expect(made.connected).toBe(false);
  expect(liar.broker.stats().connections).toBe(0);
  says = '127.0.0.1';
  await vi.waitUntil(() => made.connected, LONG);
  expect(broker.stats().connections).toBe(1);
  // Away again: the address that was proven by its certificate is taken, the lie is not.
  says = undefined;
  await broker.stop();
  await vi.waitUntil(() => !made.connected, LONG);
  await all.broker(await all.ours.server([NAME]), '127.0.0.1', port);
  await vi.waitUntil(() => made.connected, LONG);
});
