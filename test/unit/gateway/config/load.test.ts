import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { parseSite } from '../../../../gateway/config/load.ts';

const barn = readFileSync(new URL('../../../fixtures/sites/barn.yaml', import.meta.url), 'utf8');

/** The one complaint that a change of the sound file brings, as `line path what; mend`. */
function complaint(from: string, to: string): string {
  expect(barn).toContain(from);
  const { site, complaints } = parseSite(barn.replace(from, to), profileById);
  expect(site).toBeUndefined();
  const first = complaints[0];
  return `${first?.line} ${first?.path}: ${first?.what}; ${first?.mend}`;
}

describe('a site file', () => {
  it('is read when it is sound, with defaults filled in', () => {
    const { site, complaints } = parseSite(barn, profileById);
    expect(complaints).toEqual([]);
    expect(site?.terminals.find((t) => t.id === 'battery1')?.safeState).toEqual({ kind: 'zero' });
    expect(site?.connections[0]?.settlementMs).toBe(900_000);
    expect(site?.control.active).toBe(true);
  });

  it('is refused for an unknown key, with its line', () => {
    expect(complaint('    fuseA: 63', '    fuseAmps: 63')).toMatch(
      /^(1[0-9]|2[0-9]) connections\[0\]/,
    );
    expect(complaint('gridCode: vde', 'colour: red\ngridCode: vde')).toBe(
      "11 colour: unknown key 'colour'; remove it or correct its spelling " +
        '(docs/formats.md lists the keys)',
    );
  });

  it('names the unit where kW stands for W', () => {
    expect(complaint('ratedInW: 20000', 'ratedInKW: 20')).toContain(
      'units are fixed: write ratedInW in that unit',
    );
  });

  it('is refused for a duplicate id', () => {
    expect(complaint('id: inverter2, bus: lan2', 'id: meter1, bus: lan2')).toContain(
      "the id 'meter1' is taken by devices[0]",
    );
  });

  it('is refused for RTU in seven bits', () => {
    const lan1 = '  - { id: lan1,';
    const again = '  - { id: lan9, kind: serial, path: /dev/x, baud: 9600, dataBits: 7 }';
    expect(complaint(lan1, `${again}\n${lan1}`)).toContain('RTU has characters of 8 bits');
  });

  it('is refused for two devices with one unit id on a bus', () => {
    expect(complaint('bus: lan1, unit: 2', 'bus: lan1, unit: 1')).toContain(
      "unit 1 on bus 'lan1' is already devices[0]",
    );
  });

  it('is refused for a nameplate that is three zeros off', () => {
    expect(complaint('ratedInW: 20000', 'ratedInW: 20000000')).toMatch(
      /ratedInW: 20000000 W is 460 times what the fuses carry; enter what the nameplate says/,
    );
    const usable = /usableWh: \d+/.exec(barn)?.[0] ?? '';
    expect(complaint(usable, `${usable}000`)).toMatch(/Wh are \d+ hours at the power of its/);
  });

  it('is refused for an impossible limit', () => {
    expect(complaint('contractedImportW: 30000', 'contractedImportW: 90000')).toContain(
      '90000 W cannot pass a fuse of 63 A (43470 W)',
    );
    expect(complaint('defaultExportLimitW: 12000', 'defaultExportLimitW: 25000')).toContain(
      '25000 W is above contractedExportW (20000 W)',
    );
  });

  it('is refused for a part-load curve that no battery has', () => {
    const of = (points: string): string =>
      complaint('socMaxPct: 95', `socMaxPct: 95, chargeCurve: [${points}]`);
    const [low, high] = [
      '{ powerW: 500, efficiencyPct: 90 }',
      '{ powerW: 2000, efficiencyPct: 95 }',
    ];
    expect(of(`${high}, ${low}`)).toContain(
      'chargeCurve[1].powerW: 500 W stands after 2000 W; write the points by rising power',
    );
    expect(of(`${high}, { powerW: 2100, efficiencyPct: 60 }`)).toContain(
      'chargeCurve[1].efficiencyPct: at 2100 W the store takes 1260 W, no more than at 2000 W',
    );
    expect(of('{ powerW: 500, efficiencyPct: 120 }')).toMatch(/efficiencyPct: .*100/);
    const sound = barn.replace('socMaxPct: 95', `socMaxPct: 95, dischargeCurve: [${low}, ${high}]`);
    expect(parseSite(sound, profileById).site?.stores[0]?.dischargeCurve).toHaveLength(2);
  });

  it('is refused for terms of a plan that cannot be kept', () => {
    const more = (terms: string): string => complaint('socMaxPct: 95', `socMaxPct: 95, ${terms}`);
    expect(more('ready: { minuteOfDay: 1020, socPct: 99 }')).toContain(
      'ready.socPct: 99 % are above socMaxPct (95 %); enter at most 95',
    );
    expect(more('mayExport: never')).toContain('mayExport');
    expect(more('endValueNanoPerWh: -1')).toContain('endValueNanoPerWh');
    const rest = 'kind: load, ratedOutW: 30000';
    expect(complaint(rest, `${rest}, duty: { minutesPerDay: 60 }`)).toContain(
      'duty: hours are for a load that is switched',
    );
    expect(complaint(rest, `${rest}, premiumNanoPerWh: 1000`)).toContain(
      "a premium is paid for production, and this is of kind 'load'; leave it out",
    );
    expect(
      complaint(rest, `${rest}, duty: { minutesPerDay: 300, fromMinute: 600, untilMinute: 800 }`),
    ).toContain('hours are for a load that is switched');
    expect(complaint('kind: energy-import', 'kind: excess\n          on: import')).toContain(
      'components[0]',
    );
  });

  it('is refused when all safe states together break the export limit', () => {
    expect(complaint('limitW: 12000', 'limitW: 15000')).toContain(
      'with every safe state in force the site could export 15000 W',
    );
  });

  it('is refused for a name that nothing bears', () => {
    expect(complaint('of: grid', 'of: gird')).toContain(
      "no connection, edge or terminal is called 'gird'; name one of: grid, pv1, battery1, rest",
    );
    expect(complaint('profile: sunspec/meter-203', 'profile: sunspec/meter')).toContain(
      "no profile is called 'sunspec/meter'",
    );
  });

  it('is refused for a time zone that does not exist and for text that is no YAML', () => {
    expect(complaint('timeZone: Europe/Berlin }', 'timeZone: Europe/Bonn }')).toContain(
      'not an IANA time zone',
    );
    expect(complaint('devices:', 'devices: [')).toContain('not YAML');
    expect(complaint('gridCode: vde', 'gridCode: *vde\n#')).toMatch(
      /^11 the file: not YAML \(Unresolved alias .*; write out what \*name stands for/,
    );
    const tenfold = (name: string, of: string) => `${name}: &${name} [${`*${of}, `.repeat(10)}]`;
    const laughs = [
      'a: &a [x]',
      ...['b', 'c', 'd', 'e'].map((n, i) => tenfold(n, 'abcd'[i] ?? '')),
    ];
    expect(complaint('gridCode: vde', `${laughs.join('\n')}\ngridCode: vde`)).toMatch(
      /the file: not YAML \(Excessive alias count/,
    );
  });
});

it('is refused when two buses lead to one place: a wire has one owner', () => {
  expect(complaint('port: 1503', 'port: 1502')).toBe(
    "14 buses[1]: bus 'lan2' leads to 127.0.0.1:1502, and so does 'lan1'; " +
      "put its devices on bus 'lan1'",
  );
});

describe('what a device can do', () => {
  const battery = 'id: inverter2, bus: lan2, unit: 1, profile: sunspec/battery-701';

  it('a device without a map of its own names who speaks for it', () => {
    const to = battery.replace('sunspec/battery-701', 'byd/battery-box');
    expect(complaint(battery, to)).toMatch(
      /'byd\/battery-box' has no Modbus of its own; read it through its inverter: fronius\/gen24/,
    );
  });

  it('no timer is accepted by name only; an unproven one is proven at commissioning', () => {
    const to = battery.replace('sunspec/battery-701', 'sma/sunny-island');
    expect(parseSite(barn.replace(battery, to), profileById).complaints).toEqual([]);
    const pv = 'unit: 2, profile: sunspec/pv-inverter';
    const without = pv.replace('sunspec/pv-inverter', 'huawei/sun2000-luna');
    expect(complaint(pv, without)).toContain("device 'inverter1' has no reversion timer");
    const allowed = barn.replace(pv, `${without}, allowWithoutReversion: true`);
    expect(parseSite(allowed, profileById).complaints).toEqual([]);
  });

  it('the meter of a connection is the meter behind a hybrid, not the hybrid', () => {
    const meter = 'id: meter1, bus: lan1, unit: 1, profile: sunspec/meter-203';
    const hybrid = barn.replace(meter, meter.replace('sunspec/meter-203', 'huawei/sun2000-luna'));
    const said = parseSite(hybrid, profileById).complaints[0];
    expect(said?.what).toBe("the power of 'huawei/sun2000-luna' is that of its converter");
    expect(said?.mend).toContain('part: meter');
    const mended = hybrid.replace('device: meter1,', 'device: meter1, part: meter,');
    expect(parseSite(mended, profileById).complaints).toEqual([]);
    const wrong = mended.replace('part: meter,', 'part: battery2,');
    expect(parseSite(wrong, profileById).complaints[0]?.what).toContain('has no battery2.powerW');
  });
});
