import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMqttBroker } from '../../../gateway/adapters/mqtt.ts';
import type { Broker } from '../../../gateway/ports.ts';
import { Authority } from '../../../simulators/iot-core/authority.ts';
import { resource } from '../../../simulators/iot-core/policy.ts';
import type { BrokerFile } from '../../../simulators/iot-core/run.ts';

const MAIN = new URL('../../../simulators/main.ts', import.meta.url).pathname;
const TOKEN = 'a-token-of-this-test-alone';
const LONG = { timeout: 20_000, interval: 20 };

describe('edgewatt-sim iot-core as a process', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  let said = '';
  const clients: Broker[] = [];
  let identity: { cert: string; key: string };
  let ca = '';

  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iot-core-'));
    const authority = await Authority.create('test authority');
    ca = authority.caPem;
    const server = await authority.server(['127.0.0.1']);
    identity = await authority.client('gw-1');
    writeFileSync(at('ca.pem'), ca);
    writeFileSync(at('server.pem'), server.cert);
    writeFileSync(at('server.key'), server.key);
    writeFileSync(at('gw.pem'), identity.cert);
    writeFileSync(at('token'), `${TOKEN}\n`);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.stop();
    await end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(more: Partial<BrokerFile> = {}): Promise<{ port: number; jobs: string }> {
    const config: BrokerFile = {
      port: 0,
      tls: { certFile: 'server.pem', keyFile: 'server.key', caFile: 'ca.pem' },
      policies: {
        all: {
          Statement: ['client', 'topic', 'topicfilter'].map((kind) => ({
            Effect: 'Allow' as const,
            Action: 'iot:*',
            Resource: resource(kind as 'client', '*'),
          })),
        },
      },
      certificates: [{ certFile: 'gw.pem', thing: 'gw-1', policy: 'all' }],
      stateFile: 'state.json',
      control: { port: 0, tokenFile: 'token' },
      ...more,
    };
    writeFileSync(at('broker.json'), JSON.stringify(config));
    said = '';
    child = spawn(process.execPath, [MAIN, 'iot-core', '--config', at('broker.json')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes) => {
        said += bytes;
      });
    }
    await vi.waitUntil(() => said.includes('listening on') || child?.exitCode !== null, LONG);
    const port = Number(/listening on \S+:(\d+)/.exec(said)?.[1]);
    return { port, jobs: `http://${/jobs on (\S+)/.exec(said)?.[1]}` };
  }

  async function end(): Promise<void> {
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** The thing's shadow, as its own connection gets it. */
  async function thing(port: number): Promise<{ broker: Broker; last: () => unknown }> {
    const broker = createMqttBroker({
      url: `mqtts://127.0.0.1:${port}`,
      clientId: 'gw-1',
      ca,
      ...identity,
      minReconnectMs: 50,
      maxReconnectMs: 200,
    });
    clients.push(broker);
    let got: unknown;
    broker.onMessage = ({ payload }) => {
      got = JSON.parse(new TextDecoder().decode(payload));
    };
    broker.subscribe(['$aws/things/gw-1/shadow/get/accepted']);
    broker.start();
    await vi.waitUntil(() => broker.connected, LONG);
    return { broker, last: () => got };
  }

  const call = async (url: string, method = 'GET', body?: object, token = TOKEN) => {
    const answer = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const order = (thing = 'gw-1') => ({
    targets: [`arn:aws:iot:eu-central-1:1:thing/${thing}`],
    document: '{"operation":"restart"}',
  });

  it('makes jobs by HTTP for who has the token, and for nobody else', async () => {
    const { jobs } = await start();
    expect((await call(`${jobs}/jobs/a`, 'PUT', order(), 'not-the-token')).status).toBe(403);
    expect((await call(`${jobs}/things/gw-1/jobs/a`)).status).toBe(404);
    expect(await call(`${jobs}/jobs/a`, 'PUT', order())).toMatchObject({ status: 200 });
    expect((await call(`${jobs}/jobs/a`, 'PUT', order())).status).toBe(409);
    expect((await call(`${jobs}/jobs/b`, 'PUT', { targets: ['gw-1'] })).status).toBe(400);
    const state = async () => (await call(`${jobs}/things/gw-1/jobs/a`)).body.execution.status;
    expect(await state()).toBe('QUEUED');
    await call(`${jobs}/jobs/a/cancel`, 'PUT');
    expect(await state()).toBe('CANCELED');
    expect((await call(`${jobs}/things`)).status).toBe(404);
  });

  it('knows certificates, shadows and jobs again after it was stopped', async () => {
    const first = await start();
    await call(`${first.jobs}/jobs/a`, 'PUT', order());
    const one = await thing(first.port);
    const desired = { state: { desired: { reservePct: 20 } } };
    const say = (broker: Broker, what: string, body: object) =>
      broker.publish(
        `$aws/things/gw-1/shadow/${what}`,
        new TextEncoder().encode(JSON.stringify(body)),
      );
    await say(one.broker, 'update', desired);
    await end();
    expect(child?.exitCode).toBe(0);
    const second = await start({ certificates: [] }); // it is in the state
    const again = await thing(second.port);
    await say(again.broker, 'get', {});
    await vi.waitUntil(() => again.last() !== undefined, LONG);
    expect(again.last()).toMatchObject(desired);
    const { body } = await call(`${second.jobs}/things/gw-1/jobs/a`);
    expect(body.execution).toMatchObject({ jobId: 'a', status: 'QUEUED' });
    await end();
    writeFileSync(at('state.json'), readFileSync(at('broker.json')));
    await start();
    expect(said).toMatch(/state.json: not a state of this emulator.*remove it to begin anew/);
    expect(child?.exitCode).toBe(2);
  });
});
