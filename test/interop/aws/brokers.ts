import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import {
  Authority,
  certificateIdOf,
  type Identity,
  type Validity,
} from '../../../simulators/iot-core/authority.ts';
import { type BrokerOptions, IotBroker } from '../../../simulators/iot-core/broker.ts';
import { type Policy, resource, THING } from '../../../simulators/iot-core/policy.ts';
import { Registry } from '../../../simulators/iot-core/registry.ts';

/** A broker with mutual TLS that can be stopped and started again on its port. */
export interface BrokerHost {
  readonly port: number;
  readonly ca: string;
  identity(thing: string): Promise<Identity>;
  up(): Promise<void>;
  down(): Promise<void>;
  close(): Promise<void>;
}

export const MOSQUITTO = '/usr/sbin/mosquitto';
export const mosquittoHere = existsSync(MOSQUITTO);

/** Each thing may speak under `ew` and use what AWS reserves for it; nobody may say `ew/secret`. */
export const THING_POLICY: Policy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: resource('client', THING) },
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Receive', 'iot:RetainPublish'],
      Resource: [
        resource('topic', 'ew/*'),
        resource('topic', `$aws/things/${THING}/*`),
        resource('topic', '$aws/rules/store/*'),
      ],
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: [
        resource('topicfilter', 'ew/*'),
        resource('topicfilter', `$aws/things/${THING}/*`),
      ],
    },
    { Effect: 'Deny', Action: 'iot:Publish', Resource: resource('topic', 'ew/secret') },
  ],
};

export async function freePort(): Promise<number> {
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

/** The emulator, with a registry that outlives its connections. */
export class EmulatorHost implements BrokerHost {
  readonly port: number;
  readonly ca: string;
  readonly registry: Registry;
  broker: IotBroker;
  private readonly authority: Authority;
  private readonly options: BrokerOptions;

  private constructor(port: number, authority: Authority, options: BrokerOptions) {
    this.port = port;
    this.authority = authority;
    this.ca = authority.caPem;
    this.registry = options.registry ?? new Registry();
    this.options = options;
    this.broker = new IotBroker(options);
  }

  static async create(options: Partial<BrokerOptions> = {}): Promise<EmulatorHost> {
    const port = await freePort();
    const authority = await Authority.create('test authority');
    const tls = { server: await authority.server(['127.0.0.1', 'localhost']), ca: authority.caPem };
    const registry = new Registry({ thing: THING_POLICY });
    return new EmulatorHost(port, authority, { tls, authority, registry, ...options, port });
  }

  async identity(thing: string, policy = 'thing'): Promise<Identity> {
    const made = await this.authority.client(thing);
    const id = await certificateIdOf(made.cert);
    this.registry.put({ id, status: 'ACTIVE', thing, policies: [policy] });
    return made;
  }

  async up(): Promise<void> {
    await this.broker.start();
  }

  async down(): Promise<void> {
    await this.broker.stop();
    this.broker = new IotBroker(this.options);
  }

  async close(): Promise<void> {
    await this.broker.stop();
  }
}

/** Debian's mosquitto, our certificates. */
export class MosquittoHost implements BrokerHost {
  readonly port: number;
  readonly ca: string;
  private readonly folder: string;
  private readonly authority: Authority;
  private process: ChildProcess | undefined;

  private constructor(port: number, folder: string, authority: Authority) {
    this.port = port;
    this.folder = folder;
    this.authority = authority;
    this.ca = authority.caPem;
  }

  static async create(): Promise<MosquittoHost> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'edgewatt-mosquitto-'));
    const authority = await Authority.create('test authority');
    const server = await authority.server(['127.0.0.1']);
    writeFileSync(join(folder, 'ca.pem'), authority.caPem);
    writeFileSync(join(folder, 'cert.pem'), server.cert);
    writeFileSync(join(folder, 'key.pem'), server.key);
    const lines = [
      `listener ${port} 127.0.0.1`,
      `cafile ${join(folder, 'ca.pem')}`,
      `certfile ${join(folder, 'cert.pem')}`,
      `keyfile ${join(folder, 'key.pem')}`,
      'require_certificate true',
      'use_identity_as_username true',
      'user root', // started by root it would become a user who cannot read this folder
    ];
    writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
    return new MosquittoHost(port, folder, authority);
  }

  identity(thing: string, validity?: Validity): Promise<Identity> {
    return this.authority.client(thing, validity);
  }

  async up(): Promise<void> {
    const config = join(this.folder, 'mosquitto.conf');
    this.process = spawn(MOSQUITTO, ['-c', config], { stdio: 'ignore' });
    await vi.waitUntil(() => answers(this.port), { timeout: 10_000, interval: 20 });
  }

  async down(): Promise<void> {
    const running = this.process;
    if (running === undefined) return;
    this.process = undefined;
    if (running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
