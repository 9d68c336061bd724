import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import {
  admit,
  keepRecord,
  readRecord,
  recordFile,
} from '../../../../gateway/config/commissioning.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import type { CommissioningRecord } from '../../../../gateway/contracts/values/commissioning.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { keepSimulatedRecords } from '../../../../simulators/demo/commissioned.ts';
import { demoSites, demoSiteText } from '../../../../simulators/sites/demo.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ew-records-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const place = () => ({ dataDir });
const stored = (device: string) => JSON.parse(readFileSync(recordFile(place(), device), 'utf8'));
const store = (device: string, value: unknown) =>
  writeFileSync(recordFile(place(), device), JSON.stringify(value));
const kept = (site: Site, id: string) => {
  const device = site.devices.find((one) => one.id === id);
  if (device === undefined) throw new Error('no such device');
  return readRecord(place(), site, device);
};
/** The record of a device as it was kept. */
function recordOf(id: string): CommissioningRecord {
  const found = kept(SUNFIELD, id);
  if (found.state !== 'kept') throw new Error(found.state);
  return found.record;
}

describe('records of commissioning', () => {
  it('what was kept admits its devices, also after the site file was written and read', () => {
    for (const { site, comment } of demoSites(3)) {
      const ports = site.buses.map((bus, n) => ('port' in bus ? { ...bus, port: 502 + n } : bus));
      const wired = { ...site, buses: ports };
      keepSimulatedRecords(dataDir, wired, 1_000);
      const { site: read } = parseSite(demoSiteText(wired, comment), profileById);
      if (read === undefined) throw new Error('the site file is not sound');
      const { stands, commissioned, timed, sentences } = admit(place(), read, profileById);
      expect(sentences).toEqual([]);
      expect([...commissioned]).toEqual(stands.map(({ device }) => device));
      expect(timed).toEqual(commissioned);
      expect(stands.every(({ open, refused }) => open.length === 0 && refused === '')).toBe(true);
    }
  });

  it('is for its user alone, and so is the key', () => {
    keepSimulatedRecords(dataDir, SUNFIELD, 1_000);
    const modes = ['inverter1.json', 'gateway.key'].map(
      (name) => statSync(join(dataDir, 'commissioning', name)).mode & 0o777,
    );
    expect(modes).toEqual([0o600, 0o600]);
  });

  it.each<[string, (device: string) => void, RegExp]>([
    [
      'a word changed',
      (id) =>
        store(id, { ...stored(id), record: stored(id).record.replace('simulator', 'nobody') }),
      /^it is not what was signed$/,
    ],
    [
      'signed by another',
      (id) => {
        const { manifest, record } = stored(id);
        store(id, {
          manifest: { ...manifest, signature: manifest.signature.replace(/^../, 'AA') },
          record,
        });
      },
      /^its signature is wrong$/,
    ],
    [
      'of another gateway',
      () => rmSync(join(dataDir, 'commissioning', 'gateway.key')),
      /^its key '.*' is not trusted here$/,
    ],
    ['of another device', (id) => store(id, stored('inverter1')), /^it is of inverter1$/],
    ['cut off', (id) => writeFileSync(recordFile(place(), id), '{"manifest"'), /^it is damaged$/],
  ])('%s: it counts as none, with one line', (_name, spoil, why) => {
    keepSimulatedRecords(dataDir, SUNFIELD, 1_000);
    spoil('inverter2');
    const { commissioned, sentences } = admit(place(), SUNFIELD, profileById);
    expect(commissioned.has('inverter2')).toBe(false);
    const line = sentences.find((one) => one.startsWith('inverter2: its commissioning record'));
    expect(line).toMatch(
      /^inverter2: its commissioning record counts as none: .*; prove it again$/,
    );
    expect(line?.split('none: ')[1]?.split('; prove')[0]).toMatch(why);
  });

  it.each<[string, (site: Site) => Site, RegExp]>([
    [
      'profile',
      (site) => ({
        ...site,
        devices: site.devices.map((one) => ({ ...one, profile: 'sunspec/battery-124' })),
      }),
      /^it was proven as sunspec\/battery-701$/,
    ],
    [
      'direction of a meter',
      (site) => ({
        ...site,
        meters: site.meters.map((one) => ({ ...one, direction: 'out-of-node' as const })),
      }),
      /another wiring/,
    ],
    [
      'rating',
      (site) => ({
        ...site,
        terminals: site.terminals.map((one) => ({ ...one, ratedInW: 9_000 })),
      }),
      /another wiring/,
    ],
    [
      'serial number',
      (site) => ({ ...site, devices: site.devices.map((one) => ({ ...one, serial: 'B2' })) }),
      /^it is of serial A1, the site file says B2$/,
    ],
  ])('another %s in the site file: it counts as none', (_name, change, why) => {
    const devices = SUNFIELD.devices.map((one) => ({ ...one, serial: 'A1' }));
    keepSimulatedRecords(dataDir, { ...SUNFIELD, devices }, 1_000);
    expect(kept({ ...SUNFIELD, devices }, 'inverter2').state).toBe('kept');
    const found = kept(change({ ...SUNFIELD, devices }), 'inverter2');
    expect(found.state === 'unfit' && found.why).toMatch(why);
  });

  it('a name or a priority is no wiring; the serial number that answered is bound', () => {
    keepSimulatedRecords(dataDir, SUNFIELD, 1_000);
    const identity = { maker: 'Acme', model: 'B50', serial: 'A1', firmware: '1' };
    keepRecord(place(), SUNFIELD, { ...recordOf('inverter2'), identity });
    const site = {
      ...SUNFIELD,
      buses: SUNFIELD.buses.map((bus, n) => ('port' in bus ? { ...bus, port: 600 + n } : bus)),
      terminals: SUNFIELD.terminals.map((one) => ({ ...one, name: 'Other', priority: 3 })),
    };
    const admitted = admit(place(), site, profileById);
    expect(admitted.commissioned.has('inverter2')).toBe(true);
    expect(admitted.site.devices.find(({ id }) => id === 'inverter2')?.serial).toBe('A1');
    // Without a serial number, another address may be another device.
    expect(admitted.commissioned.has('inverter1')).toBe(false);
  });

  it('what is not proven stays without control, terminal by terminal', () => {
    keepSimulatedRecords(dataDir, SUNFIELD, 1_000);
    const record = recordOf('inverter1');
    const terminals = record.terminals.map((one) => ({ ...one, proven: false }));
    keepRecord(place(), SUNFIELD, { ...record, proven: false, terminals });
    const { commissioned, stands } = admit(place(), SUNFIELD, profileById);
    expect([...commissioned]).toEqual(['inverter2']);
    expect(stands.find(({ device }) => device === 'inverter1')?.open).toEqual(['pv1']);
  });

  it('what was measured counts in place of what the site file supposed', () => {
    keepSimulatedRecords(dataDir, SUNFIELD, 1_000);
    const record = recordOf('inverter2');
    const [first] = record.terminals;
    if (first === undefined) throw new Error('an empty record');
    const meter = {
      ...{ meter: 'm-grid', device: 'meter1', of: 'grid', expectedGainShare: -1, gainShare: -1 },
      ...{ gainErrorShare: 0, phases: [], delayMs: 900, latencyMs: 640.4 },
      ...{ resolutionW: 1, noiseW: 2 },
    };
    const learned = { ...first.learned, delayMs: 1_300, lagMs: 210.2, meters: [meter] };
    keepRecord(place(), SUNFIELD, { ...record, terminals: [{ ...first, learned }] });
    const { site } = admit(place(), SUNFIELD, profileById);
    expect(site.terminals.map(({ responseMs }) => responseMs)).toEqual([2_000, 1_510]);
    expect(site.meters.map(({ latencyMs }) => latencyMs)).toEqual([640]);
  });

  it('full power after its time, at an export limit: refused until its own limit is proven', () => {
    const connections = SUNFIELD.connections.map((one) => ({
      ...one,
      defaultExportLimitW: 30_000,
    }));
    const site = {
      ...SUNFIELD,
      connections,
      control: { ...SUNFIELD.control, unprovenAllowed: ['inverter1'] },
    };
    keepSimulatedRecords(dataDir, site, 1_000);
    const before = admit(place(), site, profileById);
    expect([...before.commissioned]).toEqual(['inverter2']);
    expect(before.site.control.unprovenAllowed).toEqual([]);
    expect(before.sentences).toEqual([
      'inverter1 is not controlled: its timer gives it back to itself, and the site could then ' +
        'export 60.0\u202fkW where 30.0\u202fkW are allowed; set a limit in the device itself, ' +
        'enter it as ownLimitW and prove it',
    ]);
    const record = recordOf('inverter1');
    const [first] = record.terminals;
    const [finding] = first?.findings ?? [];
    if (first === undefined || finding === undefined) throw new Error('an empty record');
    const terminal = {
      ...first,
      findings: [...first.findings, { ...finding, kind: 'own-limit' as const }],
      learned: { ...first.learned, limitInW: 29_900 },
    };
    keepRecord(place(), site, { ...record, terminals: [terminal] });
    expect([...admit(place(), site, profileById).commissioned]).toEqual(['inverter1', 'inverter2']);
  });
});
