import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createClock } from '../../../../gateway/adapters/clock.ts';
import { type SetupOptions, setup } from '../../../../gateway/cli/setup.ts';
import { loadSite } from '../../../../gateway/config/load.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import type { BusSpec } from '../../../../gateway/contracts/values/site.ts';
import { freePorts } from '../../../../simulators/demo/processes.ts';
import { type RunningSite, runSite } from '../../../../simulators/demo/world.ts';
import type { SiteDevices } from '../../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { ROOT } from '../../../architecture/source.ts';
import { runCli } from '../../../fixtures/cli.ts';
import { atTerminal, CTRL_C, CTRL_D } from '../../../fixtures/terminal.ts';

const hasSocat = spawnSync('which', ['socat']).status === 0;
if (!hasSocat) process.stderr.write('skipped: the wizard at a terminal needs socat\n');

/** A folder of a test's own, and the field beside it; all of it goes with the test. */
class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'wizard-test-'));
  readonly site = join(this.dir, 'site');
  world: RunningSite | undefined;
  private devices: SiteDevices | undefined;

  constructor({ onTestFinished }: TestContext) {
    onTestFinished(async () => {
      this.world?.stop();
      await this.devices?.stop();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  /** Brightworks: two meters that are alike on a serial line, a battery over TCP. */
  async field(): Promise<{ host: string; serial: string }> {
    const demo = demoSites(1).find((one) => one.site.id === 'brightworks');
    if (demo === undefined) throw new Error('no Brightworks');
    const clock = createClock();
    const devices = createSiteDevices(demo.site, { clock, settings: deviceSettings(demo.site) });
    this.devices = devices;
    const buses = await devices.start();
    const setup = { site: { ...demo.site, buses }, plant: demo.plant, devices, seed: 1 };
    this.world = runSite({ ...setup, drive: undefined }, clock);
    return { host: hostOf(buses[1]), serial: serialOf(buses[0]) };
  }

  /** What setup wrote; a scan of a described site keeps its lock in the data folder. */
  files(): string[] {
    return existsSync(this.site)
      ? readdirSync(this.site)
          .filter((name) => name !== 'data')
          .sort()
      : [];
  }
}

const hostOf = (bus: BusSpec | undefined): string =>
  bus === undefined || bus.kind === 'serial' ? 'missing' : `${bus.host}:${bus.port}`;
const serialOf = (bus: BusSpec | undefined): string =>
  bus?.kind === 'serial' ? `${bus.path}@${bus.baud}` : 'missing';

// All at once: a scan mostly waits for who does not answer.
describe.skipIf(!hasSocat).concurrent('edgewatt setup at a terminal', () => {
  it('asks, scans TCP and a serial line, asks on, and its site runs a gateway', async (context) => {
    const place = new Place(context);
    const { dir, site } = place;
    const { host, serial } = await place.field();
    const screen = atTerminal(dir, ['setup', site, '--units', '1-3']);
    await screen.answer('Addresses of Modbus TCP devices', `${host}\n`);
    await screen.answer('RS-485 lines', `${serial}\n`);
    await screen.answer('Which one measures the grid connection? ', '\n');
    await screen.answer('one of: device2, device3', 'device1\n'); // the battery is no meter
    await screen.answer('one of: device2, device3', 'device2\n');
    await screen.answer('What is the site called? [Site] ', 'Bright: "works"\n');
    await screen.answer('[Europe/Berlin] ', '\n');
    await screen.answer('Latitude', 'north\n');
    await screen.answer('north is plus', '52.41\n');
    await screen.answer('Longitude', '13.1\n');
    await screen.answer('Currency', '\n');
    await screen.answer('Main fuse', '0\n');
    await screen.answer('a number above 0', '250\n');
    for (const words of ['Price', 'PV inverter', 'each battery, W?', 'each battery, Wh?']) {
      await screen.answer(words, '\n');
    }
    expect(await screen.ended, screen.screen()).toBe(0);
    expect(screen.screen()).toContain('the gateway will only observe');
    expect(place.files()).toEqual(['gateway.yaml', 'site.yaml']);

    const text = readFileSync(join(site, 'site.yaml'), 'utf8');
    expect(text).toContain('# Not used yet: say under meters what it measures.');
    expect(text.split('\n').filter((line) => line.includes('#')).length).toBeGreaterThan(8);
    const loaded = loadSite(join(site, 'site.yaml'), profileById);
    expect(loaded.name).toBe('Bright: "works"');
    expect(loaded.meters.map(({ device }) => device)).toEqual(['device2']);
    expect(loaded.buses.map(({ kind }) => kind)).toEqual(['tcp', 'serial']);
    await observed(place, loaded.devices.length);
  });

  it('ends without a trace at Ctrl-C and Ctrl-D, whatever it was about to ask', async (context) => {
    const place = new Place(context);
    const { dir, site } = place;
    const { host, serial } = await place.field();
    const args = ['setup', site, '--host', host, '--serial', serial, '--units', '1-2'];
    const early = atTerminal(dir, ['setup', site]);
    await early.answer('Addresses', CTRL_C);
    expect(await early.ended).toBe(130);
    expect(early.screen()).toContain('Interrupted: nothing was written.');
    expect(early.screen()).not.toMatch(/^\s+at /m);

    const scanning = atTerminal(dir, args);
    await scanning.answer('Looking at', CTRL_C);
    expect(await scanning.ended).not.toBe(0);

    const late = atTerminal(dir, [...args, '--set', 'gridMeter=device2']);
    for (const words of [
      'called?',
      'zone?',
      'Latitude',
      'Longitude',
      'Currency',
      'fuse',
      'Price',
    ]) {
      await late.answer(words, '\n');
    }
    await late.answer('PV inverter', CTRL_D);
    expect(await late.ended).toBe(2);
    expect(late.screen()).toContain('the answers ended; answer on a terminal, or with --set');
    expect(place.files()).toEqual([]);
  });
});

/** The gateway that was set up, as a command: it reads every device, writes none, and ends. */
async function observed({ site, world }: Place, deviceCount: number): Promise<void> {
  const [port = 0] = await freePorts(1);
  const gateway = join(site, 'gateway.yaml');
  const text = readFileSync(gateway, 'utf8');
  expect(text).toContain('port: 8080');
  writeFileSync(gateway, text.replace('port: 8080', `port: ${port}`));
  const child = spawn(process.execPath, [join(ROOT, 'gateway/main.ts'), 'run', site]);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (more) => (log += more));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const age = async (): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    return ((await answer?.json()) as { liveAgeMs?: unknown } | undefined)?.liveAgeMs;
  };
  await vi.waitUntil(async () => typeof (await age()) === 'number', { timeout: 60_000 });
  const checked = await runCli(['doctor', site, '--json']);
  child.kill('SIGTERM');
  expect(await ended, log).toBe(0);
  const { ok, findings } = JSON.parse(checked.out);
  expect(ok, checked.out).toBe(true);
  expect(findings).toContainEqual(
    expect.objectContaining({ check: 'page', what: `127.0.0.1:${port} answers` }),
  );
  const summary = JSON.parse(readFileSync(join(site, 'data/guard.summary.json'), 'utf8'));
  expect(summary.readingsGood, log).toBeGreaterThan(deviceCount);
  expect(summary.writes ?? 0).toBe(0);
  expect(world?.court.violations).toEqual([]);
}

