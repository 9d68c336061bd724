import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { withOwnLimit } from '../../../../gateway/cli/commission/own-limit.ts';
import { openStand } from '../../../../gateway/cli/commission/stand.ts';
import { type CommissionOptions, commission } from '../../../../gateway/cli/devices-commission.ts';
import { showRecord } from '../../../../gateway/cli/devices-record.ts';
import { admit, readRecord } from '../../../../gateway/config/commissioning.ts';
import { keepSimulatedRecords } from '../../../../simulators/demo/commissioned.ts';
import { demoSiteText } from '../../../../simulators/sites/demo.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';

const SITE = {
  ...SUNFIELD,
  buses: SUNFIELD.buses.map((bus, n) => ('port' in bus ? { ...bus, port: 9 + n } : bus)),
};

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ew-commission-'));
  writeFileSync(join(dir, 'gateway.yaml'), 'version: 1\n');
  writeFileSync(join(dir, 'site.yaml'), demoSiteText(SITE, 'A test.'));
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const run = (path: string, options: Partial<CommissionOptions> = {}) =>
  commission(
    path,
    { yes: true, ...options },
    {
      open: openStand,
      nowMs: () => 1_000,
      isStopped: () => false,
      software: 'test',
    },
  );

describe('what is no commissioning: one line, and how to mend it', () => {
  it.each<[string, () => Promise<number>, RegExp]>([
    [
      'a device that is none',
      () => run(dir, { device: 'x' }),
      /--device x: the site has no such device; name one of: inverter1, inverter2$/,
    ],
    [
      'a device without control',
      () => run(dir, { device: 'meter1' }),
      /--device meter1: it has no control to prove; name one of: inverter1, inverter2$/,
    ],
    [
      'no such file',
      () => run(join(dir, 'none.yaml')),
      /none\.yaml: no such file; name the site file$/,
    ],
    [
      'the site file of another',
      () => {
        writeFileSync(join(dir, 'other.yaml'), '');
        return run(join(dir, 'other.yaml'));
      },
      /other\.yaml: it is not the site file of the gateway beside it; name .*site\.yaml$/,
    ],
    [
      'a gateway that only observes',
      () => {
        const control = { ...SITE.control, active: false };
        writeFileSync(join(dir, 'site.yaml'), demoSiteText({ ...SITE, control }, 'A test.'));
        return run(dir);
      },
      /sunfield: the gateway only observes; set control\.active: true in the site file/,
    ],
    [
      'nobody to be asked',
      () => run(dir, { yes: false }),
      /edgewatt devices commission: nobody can be asked; add --yes$/,
    ],
    [
      'no data folder',
      () => run(dir),
      /data: the data folder is not there; start the gateway once/,
    ],
  ])('%s', async (_name, act, says) => {
    await expect(act()).rejects.toThrow(says);
  });

  it('a page of a device without a record, and of none in particular', () => {
    expect(() => showRecord(dir, { device: 'inverter1' })).toThrow(/inverter1: it has no record; /);
    expect(() => showRecord(dir, { device: 'x' })).toThrow(/x: no such device under control; name/);
    expect(() => showRecord(dir, { page: 'x.html' })).toThrow(/--page: a page is of one device; /);
  });
});

describe('what is proven', () => {
  it('is not proven again unless it is named', async () => {
    mkdirSync(join(dir, 'data'));
    keepSimulatedRecords(join(dir, 'data'), SITE, 1_000);
    const out: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    expect(await run(dir)).toBe(0);
    expect(out.join('')).toMatch(/^Every device is proven; --device ID proves one again\.$/m);
    expect(showRecord(dir, {})).toBe(0);
    expect(showRecord(dir, { device: 'inverter2', page: join(dir, 'p.html') })).toBe(0);
    expect(out.join('')).toMatch(/by simulator, 1970-01-01, signature verified/);
  });
});

describe('the limit that is set in the device itself', () => {
  const site = {
    ...SITE,
    devices: SITE.devices.map((one) =>
      one.id === 'inverter1' ? { ...one, ownLimitW: 30_000 } : one,
    ),
  };
  const [terminal] = site.terminals;
  const trace = (powerW: number) => ({
    startedAtMs: 0,
    ended: 'complete' as const,
    why: '',
    samples: [
      {
        atMs: 0,
        step: 0,
        commandedW: { pv1: null },
        readBackW: {},
        readings: { inverter1: { powerW: { quality: 'good' as const, value: powerW, atMs: 0 } } },
      },
      // Held below it, it says nothing about its own limit.
      {
        atMs: 1_000,
        step: 1,
        commandedW: { pv1: 90_000 },
        readBackW: {},
        readings: { inverter1: { powerW: { quality: 'good' as const, value: 45_000, atMs: 0 } } },
      },
    ],
  });

  it.each([
    [29_800, 'proven', true, /^Solar field keeps its own limit of 30\.0\skW when nobody commands/],
    [
      12_000,
      'notProven',
      true,
      /^Solar field gave 12\.0\skW at most, so its own limit .* not proven/,
    ],
    [41_000, 'wrong', false, /^Solar field gave 41\.0\skW although its own limit is said to be 30/],
  ])('%i W: %s', (powerW, severity, isProven, says) => {
    if (terminal === undefined) throw new Error('no terminal');
    mkdirSync(join(dir, 'data'));
    keepSimulatedRecords(join(dir, 'data'), site, 1_000);
    const device = site.devices.find(({ id }) => id === 'inverter1');
    const kept = device && readRecord({ dataDir: join(dir, 'data') }, site, device);
    const before = kept?.state === 'kept' ? kept.record.terminals[0] : undefined;
    if (before === undefined) throw new Error('no record');
    const result = withOwnLimit(site, 'inverter1', terminal, before, trace(powerW));
    expect([result.proven, result.findings.at(-1)?.severity]).toEqual([isProven, severity]);
    expect(result.findings.at(-1)?.sentence).toMatch(says);
    expect(result.learned.limitInW).toBe(severity === 'proven' ? 30_000 : null);
    expect(admit({ dataDir: join(dir, 'data') }, site, profileById).sentences).toEqual([]);
  });
});
