import type { BusSpec } from '../contracts/values/site.ts';
import { dcNode, hasStore, hybridLines, meterPart } from './setup-hybrid.ts';
import type { Placed } from './survey/scan.ts';
import { sampleText, whoText } from './survey/words.ts';

/** What nobody can read off a wire. */
export interface Answers {
  readonly name: string;
  readonly timeZone: string;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly currency: string;
  readonly fuseA: number;
  readonly priceNanoPerWh: number;
  readonly pvW: number;
  readonly batteryW: number;
  readonly batteryWh: number;
  readonly gridMeter: string; // id of the device that measures the connection
}

const VOLTAGE_V = 230;
const PHASES = 3;
const WEEK = '{ weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, untilMinute: 1440';

const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-$/g, '')
    .slice(0, 30) || 'site';
const text = (value: string): string => JSON.stringify(value);

function busLine(bus: BusSpec): string {
  if (bus.kind !== 'serial') {
    return `  - { id: ${bus.id}, kind: ${bus.kind}, host: ${text(bus.host)}, port: ${bus.port} }`;
  }
  const { id, path, baud, parity } = bus;
  return `  - { id: ${id}, kind: serial, path: ${text(path)}, baud: ${baud}, parity: ${parity} }`;
}

export interface Named extends Placed {
  readonly id: string;
}

/** What a profile knows gets an id, in the order in which it was found. */
export function named(placed: readonly Placed[]): Named[] {
  const known = placed.filter(({ found }) => found.profile !== undefined);
  return known.map((one, index) => ({ ...one, id: `device${index + 1}` }));
}

function terminalLines(devices: readonly Named[], answers: Answers): string[] {
  const lines: string[] = [];
  const of = (role: string): readonly Named[] =>
    devices.filter(({ found }) => found.profile?.role === role);
  for (const [index, { id }] of of('pv-inverter').entries()) {
    lines.push(
      `  - { id: pv${index + 1}, name: PV ${index + 1}, node: main, kind: pv, device: ${id}, ` +
        `ratedInW: ${answers.pvW} }`,
    );
  }
  for (const [index, { id }] of of('battery-inverter').entries()) {
    const { batteryW: w } = answers;
    lines.push(
      `  - { id: battery${index + 1}, name: Battery ${index + 1}, node: main, kind: battery, ` +
        `device: ${id},`,
      `      ratedInW: ${w}, ratedOutW: ${w} }`,
    );
  }
  let battery = of('battery-inverter').length;
  for (const [index, { id, found }] of of('hybrid').entries()) {
    if (hasStore(found.profile)) battery += 1;
    const numbers = { hybrid: index + 1, battery };
    lines.push(...hybridLines({ id, profile: found.profile }, numbers, answers));
  }
  lines.push(
    `  - { id: rest, name: Consumption, node: main, kind: load, ratedOutW: ${mostW(answers)} }`,
  );
  return lines;
}

const mostW = ({ fuseA }: Answers): number => Math.floor(fuseA * VOLTAGE_V * PHASES);

function storeLines(devices: readonly Named[], answers: Answers): string[] {
  const batteries = devices.filter(
    ({ found }) => found.profile?.role === 'battery-inverter' || hasStore(found.profile),
  );
  if (batteries.length === 0) return [];
  const entries = batteries.map(
    (_, index) =>
      `  - { id: store${index + 1}, terminal: battery${index + 1}, ` +
      `usableWh: ${answers.batteryWh}, socMinPct: 10, socMaxPct: 90 }`,
  );
  return ['stores: # usable energy and the band of its state of charge', ...entries];
}

function deviceLines({ id, bus, found }: Named, answers: Answers): string[] {
  const sample = sampleText(found);
  const who = whoText(found);
  const about = `${who === '' ? '' : ` (${who})`}${sample === '' ? '' : `: ${sample}`}`;
  const isIdle = found.profile?.role === 'meter' && id !== answers.gridMeter;
  return [
    `  # ${found.profile?.title}${about}`,
    ...(isIdle ? ['  # Not used yet: say under meters what it measures.'] : []),
    `  - { id: ${id}, bus: ${bus.id}, unit: ${found.unit}, profile: ${found.profile?.id} }`,
  ];
}

