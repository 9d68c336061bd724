import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import { createAwsIotBroker } from '../../../../../gateway/adapters/aws-iot.ts';
import { createClock } from '../../../../../gateway/adapters/clock.ts';
import { newKeyPair } from '../../../../../gateway/adapters/crypto.ts';
import { openStore } from '../../../../../gateway/adapters/sqlite/store.ts';
import { OFFERED_FILE } from '../../../../../gateway/adapters/update/releases.ts';
import { parseSite } from '../../../../../gateway/config/load.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { Uplink } from '../../../../../gateway/link/uplink.ts';
import type { AgentStore, Log } from '../../../../../gateway/ports.ts';
import { releaseJobs } from '../../../../../gateway/processes/release-jobs.ts';
import { Box } from '../../../../fixtures/update/box.ts';
import { Fleet } from './fleet.ts';

const barn = new URL('../../../../fixtures/sites/barn.yaml', import.meta.url);
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const NOTHING = { take: async () => ({}), kept: async () => ({}) };
const HANDLERS = {
  directive: () => {},
  zoneForecast: () => {},
  statement: () => {},
  notice: () => {},
  state: () => {},
};

const site = (): Site => {
  const parsed = parseSite(readFileSync(barn, 'utf8'), profileById).site;
  if (parsed === undefined) throw new Error('the barn does not load');
  return parsed;
};

let fleet: Fleet;
let server: Server;
let bundle = ''; // what the server hands out
let asked = 0;
let box: Box;
let store: AgentStore;
let uplink: Uplink;
let boots = 0;
let work: Promise<unknown> = Promise.resolve();
let root: NodeJS.Timeout;

/** The gateway's link of one start; a restart ends it, and starts the box as systemd would. */
async function link(): Promise<void> {
  boots += 1;
  const boot = `boot-${boots}`;
  const { host, thing } = fleet;
  const broker = createAwsIotBroker({
    host: '127.0.0.1',
    port: host.port,
    clientId: thing,
    ca: host.ca,
    ...(await host.identity(thing)),
    minReconnectMs: 20,
    maxReconnectMs: 100,
  });
  const operations = {
    boots: { agent: boot, gateway: boot },
    restart: () => {
      work = startAgain();
    },
    logLevel: () => {},
    diagnostics: async () => ({}),
    site: NOTHING,
    update: releaseJobs(box, box.keys),
  };
  const given = { site: site(), broker, store, clock: createClock(), log: quiet };
  uplink = new Uplink({ ...given, fleet: { siteHash: 'abc', operations } }, HANDLERS);
  await uplink.start();
}

/** Until a start runs: one that breaks is started again, as the service does it. */
async function startAgain(): Promise<void> {
  await uplink.stop(0);
  await box.stop();
  while ((await box.start()) !== 'runs') {
    // its service starts it again
  }
  await link();
}

beforeAll(async () => {
  fleet = await Fleet.open(site().gateway);
  server = createServer((_request, response) => {
    asked += 1;
    response.end(readFileSync(bundle));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.close();
  await fleet.close();
});

beforeEach(async () => {
  box = new Box();
  asked = 0;
  store = await openStore(join(box.dir, 'agent.db'), { groupMs: 1 });
  expect(await box.start()).toBe('runs');
  let isInstalling = false;
  // Stands for edgewatt-update.path.
  root = setInterval(() => {
    if (isInstalling || !existsSync(join(box.marks, OFFERED_FILE))) return;
    isInstalling = true;
    void box.installOffered().finally(() => {
      isInstalling = false;
    });
  }, 50);
  await link();
});
afterEach(async () => {
  await work;
  clearInterval(root);
  await uplink.stop(0);
  await store.close();
  await box.remove();
});

const update = () => {
  const { port } = server.address() as AddressInfo;
  return fleet.run({ operation: 'update', url: `http://127.0.0.1:${port}/edgewatt.ewb` });
};

describe('a signed release by job', () => {
  it('is fetched, installed by root, tried, and done when it has proven healthy', async () => {
    bundle = await box.bundle('1.1.0', 'good');
    const { status, details, steps } = await update();
    expect(details).toEqual({ version: '1.1.0' });
    expect(status).toBe('SUCCEEDED');
    expect(steps).toContain('installing');
    expect(box.current()).toBe('releases/1.1.0');
    expect(existsSync(join(box.marks, OFFERED_FILE))).toBe(false);
  }, 120_000);

  it('is left when it does not work, and the job says why', async () => {
    bundle = await box.bundle('1.1.0', 'broken');
    const { status, details } = await update();
    expect(details).toEqual({ reason: 'rolled back: not healthy after 3 starts' });
    expect(status).toBe('FAILED');
    expect(box.current()).toBe('releases/1.0.0');
    const again = await update();
    expect(again.status).toBe('REJECTED');
    expect(again.details['reason']).toMatch(/tried and rolled back: not healthy after 3 starts$/);
  }, 120_000);

  it('is refused by its signed words, before the rest is fetched', async () => {
    bundle = await box.bundle('1.1.0', 'good', {}, newKeyPair().privateKey);
    const { status, details } = await update();
    expect(details).toEqual({ reason: 'the release is refused: its signature is wrong' });
    expect(status).toBe('REJECTED');
    expect(asked).toBe(1);
    bundle = await box.bundle('0.9.0', 'good');
    expect((await update()).details['reason']).toMatch(/0\.9\.0 is not newer than 1\.0\.0$/);
    bundle = '/dev/null';
    expect(await update()).toMatchObject({
      status: 'FAILED',
      details: { reason: 'the bundle is shorter than its manifest says' },
    });
    expect(existsSync(join(box.marks, `${OFFERED_FILE}.part`))).toBe(false);
    expect(box.current()).toBe('releases/1.0.0');
  }, 120_000);
});
