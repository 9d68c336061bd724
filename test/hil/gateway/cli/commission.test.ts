import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { profileById } from '../../../../devices/catalogue.ts';
import { newOrigin } from '../../../../gateway/adapters/clock.ts';
import { loadSite } from '../../../../gateway/config/load.ts';
import { keepSimulatedRecords } from '../../../../simulators/demo/commissioned.ts';
import { freePorts } from '../../../../simulators/demo/processes.ts';
import { ROOT } from '../../../architecture/source.ts';
import { runCli } from '../../../fixtures/cli.ts';
import { Stage } from '../../demo/started.ts';
import { type Field, startField } from '../../package/site.ts';

const SPEED = 20; // the fastest at which a cycle is still a second of simulated time
const NIGHT_MS = Date.UTC(2026, 5, 11, 22);
const LIMIT = { timeout: 40_000, interval: 50 };

let stage: Stage;
let field: Field;
let dir = '';
beforeAll(async () => {
  stage = new Stage();
  dir = join(stage.dir, 'site');
  const [pagePort = 0] = await freePorts(1);
  const origin = newOrigin(SPEED, NIGHT_MS);
  field = await startField(dir, 'data', pagePort, origin);
  const file = { version: 1, page: { port: pagePort }, demo: { clockOrigin: origin, peers: [] } };
  writeFileSync(join(dir, 'gateway.yaml'), stringify(file));
  const site = join(dir, 'site.yaml');
  const text = readFileSync(site, 'utf8');
  const allowed = /unprovenAllowed: *(\[[^\]]*\]|(\n +- \w+)+)/;
  writeFileSync(site, text.replace(allowed, 'unprovenAllowed: []'));
}, 60_000);
afterAll(async () => {
  await stage.clear();
  await field.stop();
}, 60_000);

const start = (...words: readonly string[]) =>
  stage.start(['bin/edgewatt.mjs', 'devices', ...words]);
const told = () => field.images['inverter2']?.control();

describe('edgewatt devices commission, through the gateway that runs,', () => {
  it('pulses; a second one is refused; killed, the device is given back', async () => {
    stage.start(['bin/edgewatt.mjs', 'run', dir]);
    await expect.poll(() => existsSync(join(dir, 'data/bus.sock')), LIMIT).toBe(true);
    const first = start('commission', dir, '--device', 'inverter2', '--yes');
    await expect.poll(() => first.err(), LIMIT).toMatch(/inverter2, step 2 of \d+: Battery /);
    const second = start('commission', dir, '--device', 'inverter1', '--yes');
    expect(await second.ended).toBe(2);
    expect(second.err()).toMatch(/inverter1: another commissioning runs \(inverter2\); /);
    await expect.poll(() => Math.abs(told()?.setpointW ?? 0), LIMIT).toBeGreaterThan(5_000);
    first.child.kill('SIGKILL');
    await expect.poll(() => told()?.ownMode, LIMIT).toBe(true);
  });
});

it('is documented by commands that work', async () => {
  const docs = readFileSync(join(ROOT, 'docs/commissioning.md'), 'utf8');
  const commands = [...docs.matchAll(/^npx edgewatt (devices .*)$/gm)].map(
    ([, words = '']) => words,
  );
  expect(commands).toHaveLength(3);
  const own = join(stage.dir, 'proven');
  mkdirSync(own);
  writeFileSync(join(own, 'gateway.yaml'), 'version: 1\n');
  const house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8');
  const path = join(own, 'site.yaml');
  writeFileSync(path, house);
  keepSimulatedRecords(join(own, 'data'), loadSite(path, profileById), Date.now());
  const page = join(own, 'proof.html');
  for (const line of commands) {
    const words = line.replace('/etc/edgewatt/site.yaml', path).replace('proof.html', page);
    const { code, out } = await runCli(words.split(' '));
    expect([code, line], out).toEqual([0, line]);
  }
  expect(readFileSync(page, 'utf8')).toContain('Commissioning of inverter1');
});
