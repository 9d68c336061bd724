import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CATALOGUE, profileById } from '../../devices/catalogue.ts';
import { parseSite } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { BusSpec } from '../contracts/values/site.ts';
import { type Asker, createAsker, Interrupted, type Question } from './setup-ask.ts';
import { meterPart } from './setup-hybrid.ts';
import { type Answers, gatewayText, type Named, named, siteText } from './setup-site.ts';
import { Desk } from './survey/desk.ts';
import { placeOf } from './survey/line.ts';
import { unitsOf } from './survey/places.ts';
import { isSameBox, type Placed, scanField } from './survey/scan.ts';
import { sampleText, titleOf, whoText } from './survey/words.ts';

export interface SetupOptions {
  readonly host: readonly string[]; // HOST[:PORT]
  readonly serial: readonly string[]; // PATH[@BAUD]
  readonly units: string; // '1-10', '1,3'
  readonly force: boolean;
  readonly yes: boolean; // ask nothing
  readonly set: readonly string[]; // KEY=VALUE
}

const INTERRUPTED = 130; // as a shell says of Ctrl-C
const BY_ID = '/dev/serial/by-id';
const PACING = { timeoutMs: 700, pauseMs: 20, connectMs: 2_000 };
const POSITIVE = /^(?!0+(\.0+)?$)\d+(\.\d+)?$/;
const DEGREES = /^-?\d+(\.\d+)?$/;
const NUMBER = 'a number above 0, as in 35 or 7.5';

type Known = Exclude<keyof Answers, 'gridMeter'>;
const QUESTIONS: Readonly<Record<Known, readonly [string, string, RegExp, string]>> = {
  name: ['What is the site called?', 'Site', /^.{1,60}$/, 'at most 60 characters'],
  timeZone: ['Its time zone?', 'Europe/Berlin', /^[A-Za-z_]+(\/[\w+-]+)*$/, 'as in Europe/Berlin'],
  latitudeDeg: ['Latitude in degrees?', '52.5', DEGREES, 'north is plus, as in 52.5'],
  longitudeDeg: ['Longitude in degrees?', '13.4', DEGREES, 'east is plus, as in 13.4'],
  currency: ['Currency?', 'EUR', /^[A-Z]{3}$/, 'three capital letters, as in EUR'],
  fuseA: ['Main fuse, ampere per phase?', '35', POSITIVE, NUMBER],
  priceNanoPerWh: [
    'Price of energy, micro-currency per kWh?',
    '300000',
    /^\d+$/,
    'a whole number: 300000 is 0.30 a kWh',
  ],
  pvW: ['Rated power of each PV inverter, W?', '10000', POSITIVE, NUMBER],
  batteryW: ['Rated power of each battery, W?', '5000', POSITIVE, NUMBER],
  batteryWh: ['Usable energy of each battery, Wh?', '10000', POSITIVE, NUMBER],
};
const FORMS: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(Object.entries(QUESTIONS).map(([key, [, , ok]]) => [key, ok])),
  gridMeter: /^device\d+$/,
};
const print = (line: string): void => void process.stderr.write(`${line}\n`);

function busesOf({ host: hosts, serial: lines }: Pick<SetupOptions, 'host' | 'serial'>): BusSpec[] {
  const tcp = hosts.map((place, index): BusSpec => {
    const [host = '', port = '502'] = place.split(':');
    if (host === '' || !(Number(port) > 0 && Number(port) < 65_536)) {
      throw new Fault('not a host', `--host ${place}`, 'write HOST or HOST:PORT');
    }
    return { id: `lan${index + 1}`, kind: 'tcp', host, port: Number(port) };
  });
  const serial = lines.map((place, index): BusSpec => {
    const [path = '', baud = '9600'] = place.split('@');
    if (path === '' || !/^\d+$/.test(baud)) {
      throw new Fault('not a serial line', `--serial ${place}`, 'write PATH or PATH@9600');
    }
    const id = `serial${index + 1}`;
    return { id, kind: 'serial', path, baud: Number(baud), parity: 'none', stopBits: 1 };
  });
  return [...tcp, ...serial];
}

const places = (text: string): string[] => text.split(/[\s,]+/).filter((place) => place !== '');

/** What to look at: as named, or as asked; adapters that are plugged in are proposed. */
async function wires(options: SetupOptions, asker: Asker): Promise<BusSpec[]> {
  const isNamed = options.host.length + options.serial.length > 0;
  if (isNamed || !asker.isAsking) return busesOf(options);
  const hint = 'separate several by spaces';
  const question = { ok: /^/, hint } as const;
  const host = await asker.ask({
    ...question,
    key: 'host',
    text: 'Addresses of Modbus TCP devices, HOST or HOST:PORT?',
    standard: '',
  });
  const plugged = existsSync(BY_ID) ? readdirSync(BY_ID).sort() : [];
  const serial = await asker.ask({
    ...question,
    key: 'serial',
    text: 'RS-485 lines, PATH or PATH@BAUD?',
    standard: plugged.map((name) => join(BY_ID, name)).join(' '),
  });
  return busesOf({ host: places(host), serial: places(serial) });
}

