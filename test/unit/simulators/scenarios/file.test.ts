import { expect, test } from 'vitest';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import { scenario } from '../../../../simulators/cli/scenario.ts';
import { loadScenario, parseScenario, shipped } from '../../../../simulators/cli/scenario-file.ts';

const FILE = `version: 1
title: Small
why: to read it
site: sunfield
start: 2026-06-17 12:00
for: 10 min
timeline:
  - start: sun pv1 30 kW
  - 12:03 as cloud: sun pv1 10 kW over 20 s
  - 12:05: fault inverter2 drop for 30 s
expect:
  - from 5 s after cloud ends: grid.powerW within -12..0 kW
  - within 10 s after fault: device inverter2 not ok
`;

const read = (text: string) => parseScenario(text, '/nowhere/small.yaml', 'small.yaml');

/** What, where and how of a file that is refused. */
function refused(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  throw new Error('the file was taken');
}

test('a file becomes times on the site clock, figures in W, and a script of the sun', () => {
  const scenario = read(FILE);
  const startMs = Date.parse('2026-06-17T10:00:00Z'); // 12:00 in Berlin
  expect(scenario.startMs).toBe(startMs);
  expect(scenario.untilMs - startMs).toBe(600_000);
  const [settled, device] = scenario.expectations;
  expect(settled?.scope).toEqual({
    hold: 'all',
    fromMs: startMs + 205_000,
    untilMs: startMs + 600_000,
  });
  expect(settled?.condition).toMatchObject({ kind: 'value', compare: { low: -12_000, high: 0 } });
  expect(device?.scope).toMatchObject({ hold: 'some', fromMs: startMs + 300_000 });
  const pv = scenario.plant.parts.find(({ id }) => id === 'pv1');
  expect(pv).toMatchObject({
    script: [
      { atMs: startMs, powerW: 30_000 },
      { atMs: startMs, powerW: 30_000 },
      { atMs: startMs + 180_000, powerW: 30_000 },
      { atMs: startMs + 200_000, powerW: 10_000 },
    ],
  });
});

test.each([
  ['grid.powerW within', 'gird.powerW within', "small.yaml:12: no place 'gird'"],
  [
    'from 5 s after cloud',
    'from 5 s after clod',
    "small.yaml:12: 'clod ends' is no time of this run",
  ],
  ['-12..0 kW', '0..-12 kW', "small.yaml:12: '0..-12 kW' is empty"],
  ['-12..0 kW', '-12..0 kWh', "small.yaml:12: 'kWh' is no unit here; write W or kW"],
  ['device inverter2 not ok', 'device inverter2 fine', "small.yaml:13: 'fine' is no state"],
  ['sun pv1 10 kW', 'sun pv2 10 kW', "small.yaml:9: no pv terminal 'pv2'"],
  ['drop for', 'vanish for', "small.yaml:10: no fault 'vanish'"],
  ['12:05: fault', '13:05: fault', 'small.yaml:10: 13:05 lies outside of the run'],
  ['fault inverter2', 'fault inverter9', "small.yaml:10: no device 'inverter9'"],
  ['sun pv1 30 kW', 'moon pv1 30 kW', "small.yaml:8: 'moon pv1 30 kW' is nothing that can happen"],
  ['sun pv1 30 kW', 'order pv1 charge', "small.yaml:8: 'order pv1 charge' is nothing that can"],
  ['sun pv1 30 kW', 'order pv1 off', "small.yaml:8: 'order pv1 off' has no end"],
  ['sun pv1 30 kW', 'order pv9 off for 5 min', "small.yaml:8: no terminal 'pv9'"],
  ['sun pv1 30 kW', 'event import 4 kW', "small.yaml:8: 'event import 4 kW' has no end"],
  ['site: sunfield', 'site: nofield', "small.yaml:4: no site 'nofield'"],
  ['for: 10 min', 'for: 10 parsecs', 'small.yaml:6: for: write a span'],
  ['version: 1', 'version: 2', 'small.yaml:1: version'],
  ['title: Small', 'titel: Small', 'small.yaml:1: title: missing'],
  ['start: 2026-06-17 12:00', 'start: 2026-03-29 02:30', 'small.yaml:5: there is no'],
])('%s as %s is refused with its line', (from, to, complaint) => {
  expect(refused(FILE.replace(from, to))).toContain(complaint);
});

test('a change of the site keeps the rules of a site file', () => {
  const changed = (change: string): string =>
    FILE.replace('start: 2026', `change:\n  ${change}\nstart: 2026`);
  const { site } = read(changed('connections.grid.fuseA: 125'));
  expect(site.connections[0]?.fuseA).toBe(125);
  expect(refused(changed('connections.gird.fuseA: 125'))).toContain("small.yaml:6: no 'gird'");
  expect(refused(changed('connections.grid.fuseA: much'))).toContain('small.yaml:6');
  // Its safe states would let it export more than it may.
  expect(refused(changed('connections.grid.defaultExportLimitW: 100'))).toContain('safe state');
});

test('times follow the site clock over its change', () => {
  const night = FILE.replace('2026-06-17 12:00', '2026-10-25 02:40')
    .replace('12:03 as cloud', '+3 min as cloud')
    .replace('12:05: fault', '03:05: fault')
    .replace('for: 10 min', 'for: 100 min');
  const { startMs, acts } = read(night);
  // An hour comes twice: 3:05 is 85 minutes after the first 2:40.
  const fault = acts.find(({ does }) => does.kind === 'fault');
  expect((fault?.atMs ?? 0) - startMs).toBe(85 * 60_000);
});

test('every shipped scenario is read, says why, and has a name of its own', () => {
  const names = shipped();
  expect(names.length).toBeGreaterThanOrEqual(25);
  const titles = names.map((name) => {
    const { title, why, expectations } = loadScenario(name);
    expect(why.length, name).toBeGreaterThan(60);
    expect(expectations.length, name).toBeGreaterThanOrEqual(2);
    return title;
  });
  expect(new Set(titles).size).toBe(titles.length);
  for (let pain = 1; pain <= 15; pain += 1) {
    const number = String(pain).padStart(2, '0');
    expect(
      names.some((name) => name.startsWith(`pain-${number}-`)),
      number,
    ).toBe(true);
  }
});

test.each([
  [{ names: [] }, /no scenario named; name one or more/],
  [{ against: ['nobody'] }, /'nobody' is nobody to run against/],
  [{ speed: 2 }, /virtual time has no speed; add --real/],
  [
    { names: ['export-limit'] },
    /did you mean export-limit-60-battery-full, export-limit-70, export-limit-battery-fills\?/,
  ],
])('the command refuses %j', async (given, complaint) => {
  const files = { junit: undefined, plot: undefined };
  const usual = { names: ['export-limit-70'], all: false, list: false, json: true, against: [] };
  const command = { ...usual, ...files, isReal: false, speed: 1, ...given };
  await expect(scenario(command)).rejects.toThrow(complaint);
});
