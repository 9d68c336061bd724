import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { newOrigin } from '../../../../../gateway/adapters/clock.ts';
import { createSigner, hash, newKeyPair } from '../../../../../gateway/adapters/crypto.ts';
import { SITE_DOMAIN } from '../../../../../gateway/contracts/site-document.ts';
import { freePorts } from '../../../../../simulators/demo/processes.ts';
import { Stage, type Started } from '../../../demo/started.ts';
import { type Field, startField } from '../../../package/site.ts';
import { Fleet } from './fleet.ts';

/** A cycle is 50 ms: the good minute of a trial takes 3 s. */
const SPEED = 20;
const THING = 'gw-sunfield';
const HOUR_MS = 3_600_000;

let stage: Stage;
let fleet: Fleet;
let field: Field;
let gateway: Started;
let server: Server;
let served = '';
let local = ''; // text of the site file
let dir = '';
const author = newKeyPair();
const stranger = newKeyPair();
let sequence = 100;

const until = (condition: () => boolean) =>
  vi.waitUntil(condition, { timeout: 110_000, interval: 20 });
const running = () => fleet.reported()?.['siteFile'];

/** A job with a site document inside, signed as the author would unless something is changed. */
function job(text: string, changes: Record<string, unknown> = {}, key = author.privateKey): object {
  sequence += 1;
  const manifest = {
    v: 1,
    name: 'edgewatt-site',
    site: 'sunfield',
    gateway: THING,
    sequence,
    sha256: hash.sha256(text),
    sizeBytes: Buffer.byteLength(text),
    issuedAtMs: Date.now(),
    expiresAtMs: Date.now() + 100 * HOUR_MS,
    ...changes,
  };
  const body = JSON.stringify(manifest);
  const signature = createSigner('fleet', key).sign(SITE_DOMAIN + body);
  const words = { body, keyId: 'fleet', signature };
  return { operation: 'site', manifest: words, document: text };
}

function changed(from: string | RegExp, to: string): string {
  expect(local).toMatch(from);
  return local.replace(from, to);
}

beforeAll(async () => {
  stage = new Stage();
  dir = join(stage.dir, 'site');
  fleet = await Fleet.open(THING);
  const [pagePort = 0] = await freePorts(1);
  const origin = newOrigin(SPEED, Date.now());
  field = await startField(dir, 'data', pagePort, origin);
  local = readFileSync(join(dir, 'site.yaml'), 'utf8');
  const { cert, key } = await fleet.host.identity(THING);
  writeFileSync(join(dir, 'ca.pem'), fleet.host.ca);
  writeFileSync(join(dir, 'cert.pem'), cert);
  writeFileSync(join(dir, 'private.key'), key);
  writeFileSync(join(dir, 'site-keys.json'), JSON.stringify({ fleet: author.publicKey }));
  const file = {
    version: 1,
    dataDir: 'data',
    page: { port: pagePort },
    broker: {
      kind: 'aws-iot',
      url: `mqtts://127.0.0.1:${fleet.host.port}`,
      caFile: 'ca.pem',
      certFile: 'cert.pem',
      keyFile: 'private.key',
      reconnectMaxMs: 1_000,
    },
    demo: { clockOrigin: origin, peers: [] },
  };
  writeFileSync(join(dir, 'gateway.yaml'), stringify(file));
  server = createServer((_request, response) => response.end(served));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  gateway = stage.start(['bin/edgewatt.mjs', 'run', dir]);
  await until(() => running() === hash.sha256(local));
}, 60_000);

afterAll(async () => {
  server?.close();
  await stage?.clear();
  await field?.stop();
  await fleet?.close();
}, 60_000);

describe('a site document by job', () => {
  it.each<[string, () => object, RegExp]>([
    ['of a stranger', () => job(local, {}, stranger.privateKey), /its signature is wrong$/],
    ['for another site', () => job(local, { site: 'barn' }), /it is for site barn, this is sunf/],
    ['for another gateway', () => job(local, { gateway: 'gw-x' }), /it is for gateway gw-x, this/],
    ['that has expired', () => job(local, { expiresAtMs: Date.now() }), /its offer has expired$/],
    ['from another file', () => job(local, { replaces: '0'.repeat(64) }), /local wins$/],
    [
      'that was changed',
      () => ({ ...job(local), document: `${local}\n` }),
      /its text is not what was signed$/,
    ],
    [
      'that is not sound, with the line',
      () => job(changed(/^( +)fuseA: \d+/m, '$1fuseA: 0')),
      /line \d+, connections\[0\].fuseA: too small/,
    ],
    [
      'that makes it another gateway',
      () => job(changed(/^tenant: \w+/m, 'tenant: other')),
      /its tenant is 'other', here it is 'demo'$/,
    ],
  ])('is refused: one %s', async (_name, document, why) => {
    const { status, details } = await fleet.run(document());
    expect(details['reason']).toMatch(why);
    expect(details['reason']).toMatch(/^the site document is refused: /);
    expect(status).toBe('REJECTED');
    expect(gateway.child.exitCode).toBeNull();
    expect(running()).toBe(hash.sha256(local));
  });

  it('is fetched, tried, kept; the same, or an older one, is not taken again', async () => {
    const text = changed('name: Sunfield', 'name: Sunfield by the fleet');
    served = text;
    const { port } = server.address() as AddressInfo;
    const { document: _, ...words } = job(text) as { document: string };
    const taken = { ...words, url: `http://127.0.0.1:${port}/site.yaml` };
    const { status, details, steps } = await fleet.run(taken);
    expect(details).toMatchObject({ siteFile: hash.sha256(text) });
    expect(status).toBe('SUCCEEDED');
    expect(steps).toContain('on trial');
    expect(running()).toBe(hash.sha256(text));
    expect(field.world.court.violations).toEqual([]);
    const again = await fleet.run(taken);
    expect(again.status).toBe('REJECTED');
    expect(again.details['reason']).toMatch(/document \d+ is not newer than \d+$/);
  }, 120_000);

  it('is left when the site does not work with it, with the reason', async () => {
    const before = running();
    const dead = (await freePorts(1))[0];
    const text = changed(/(id: lan-meter.*port: )\d+/, `$1${dead}`);
    const { status, details } = await fleet.run(job(text));
    expect(details['reason']).toMatch(/^rolled back: not healthy, the site fell into safe mode: /);
    expect(status).toBe('FAILED');
    expect(running()).toBe(before);
  }, 120_000);
});

describe('a restart of the gateway by job', () => {
  it('is told by the new process, with the file that was changed at the site', async () => {
    const text = `${local}# changed at the site\n`;
    writeFileSync(join(dir, 'site.yaml'), text);
    const guard = gateway.child.pid;
    const agents = (): string[] => stage.processes().filter((line) => line.includes(' agent '));
    const [before] = agents();
    const { status, details } = await fleet.run({ operation: 'restart', what: 'gateway' });
    expect(status, details['reason']).toBe('SUCCEEDED');
    expect(details['boot']).toContain(`${THING}-${guard}-`); // in its own place
    expect(gateway.child.exitCode).toBeNull();
    expect(agents()).not.toContain(before);
    expect(running()).toBe(hash.sha256(text));
    const shown = stage.start(['bin/edgewatt.mjs', 'config', 'show', dir]);
    expect(await shown.ended).toBe(0);
    expect(shown.out()).toBe(text);
    expect(gateway.err()).toContain('is left: the site file was changed at the site: local wins');
  }, 120_000);

  it('and ends as ever, with nothing left in force', async () => {
    gateway.child.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
    expect(field.world.court.unreleased()).toEqual([]);
  });
});