/** Everybody on the wires, one device once. */
async function scan(
  dir: string,
  buses: readonly BusSpec[],
  units: readonly number[],
): Promise<Placed[]> {
  const desk = new Desk(dir, PACING);
  const field = {
    hosts: buses.filter(({ kind }) => kind !== 'serial'),
    lines: buses.filter(({ kind }) => kind === 'serial').map((bus) => [bus]),
    units,
  };
  try {
    const { placed } = await scanField(desk, field, CATALOGUE, {
      begun: (bus) => print(`Looking at ${placeOf(bus)}, units ${units[0]} to ${units.at(-1)} ...`),
      closed: (bus, why) => print(`  ${placeOf(bus)}: ${why}`),
    });
    return placed.filter((one, index) => {
      const twin = placed.slice(0, index).find(({ found }) => isSameBox(found, one.found));
      const note = twin === undefined ? '' : ', the same device once more: left out';
      const who = whoText(one.found);
      const words = `${titleOf(one.found)}${who === '' ? '' : ` (${who})`}${note}`;
      print(`  ${placeOf(one.bus)} unit ${one.found.unit}: ${words}`);
      return twin === undefined;
    });
  } finally {
    desk.close();
  }
}

/** Several meters look alike on a wire; which one is at the connection nobody can read there. */
async function gridMeter(devices: readonly Named[], asker: Asker): Promise<string> {
  const meters = devices.filter(({ found }) => meterPart(found.profile) !== undefined);
  const [only] = meters;
  if (meters.length < 2) return only?.id ?? '';
  print('Several meters answer:');
  for (const { id, bus, found } of meters) {
    print(`  ${id}: ${bus.id} unit ${found.unit}, ${sampleText(found)}`);
  }
  const names = meters.map(({ id }) => id);
  return asker.ask({
    key: 'gridMeter',
    text: 'Which one measures the grid connection?',
    standard: undefined,
    ok: new RegExp(`^(${names.join('|')})$`),
    hint: `one of: ${names.join(', ')}`,
  });
}

async function answersOf(devices: readonly Named[], asker: Asker): Promise<Answers> {
  const answers: Record<string, string | number> = { gridMeter: await gridMeter(devices, asker) };
  for (const [key, [text, standard, ok, hint]] of Object.entries(QUESTIONS)) {
    const question: Question = { key, text, standard, ok, hint };
    const value = await asker.ask(question);
    answers[key] = hint === NUMBER || ok === DEGREES || key === 'priceNanoPerWh' ? +value : value;
  }
  return answers as unknown as Answers;
}

/** The package has a place for data; elsewhere it stands beside the files. */
const dataDirOf = (dir: string): string =>
  dir === '/etc/edgewatt' ? '/var/lib/edgewatt/data' : 'data';

/** Said before half an hour of answers, not after it. */
function mustBeWritable(dir: string): void {
  let place = dir;
  while (!existsSync(place) && place !== dirname(place)) place = dirname(place);
  try {
    accessSync(`${place}/.`, constants.W_OK); // with the dot it must be a folder
  } catch {
    throw new Fault('may not be written', place, 'run setup with sudo, or name another folder');
  }
}

/**
 * All of a file or nothing; what was there before is kept beside it. The folder's group is the
 * service's, which must be able to read what root writes.
 */
function replace(file: string, text: string): void {
  if (existsSync(file)) {
    copyFileSync(file, `${file}.old`);
    print(`What was in ${file} is now in ${file}.old.`);
  }
  const fresh = `${file}.new`;
  try {
    writeFileSync(fresh, text, { flush: true });
    chmodSync(fresh, 0o640);
    if (process.getuid?.() === 0) chownSync(fresh, 0, statSync(dirname(file)).gid);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Fault(
      `cannot be written (${(error as Error).message})`,
      file,
      'mend that, try again',
    );
  }
}

function write(dir: string, text: string, force: boolean): void {
  const [site, gateway] = [join(dir, 'site.yaml'), join(dir, 'gateway.yaml')];
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  if (!existsSync(gateway) || force) replace(gateway, gatewayText(dataDirOf(dir)));
  replace(site, text); // last: a folder with it is complete
  print(`${site} and ${gateway} are written; the gateway will only observe.`);
  print(`Next: edgewatt doctor ${dir}, then edgewatt run ${dir}`);
}

/** Scans, asks, and writes a site file that measures and does not control. @returns exit code */
export async function setup(dir: string, options: SetupOptions): Promise<number> {
  const site = join(dir, 'site.yaml');
  if (existsSync(site) && !options.force) {
    throw new Fault('there is a site already', site, 'name another folder, or --force');
  }
  mustBeWritable(dir);
  const units = unitsOf(options.units);
  const asker = createAsker(options.set, FORMS, options.yes);
  try {
    const buses = await wires(options, asker);
    if (buses.length === 0) {
      throw new Fault('nothing to scan', 'edgewatt setup', 'name --host HOST or --serial PATH');
    }
    const devices = named(await scan(dir, buses, units));
    if (!devices.some(({ found }) => meterPart(found.profile) !== undefined)) {
      const mend = 'check wiring, unit and baud rate of the meter at the grid connection';
      throw new Fault('no meter that we know answers', 'scan', mend);
    }
    const text = siteText(devices, await answersOf(devices, asker));
    const [first] = parseSite(text, profileById).complaints;
    if (first !== undefined) throw new Fault(`${first.path}: ${first.what}`, 'setup', first.mend);
    write(dir, text, options.force);
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    print('\nInterrupted: nothing was written.');
    return INTERRUPTED;
  }
}
