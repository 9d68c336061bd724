import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { profileById } from '../../../../devices/catalogue.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import type { BusSpec, Site } from '../../../../gateway/contracts/values/site.ts';
import type { DeviceImage, Setter } from '../../../../simulators/devices/types.ts';
import { startPlant, stepPlant } from '../../../../simulators/plant/plant.ts';
import { bindSite, deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites, demoSiteText, wired } from '../../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../../simulators/sites/history.ts';
import { siteYaml } from '../../../../simulators/sites/yaml.ts';

const monday = Date.UTC(2026, 5, 15);
const key = {
  keyId: 'k1',
  publicKey: 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
};
const buses = (site: Site): BusSpec[] =>
  site.buses.map((bus, n) =>
    bus.kind === 'serial' ? { ...bus, path: '/dev/pts/9' } : { ...bus, port: 1_500 + n },
  );

test('the three demo sites load without a complaint and come back as they were written', () => {
  for (const { site, comment } of demoSites(1)) {
    const real = wired(site, buses(site), key);
    const { site: loaded, complaints } = parseSite(demoSiteText(real, comment), profileById);
    expect(complaints).toEqual([]);
    const known = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)));
    expect(known(loaded)).toEqual(known(real));
  }
});

test('yaml: awkward strings, empty lists and absent keys survive', () => {
  const data = {
    a: 'no',
    b: '10',
    c: 'x: y',
    d: [],
    e: undefined,
    f: [{ g: [1, 2], h: 'ok' }],
    i: -5n,
  };
  expect(parse(siteYaml(data))).toEqual({
    a: 'no',
    b: '10',
    c: 'x: y',
    d: [],
    f: [{ g: [1, 2], h: 'ok' }],
    i: -5,
  });
  expect(siteYaml({ a: 1 }, 'one\ntwo')).toBe('# one\n# two\na: 1\n');
});

test('every terminal of a demo site has its place in the plant, and the ac node closes', () => {
  for (const { site, plant } of demoSites(2)) {
    const { truth } = stepPlant(plant, startPlant(plant, monday), {}, undefined, 5_000);
    for (const { id } of [...site.terminals, ...site.connections])
      expect(truth.places[id]).toBeDefined();
    const sum = Object.values(truth.places).reduce((w, p) => w + (p.dc ? 0 : p.powerW), 0);
    expect(Math.abs(sum)).toBeLessThan(1e-6);
  }
});

test('history: a week of quarter-hours to the start of the demo, factory at work', () => {
  const { plant } = demoSites(3)[1];
  const lines = historyCsv(plant, monday).trimEnd().split('\n');
  expect(lines[0]).toBe('ts,load_kwh,pv_kwh,compressor1_kwh,rest_kwh');
  expect(lines).toHaveLength(1 + 7 * 96);
  expect(lines[1]!.startsWith('2026-06-08T00:00Z,')).toBe(true);
  expect(lines.at(-1)!.startsWith('2026-06-14T23:45Z,')).toBe(true);
  const load = (line: string): number => Number(line.split(',')[1]);
  expect(load(lines[1]!)).toBeLessThan(5);
  expect(Math.max(...lines.slice(1).map(load))).toBeGreaterThan(20);
  expect(historyCsv(plant, monday, 1)).toBe(historyCsv(plant, monday, 1));
});

/** Registers as a plain table: what the seam puts and asks, without a wire. */
function table(site: Site) {
  const puts: Record<string, Record<string, number | undefined>> = {};
  const images = Object.fromEntries(
    site.devices.map((device) => {
      const profile = profileById(device.profile)!;
      const seen: Record<string, number | undefined> = {};
      puts[device.id] = seen;
      const follows: (() => void)[] = [];
      const known = new Set([...Object.keys(profile.points), ...Object.keys(profile.sums ?? {})]);
      const told: { now: ReturnType<DeviceImage['control']> } = { now: { ownMode: true } };
      const image = {
        id: device.id,
        map: { points: profile.points, sums: profile.sums },
        has: (name: string) => known.has(name),
        put: (name: string, value: number | undefined) => {
          seen[name] = value;
        },
        follow: (name: string, put: (set: Setter) => void) =>
          follows.push(() => put((value) => (seen[name] = value))),
        renew: () => {
          for (const put of follows) put();
        },
        control: () => told.now,
        told,
      };
      return [device.id, image];
    }),
  );
  return {
    puts,
    images: images as unknown as Record<string, DeviceImage & { told: { now: unknown } }>,
  };
}

