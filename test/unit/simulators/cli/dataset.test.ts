import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import { dayRange, readRecording, zoneOf } from '../../../../simulators/cli/dataset.ts';
import { startPlant, stepPlant } from '../../../../simulators/plant/plant.ts';
import { plantFromSite } from '../../../../simulators/sites/plant.ts';
import { driveFor, recordedSite } from '../../../../simulators/sites/recorded.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';
import { siteYaml } from '../../../../simulators/sites/yaml.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgewatt-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const csv = 'ts,load_kwh,pv_kwh\n2026-01-01T00:00,1,0\n2026-01-01T00:15,2,1\n';

test('gzip or plain, with the step, zone and battery that meta.json names', () => {
  put(
    'meta.json',
    JSON.stringify({
      step_minutes: 15,
      time_zone: 'Asia/Seoul',
      currency: 'kKRW (1000 KRW)',
      sites: { steel: { pv_kwp: 2, battery: { capacity_kwh: 4, power_kw: 2 } } },
    }),
  );
  const recording = readRecording(put('site_steel.csv.gz', gzipSync(csv)));
  expect(recording.dataset.fromMs).toBe(Date.UTC(2025, 11, 31, 15));
  expect(recording).toMatchObject({
    timeZone: 'Asia/Seoul',
    pvRatedW: 2_000,
    battery: { capacityWh: 4_000, powerW: 2_000 },
  });
  expect(readRecording(put('other.csv', csv)).battery).toBeUndefined();
  expect(recordedSite(recording, 'steel').currency).toBe('KRW');
});

test('files that cannot be used say so in one line', () => {
  expect(() => readRecording(join(folder, 'nowhere.csv'))).toThrow(
    /nowhere\.csv: cannot be read \(ENOENT\)/,
  );
  const damaged = gzipSync(csv).subarray(0, 20);
  expect(() => readRecording(put('cut.csv.gz', damaged))).toThrow(/cannot be read/);
  expect(() => dayRange('someday', 1, 'UTC')).toThrow(/--from: 'someday' is no date/);
  expect(dayRange('2026-03-29', 1, 'Europe/Berlin')).toEqual({
    fromMs: Date.UTC(2026, 2, 28, 23),
    untilMs: Date.UTC(2026, 2, 29, 22),
  });
});

test('a site that has no room for a recording is refused in one line', () => {
  const { dataset } = readRecording(put('other.csv', csv));
  expect(() => driveFor(SUNFIELD, dataset, 1)).toThrow(
    /0 uncontrolled loads for one recorded load/,
  );
  const own = recordedSite(
    { dataset, timeZone: 'UTC', currency: undefined, battery: undefined, pvRatedW: undefined },
    'own',
  );
  const small = own.terminals.map((one) =>
    one.id === 'rest' ? { ...one, ratedOutW: 6_000 } : one,
  );
  expect(() => driveFor({ ...own, terminals: small }, dataset, 1)).toThrow(
    /reaches 8\.0 kW, the site carries 6\.0 kW/,
  );
});

const shared = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));
const sets = [
  ['konstanz_de/site_res4.csv.gz', '2016-06-10'],
  ['steel_kr/site_steel.csv.gz', '2018-03-06'],
] as const;

test.runIf(existsSync(shared)).each(sets)(
  'a day of %s runs through a site of its size',
  (file, day) => {
    const timeZone = zoneOf(shared + file);
    const recording = readRecording(shared + file, dayRange(day, 1, timeZone));
    const { dataset } = recording;
    expect(dataset.untilMs - dataset.fromMs).toBe(86_400_000);
    const site = recordedSite(recording, 'played');
    const wired = { ...site, buses: site.buses.map((bus, n) => ({ ...bus, port: 1_600 + n })) };
    expect(parseSite(siteYaml(wired), profileById).complaints).toEqual([]);
    const plant = { ...plantFromSite(site, { seed: 1 }), subMs: 20_000 };
    const drive = driveFor(site, dataset, 1);
    const { state, truth } = stepPlant(
      plant,
      startPlant(plant, dataset.fromMs),
      {},
      drive,
      86_400_000,
    );
    const sum = (wh: readonly number[]): number => wh.reduce((total, value) => total + value, 0);
    expect(truth.places['rest']!.outWh).toBeCloseTo(sum(dataset.loadWh), 3);
    expect(truth.places['pv1']?.inWh ?? 0).toBeCloseTo(sum(dataset.pvWh), 3);
    expect(state.grid.inWh - state.grid.outWh).toBeCloseTo(
      sum(dataset.loadWh) - sum(dataset.pvWh),
      3,
    );
  },
);