describe.concurrent('edgewatt setup without a terminal', () => {
  it.for([
    ['nothing is said', [], /nobody can be asked: Which one .*; --set gridMeter=\.\.\., one of/],
    ['what is no meter', ['--set', 'gridMeter=device1'], /--set gridMeter: 'device1' is no answer/],
  ] as const)('asks nobody which of two meters it is: %s', async ([, set, says], context) => {
    const place = new Place(context);
    const { host, serial } = await place.field();
    const args = ['--host', host, '--serial', serial, '--units', '1-2', '--yes', ...set];
    const { code, out } = await runCli(['setup', place.site, ...args]);
    expect(code).toBe(2);
    expect(out).toMatch(says);
    expect(place.files()).toEqual([]);
  });

  it('takes the meter that is said, and replaces files only when told to', async (context) => {
    const place = new Place(context);
    const { site } = place;
    const { host, serial } = await place.field();
    const args = ['setup', site, '--host', host, '--serial', serial, '--units', '1-2', '--yes'];
    const said = await runCli([...args, '--set', 'gridMeter=device3']);
    expect(said.code, said.out).toBe(0);
    expect(loadSite(join(site, 'site.yaml'), profileById).meters[0]?.device).toBe('device3');

    const once = await runCli([...args, '--set', 'gridMeter=device2']);
    expect([once.code, once.out.trim().split('\n').length]).toEqual([2, 1]);
    expect(once.out).toContain('there is a site already; name another folder, or --force');
    const again = await runCli([...args, '--set', 'gridMeter=device2', '--force']);
    expect(again.code, again.out).toBe(0);
    const both = ['gateway.yaml', 'gateway.yaml.old', 'site.yaml', 'site.yaml.old'];
    expect(place.files()).toEqual(both);
    expect(loadSite(join(site, 'site.yaml.old'), profileById).meters[0]?.device).toBe('device3');
  });

  it('leaves out a device that answers at two addresses', async (context) => {
    const place = new Place(context);
    const { site } = place;
    const { host, serial } = await place.field();
    const twice = ['--host', host, '--host', host.replace('127.0.0.1', 'localhost')];
    const set = ['--set', 'gridMeter=device2', '--units', '1-2', '--yes'];
    const { code, out } = await runCli(['setup', site, ...twice, '--serial', serial, ...set]);
    expect(code, out).toBe(0);
    expect(out).toContain('the same device once more: left out');
    const loaded = loadSite(join(site, 'site.yaml'), profileById);
    expect(loaded.devices.map(({ profile }) => profile.split('/')[0])).toEqual([
      'sunspec',
      'eastron',
      'eastron',
    ]);
  });

  it.for<[Partial<SetupOptions>, RegExp]>([
    [{ host: ['127.0.0.1:1'] }, /^scan: no meter that we know answers; check wiring/],
    [{ serial: ['/dev/serial/by-id/none'] }, /no meter that we know answers; check wiring/],
    [{ serial: ['@9600'] }, /--serial @9600: not a serial line; write PATH or PATH@9600/],
    [{ set: ['colour=red'] }, /--set colour: unknown; one of: name, timeZone, .*, gridMeter/],
    [{ set: ['fuseA'] }, /--set fuseA: is no answer; write fuseA=VALUE, of the form /],
    [{ set: ['fuseA=-1'], host: ['127.0.0.1:1'] }, /^--set fuseA=-1: is no answer;/],
    [{}, /edgewatt setup: nothing to scan; name --host HOST or --serial PATH/],
  ])('says in one line what is wrong with %j', async ([change, line], context) => {
    const place = new Place(context);
    const none = { host: [], serial: [], set: [], units: '1', yes: true, force: false };
    const wizard = setup(place.site, { ...none, ...change });
    await expect(wizard).rejects.toBeInstanceOf(Fault); // one line and exit code 2, as everywhere
    await expect(wizard).rejects.toThrow(line);
    expect(place.files()).toEqual([]);
  });

  it('says before it scans that it cannot write there', async (context) => {
    const file = join(new Place(context).dir, 'file');
    writeFileSync(file, 'in the way');
    const { code, out } = await runCli(['setup', join(file, 'site'), '--host', '127.0.0.1:1']);
    expect(code).toBe(2);
    expect(out).toBe(
      `edgewatt: ${file}: may not be written; run setup with sudo, or name another folder\n`,
    );
  });
});
