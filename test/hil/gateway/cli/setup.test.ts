import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createClock } from '../../../../gateway/adapters/clock.ts';
import { type SetupOptions, setup } from '../../../../gateway/cli/setup.ts';
import { loadGateway } from '../../../../gateway/config/gateway-file.ts';
import { loadSite } from '../../../../gateway/config/load.ts';
import { type RunningSite, runSite } from '../../../../simulators/demo/world.ts';
import type { SiteDevices } from '../../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { runCli } from '../../../fixtures/cli.ts';

let dir = '';
let devices: SiteDevices | undefined;
let world: RunningSite | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'setup-test-'));
});
afterEach(async () => {
  world?.stop();
  await devices?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const options = (change: Partial<SetupOptions>): SetupOptions => ({
  host: [],
  serial: [],
  units: '1-4',
  force: false,
  yes: true,
  set: [],
  ...change,
});

/** Sunfield's devices, as an installer meets them. @returns their addresses */
async function field(): Promise<string[]> {
  const [demo] = demoSites(1);
  const clock = createClock();
  devices = createSiteDevices(demo.site, { clock, settings: deviceSettings(demo.site) });
  const buses = await devices.start();
  const site = { ...demo.site, buses };
  world = runSite({ site, plant: demo.plant, devices, seed: 1, drive: undefined }, clock);
  return buses.map((bus) => (bus.kind === 'serial' ? '' : `${bus.host}:${bus.port}`));
}

describe('edgewatt setup', () => {
  it('finds the devices of a site and writes one that observes', async () => {
    const host = await field();
    const set = ['name=Sun Field', 'fuseA=125', 'pvW=60000', 'batteryWh=100000'];
    expect(await setup(dir, options({ host, set }))).toBe(0);
    const site = loadSite(join(dir, 'site.yaml'), profileById);
    expect(site.name).toBe('Sun Field');
    expect(site.id).toBe('sun-field');
    const kinds = site.terminals.map(({ kind }) => kind);
    expect(kinds).toContain('pv');
    expect(kinds).toContain('battery');
    expect(site.stores[0]?.usableWh).toBe(100_000);
    expect(site.control.active).toBe(false);
    expect(site.terminals.every(({ control }) => control === 'none')).toBe(true);
    expect(loadGateway(dir).page.host).toBe('127.0.0.1');
    expect(readFileSync(join(dir, 'site.yaml'), 'utf8')).toContain('# nothing is controlled yet');

    await expect(setup(dir, options({ host }))).rejects.toThrow('there is a site already');
    const checked = await runCli(['doctor', dir, '--json']);
    const { ok, findings } = JSON.parse(checked.out);
    expect(ok, checked.out).toBe(true);
    const buses = findings.filter(({ check }: { check: string }) => check.startsWith('bus '));
    expect(buses.map(({ state }: { state: string }) => state)).toEqual(host.map(() => 'fine'));
  });

  it('says in one line what it needs', async () => {
    const refused = async (change: Partial<SetupOptions>, why: string): Promise<void> => {
      await expect(setup(dir, options(change))).rejects.toThrow(why);
      expect(existsSync(join(dir, 'site.yaml'))).toBe(false);
    };
    await refused({ host: ['a:b'] }, 'write HOST or HOST:PORT');
    await refused({ host: ['127.0.0.1:1'], units: '9-x' }, 'not a range of units');
  });
});