/**
 * The site file of what was found: it measures and controls nothing, until somebody has proven the
 * wiring and says so in `terminals.control`.
 */
export function siteText(devices: readonly Named[], answers: Answers): string {
  const id = idOf(answers.name);
  const buses = [...new Map(devices.map(({ bus }) => [bus.id, bus])).values()];
  const w = mostW(answers);
  const hybrids = devices.filter(({ found }) => found.profile?.role === 'hybrid');
  const grid = devices.find((one) => one.id === answers.gridMeter);
  const part = meterPart(grid?.found.profile) || undefined;
  return [
    '# Written by edgewatt setup; edgewatt config check SITE.yaml says what is wrong with it.',
    'version: 1',
    `id: ${id}`,
    'tenant: home',
    `gateway: gw-${id}`,
    `participant: ${id}`,
    `name: ${text(answers.name)}`,
    'zone: z1 # the market zone',
    `place: { latitudeDeg: ${answers.latitudeDeg}, longitudeDeg: ${answers.longitudeDeg}, ` +
      `timeZone: ${answers.timeZone} }`,
    `currency: ${answers.currency}`,
    'gridCode: vde-ar-n-4105',
    'buses:',
    ...buses.map(busLine),
    'nodes:',
    '  - { id: main, kind: ac, phases: 3 }',
    ...hybrids.map((_, index) => `  - { id: ${dcNode(index + 1)}, kind: dc, phases: 1 }`),
    'connections:',
    '  - id: grid',
    '    node: main',
    '    meteringPoint: unknown # as on the bill',
    `    fuseA: ${answers.fuseA}`,
    '    # What the contract and the grid operator allow; here what the fuse carries.',
    `    contractedImportW: ${w}`,
    `    contractedExportW: ${w}`,
    `    defaultImportLimitW: ${w}`,
    `    defaultExportLimitW: ${w}`,
    '    # Without word from the grid operator.',
    '    failsafeImportLimitW: 4200',
    `    failsafeExportLimitW: ${w}`,
    '    tariff:',
    `      { id: flat, currency: ${answers.currency}, timeZone: ${answers.timeZone}, ` +
      `source: edgewatt setup, components: [`,
    `        { id: energy, kind: energy-import, windows: [${WEEK}, ` +
      `priceNanoPerWh: ${answers.priceNanoPerWh} }] },`,
    `        { id: feed-in, kind: energy-export, windows: [${WEEK}, priceNanoPerWh: 0 }] }] }`,
    'devices:',
    ...devices.flatMap((one) => deviceLines(one, answers)),
    'terminals: # nothing is controlled yet: add control: limit or setpoint once proven',
    ...terminalLines(devices, answers),
    ...storeLines(devices, answers),
    'meters: # into-node: the meter counts import as plus; prove it with a kettle',
    `  - { id: m1, of: grid, device: ${answers.gridMeter}, ` +
      `${part === undefined ? '' : `part: ${part}, `}direction: into-node, class: control }`,
    'residuals:',
    '  - { node: main, terminal: rest } # what the meter sees and nothing else explains',
    'control: { active: false } # observing only',
    '',
  ].join('\n');
}

export const gatewayText = (dataDir: string): string =>
  [
    '# Written by edgewatt setup: what belongs to this box and not to the site.',
    'version: 1',
    `dataDir: ${dataDir} # relative to this file, or absolute`,
    'page:',
    '  host: 127.0.0.1 # 0.0.0.0 opens the page to the network; then set tls, too',
    '  port: 8080',
    '  # tls: { certFile: page.crt, keyFile: page.key }',
    '',
  ].join('\n');
