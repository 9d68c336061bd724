import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { profileById } from '../../../devices/catalogue.ts';
import { createAwsIotBroker } from '../../../gateway/adapters/aws-iot.ts';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { openStore } from '../../../gateway/adapters/sqlite/store.ts';
import { provision } from '../../../gateway/cli/provision.ts';
import { parseSite } from '../../../gateway/config/load.ts';
import type { OperatorSettings } from '../../../gateway/contracts/settings.ts';
import type { Site } from '../../../gateway/contracts/values/site.ts';
import type { Operations } from '../../../gateway/link/jobs/jobs.ts';
import { Uplink } from '../../../gateway/link/uplink.ts';
import type { AgentStore, Broker, Log } from '../../../gateway/ports.ts';
import type { Identity } from '../../../simulators/iot-core/authority.ts';
import { resource } from '../../../simulators/iot-core/policy.ts';
import { Registry } from '../../../simulators/iot-core/registry.ts';
import { EmulatorHost, THING_POLICY } from './brokers.ts';

const barn = new URL('../../fixtures/sites/barn.yaml', import.meta.url);
const MAIN = new URL('../../../gateway/main.ts', import.meta.url).pathname;
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const LONG = { timeout: 10_000, interval: 20 };
const CLAIM = ['$aws/certificates/*', '$aws/provisioning-templates/gateways/*'];

const site = (): Site => {
  const parsed = parseSite(readFileSync(barn, 'utf8'), profileById).site;
  if (parsed === undefined) throw new Error('the barn does not load');
  return parsed;
};

/** No test here asks for one. */
const NOTHING = { take: async () => ({}), kept: async () => ({}) };

let host: EmulatorHost;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgewatt-fleet-'));
  const claim = {
    Statement: [
      { Effect: 'Allow' as const, Action: 'iot:Connect', Resource: '*' },
      {
        Effect: 'Allow' as const,
        Action: ['iot:Publish', 'iot:Receive', 'iot:Subscribe'],
        Resource: CLAIM.flatMap((name) => [resource('topic', name), resource('topicfilter', name)]),
      },
    ],
  };
  const template = { name: 'gateways', thingName: `\${SerialNumber}`, policy: 'thing' };
  const registry = new Registry({ thing: THING_POLICY, claim }, [
    { ...template, serialNumbers: [site().gateway, 'other'] },
  ]);
  host = await EmulatorHost.create({ registry });
  await host.up();
});

afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a gateway in its fleet', () => {
  let identity: Identity;
  let store: AgentStore;
  let uplink: Uplink;
  const applied: OperatorSettings[] = [];
  const done: string[] = [];

  function operations(bootId: string): Operations {
    return {
      boots: { agent: bootId, gateway: bootId },
      restart: (what) => void done.push(`restart ${what}`),
      logLevel: (level, forMs) => void done.push(`${level} for ${Math.round(forMs / 60_000)} min`),
      diagnostics: async () => ({ version: 'test' }),
      site: NOTHING,
      update: NOTHING,
    };
  }

  /** The gateway's link as the agent process makes it, with a new connection. */
  async function gateway(bootId: string, sink = applied): Promise<Broker> {
    const clock = createClock();
    const broker = createAwsIotBroker({
      host: '127.0.0.1',
      port: host.port,
      clientId: site().gateway,
      ca: host.ca,
      ...identity,
      minReconnectMs: 20,
      maxReconnectMs: 100,
    });
    const fleet = { siteHash: 'abc', operations: operations(bootId) };
    uplink = new Uplink(
      { site: site(), broker, store, clock, log: quiet, fleet },
      {
        settings: (settings) => void sink.push(settings),
        directive: () => {},
        zoneForecast: () => {},
        statement: () => {},
        notice: () => {},
        state: () => {},
      },
    );
    await uplink.start();
    return broker;
  }

  beforeEach(async () => {
    applied.length = 0;
    done.length = 0;
    identity = await host.identity(site().gateway);
    store = await openStore(join(folder, 'agent.db'), { groupMs: 1 });
  });

  afterEach(async () => {
    await uplink.stop(0);
    await store.close();
  });

  const shadows = () => host.broker.reserved.shadows;
  const reported = () => shadows().document(site().gateway, 'config')?.reported;
  const desire = (desired: Record<string, string | number | boolean | null>) =>
    shadows().set(site().gateway, 'config', { state: { desired } });

  it('applies what it may, refuses the rest with the reason, and remembers', async () => {
    await gateway('boot-1');
    await vi.waitUntil(() => reported() !== undefined, LONG);
    expect(reported()).toMatchObject({ siteFile: 'abc', marketEnabled: true });
    desire({ reservePct: 40, marketEnabled: false, fuseA: 500 });
    await vi.waitUntil(() => reported()?.['reservePct'] === 40, LONG);
    expect(applied.at(-1)).toEqual({ reservePct: 40, marketEnabled: false });
    expect(reported()).toMatchObject({
      marketEnabled: false,
      refused: { fuseA: expect.stringMatching(/changed at the site/) },
    });
    desire({ reservePct: 1, fuseA: null });
    await vi.waitUntil(() => reported()?.['refused'] !== undefined && !fuse(), LONG);
    expect(reported()?.['refused']).toEqual({
      reservePct: expect.stringMatching(/the site keeps back \d+ % itself/),
    });
    expect(applied.at(-1)).toEqual({ marketEnabled: false });
    await uplink.stop(0);
    await host.down(); // nobody to ask: what was set stays
    const recalled: OperatorSettings[] = [];
    await gateway('boot-2', recalled);
    expect(recalled).toEqual([{ marketEnabled: false }]);
    await host.up();
  });

  const fuse = () => 'fuseA' in ((reported()?.['refused'] ?? {}) as object);

  it('runs its jobs in order; a restart is done when another process says so', async () => {
    const { jobs } = host.broker.reserved;
    const thing = site().gateway;
    jobs.create('one', { operation: 'log-level', level: 'debug', minutes: 30 }, [thing]);
    jobs.create('two', { operation: 'format-disk' }, [thing]);
    jobs.create('three', { operation: 'diagnostics' }, [thing]);
    const status = (job: string) => jobs.execution(thing, job)?.status;
    const bundles: string[] = [];
    const watcher = createAwsIotBroker({
      host: '127.0.0.1',
      port: host.port,
      clientId: 'watcher',
      ca: host.ca,
      ...(await host.identity('watcher')),
      minReconnectMs: 20,
      maxReconnectMs: 100,
    });
    watcher.subscribe([`ew/v1/${site().tenant}/${thing}/diagnostics`]);
    watcher.onMessage = ({ payload }) => bundles.push(new TextDecoder().decode(payload));
    watcher.start();
    await vi.waitUntil(() => watcher.connected, LONG);
    await gateway('boot-1');
    await vi.waitUntil(() => status('three') === 'SUCCEEDED', LONG);
    expect(status('one')).toBe('SUCCEEDED');
    expect(status('two')).toBe('REJECTED');
    expect(jobs.execution(thing, 'two')?.statusDetails['reason']).toBeTruthy();
    await vi.waitUntil(() => bundles.length === 1, LONG);
    expect(JSON.parse(bundles[0] ?? '')).toEqual({ v: 1, jobId: 'three', version: 'test' });
    jobs.create('four', { operation: 'restart' }, [thing]);
    await vi.waitUntil(() => done.length === 2, LONG);
    expect(done).toEqual(['debug for 30 min', 'restart agent']);
    expect(status('four')).toBe('IN_PROGRESS');
    await uplink.stop(0);
    await gateway('boot-2');
    await vi.waitUntil(() => status('four') === 'SUCCEEDED', LONG);
    expect(done).toHaveLength(2);
    await watcher.stop();
  });
});

describe('edgewatt provision', () => {
  async function prepare(serialNumber: string, template = 'gateways'): Promise<void> {
    const claim = await host.identity('claim', 'claim');
    writeFileSync(join(folder, 'site.yaml'), readFileSync(barn));
    writeFileSync(join(folder, 'ca.pem'), host.ca);
    writeFileSync(join(folder, 'claim.pem'), claim.cert);
    writeFileSync(join(folder, 'claim.key'), claim.key);
    const broker = {
      kind: 'aws-iot',
      url: `mqtts://127.0.0.1:${host.port}`,
      caFile: 'ca.pem',
      certFile: 'cert.pem',
      keyFile: 'private.key',
      provision: {
        template,
        serialNumber,
        claimCertFile: 'claim.pem',
        claimKeyFile: 'claim.key',
      },
    };
    writeFileSync(join(folder, 'gateway.yaml'), JSON.stringify({ version: 1, broker }));
  }
  const there = (name: string): boolean => existsSync(join(folder, name));

  it('leaves a key that nobody else has, a certificate that works, and no claim', async () => {
    await prepare(site().gateway);
    const said: string[] = [];
    expect(await provision(folder, (line) => said.push(line))).toBe(0);
    expect(said.join()).toMatch(/own certificate/);
    expect(statSync(join(folder, 'private.key')).mode & 0o777).toBe(0o600);
    expect([there('cert.pem'), there('claim.pem'), there('claim.key')]).toEqual([
      true,
      false,
      false,
    ]);
    const before = readFileSync(join(folder, 'private.key'), 'utf8');
    const again = await promisify(execFile)(process.execPath, [MAIN, 'provision', folder]);
    expect(again.stdout).toMatch(/has its certificate already, and it works/); // and it ended
    expect(readFileSync(join(folder, 'private.key'), 'utf8')).toBe(before);
  });

  it.each([
    ['a serial number nobody expects', '9999', 'gateways', /AccessDenied/],
    ['a template that is not there', 'other', 'nothing', /refused|not let in/],
    ["another thing's name", 'other', 'gateways', /made the thing 'other'/],
  ])('keeps the claim and says why: %s', async (_name, serialNumber, template, why) => {
    await prepare(serialNumber, template);
    await expect(provision(folder, () => undefined)).rejects.toThrow(why);
    expect([there('cert.pem'), there('private.key'), there('claim.pem')]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