test('truth reaches the registers with the sign of each box', () => {
  for (const { site, plant } of demoSites(1)) {
    const { puts, images } = table(site);
    const bound = bindSite(site, images, 1);
    const { truth } = stepPlant(
      plant,
      startPlant(plant, monday + 9 * 3_600_000),
      bound.commands(),
      undefined,
      60_000,
    );
    bound.put(truth);
    expect(puts['meter1']!['powerW']).toBe(truth.places['grid']!.powerW);
    expect(puts['meter1']!['inWh']).toBe(truth.places['grid']!.inWh);
    const phases = ['L1', 'L2', 'L3'].map((phase) => puts['meter1']![`power${phase}W`]!);
    expect(phases[0]! + phases[1]! + phases[2]!).toBeCloseTo(truth.places['grid']!.powerW, 6);
    if (site.id === 'brightworks') {
      expect(puts['meter2']!['powerW']).toBe(0 - truth.places['compressor1']!.powerW);
      expect(puts['meter2']!['inWh']).toBe(truth.places['compressor1']!.outWh);
      expect(puts['inverter1']!['socPct']).toBeCloseTo(60, 0);
    }
    if (site.id === 'millhouse') {
      expect(puts['hybrid1']!['powerW']).toBe(truth.places['hybrid1']!.powerW);
      expect(puts['hybrid1']!['battery.powerW']).toBe(truth.places['battery1']!.powerW);
      expect(puts['hybrid1']!['pv.powerW']).toBeUndefined(); // a sum: its parts are put
      const strings = puts['hybrid1']!['pv.string1PowerW']! + puts['hybrid1']!['pv.string2PowerW']!;
      expect(strings).toBeCloseTo(truth.places['pv1']!.powerW, 6);
      expect(puts['wallbox1']!['socPct']).toBeUndefined(); // no car at noon
      expect(puts['wallbox1']!['state']).toBe(0);
    }
  }
});

test('what devices are told reaches the plant, and own mode asks nothing', () => {
  const [field, factory, house] = demoSites(1).map((demo) => demo.site) as [Site, Site, Site];
  const asks = (site: Site, device: string, now: unknown) => {
    const { images } = table(site);
    images[device]!.told.now = now;
    return bindSite(site, images, 1).commands();
  };
  expect(asks(field, 'inverter2', { ownMode: false, setpointW: -9_000 })['battery1']).toEqual({
    setW: -9_000,
  });
  expect(asks(field, 'inverter2', { ownMode: true })['battery1']).toEqual({});
  expect(asks(field, 'inverter1', { ownMode: false, limitW: 30_000 })['pv1']).toEqual({
    limitW: 30_000,
  });
  expect(asks(factory, 'relay1', { ownMode: false, enabled: false })['compressor1']).toEqual({
    enable: false,
  });
  expect(asks(house, 'hybrid1', { ownMode: false, setpointW: 2_000 })['battery1']).toEqual({
    setW: 2_000,
  });
  expect(asks(house, 'wallbox1', { ownMode: false, currentA: 6 })['ev1']).toEqual({ currentA: 6 });
});

test('nameplates follow the site', () => {
  const [field, , house] = demoSites(1).map((demo) => deviceSettings(demo.site));
  expect(field!['inverter1']).toMatchObject({ ratedW: 60_000, strings: 2 });
  expect(field!['inverter2']).toMatchObject({
    ratedW: 50_000,
    chargeMaxW: 50_000,
    capacityWh: 100_000,
  });
  expect(house!['hybrid1']).toMatchObject({ ratedW: 8_000, capacityWh: 20_000 });
  expect(house!['wallbox1']).toMatchObject({ ratedW: 11_040 });
});
