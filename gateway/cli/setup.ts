import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { profileById } from '../../devices/catalogue.ts';
import { scanBus } from '../adapters/modbus/probe.ts';
import { parseSite } from '../config/load.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { BusSpec } from '../contracts/values/site.ts';
import { type Answers, gatewayText, type Placed, siteText } from './setup-site.ts';

export interface SetupOptions {
  readonly host: readonly string[]; // HOST[:PORT]
  readonly serial: readonly string[]; // PATH[@BAUD]
  readonly units: string; // '1-10', '1,3'
  readonly force: boolean;
  readonly yes: boolean; // ask nothing
  readonly set: readonly string[]; // KEY=VALUE
}

type Key = keyof Answers;
type Question = readonly [question: string, standard: string, ok: RegExp];

const POSITIVE = /^\d+(\.\d+)?$/;
const DEGREES = /^-?\d+(\.\d+)?$/;
const QUESTIONS: Readonly<Record<Key, Question>> = {
  name: ['What is the site called?', 'Site', /^.{1,60}$/],
  timeZone: ['Its time zone?', 'Europe/Berlin', /^[A-Za-z_]+(\/[\w+-]+)*$/],
  latitudeDeg: ['Latitude in degrees?', '52.5', DEGREES],
  longitudeDeg: ['Longitude in degrees?', '13.4', DEGREES],
  currency: ['Currency?', 'EUR', /^[A-Z]{3}$/],
  fuseA: ['Main fuse, ampere per phase?', '35', POSITIVE],
  priceNanoPerWh: ['Price of energy, micro-currency per kWh?', '300000', /^\d+$/],
  pvW: ['Rated power of each PV inverter, W?', '10000', POSITIVE],
  batteryW: ['Rated power of each battery, W?', '5000', POSITIVE],
  batteryWh: ['Usable energy of each battery, Wh?', '10000', POSITIVE],
};
const print = (line: string): void => void process.stderr.write(`${line}\n`);

/** '1-3,7' -> 1, 2, 3, 7 */
function unitsOf(words: string): number[] {
  const units = words.split(',').flatMap((part) => {
    const [from = Number.NaN, until = from] = part.split('-').map(Number);
    return Array.from({ length: until - from + 1 }, (_, index) => from + index);
  });
  const isFine = units.length > 0 && units.every((unit) => unit >= 0 && unit <= 247);
  if (isFine) return units;
  throw new Fault('not a range of units', `--units ${words}`, 'write 1-10 or 1,3');
}

function busesOf(options: SetupOptions): BusSpec[] {
  const hosts = options.host.map((place, index): BusSpec => {
    const [host = '', port = '502'] = place.split(':');
    if (host === '' || !(Number(port) > 0 && Number(port) < 65_536)) {
      throw new Fault('not a host', `--host ${place}`, 'write HOST or HOST:PORT');
    }
    return { id: `lan${index + 1}`, kind: 'tcp', host, port: Number(port) };
  });
  const lines = options.serial.map((place, index): BusSpec => {
    const [path = '', baud = '9600'] = place.split('@');
    if (!/^\d+$/.test(baud)) {
      throw new Fault('not a serial line', `--serial ${place}`, 'write PATH or PATH@9600');
    }
    const id = `serial${index + 1}`;
    return { id, kind: 'serial', path, baud: Number(baud), parity: 'none', stopBits: 1 };
  });
  if (hosts.length + lines.length > 0) return [...hosts, ...lines];
  throw new Fault('nothing to scan', 'edgewatt setup', 'name --host HOST or --serial PATH');
}

async function scan(buses: readonly BusSpec[], units: readonly number[]): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const bus of buses) {
    const place = bus.kind === 'serial' ? bus.path : `${bus.host}:${bus.port}`;
    print(`Looking at ${place}, units ${units[0]} to ${units.at(-1)} ...`);
    try {
      for (const found of await scanBus(bus, units)) {
        placed.push({ bus, found });
        const name = found.profile?.title ?? 'a SunSpec device that no profile fits';
        const who = Object.values(found.identity).filter(Boolean).join(' ');
        print(`  unit ${found.unit}: ${name}${who === '' ? '' : ` (${who})`}`);
      }
    } catch (error) {
      print(`  no answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return placed;
}

async function ask(options: SetupOptions): Promise<Answers> {
  const given = new Map(options.set.map((pair) => pair.split('=', 2) as [string, string]));
  for (const key of given.keys()) {
    if (Object.hasOwn(QUESTIONS, key)) continue;
    const known = Object.keys(QUESTIONS).join(', ');
    throw new Fault('unknown', `--set ${key}`, `one of: ${known}`);
  }
  const isAsking = !options.yes && process.stdin.isTTY === true;
  const lines = isAsking
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  const answers: Record<string, string | number> = {};
  for (const [key, [question, standard, ok]] of Object.entries(QUESTIONS)) {
    const typed = given.has(key) ? undefined : await lines?.question(`${question} [${standard}] `);
    const value = given.get(key) ?? (typed || standard);
    if (!ok.test(value)) throw new Fault(`'${value}' is no answer to: ${question}`, key, standard);
    answers[key] = ok === POSITIVE || ok === DEGREES || key === 'priceNanoPerWh' ? +value : value;
  }
  lines?.close();
  return answers as unknown as Answers;
}

/** The package has a place for data; elsewhere it stands beside the files. */
const dataDirOf = (dir: string): string =>
  dir === '/etc/edgewatt' ? '/var/lib/edgewatt/data' : 'data';

/** Scans, asks, and writes a site file that measures and does not control. @returns exit code */
export async function setup(dir: string, options: SetupOptions): Promise<number> {
  const site = join(dir, 'site.yaml');
  if (existsSync(site) && !options.force) {
    throw new Fault('there is a site already', site, 'name another folder, or --force');
  }
  const placed = await scan(busesOf(options), unitsOf(options.units));
  if (!placed.some(({ found }) => found.profile?.role === 'meter')) {
    const mend = 'check wiring, unit and baud rate of the meter at the grid connection';
    throw new Fault('no meter that we know answers', 'scan', mend);
  }
  const text = siteText(placed, await ask(options));
  const [first] = parseSite(text, profileById).complaints;
  if (first !== undefined) throw new Fault(`${first.path}: ${first.what}`, 'setup', first.mend);
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  writeFileSync(site, text);
  const gateway = join(dir, 'gateway.yaml');
  if (!existsSync(gateway) || options.force) writeFileSync(gateway, gatewayText(dataDirOf(dir)));
  print(`${site} and ${gateway} are written; the gateway will only observe.`);
  print(`Next: edgewatt doctor ${dir}, then edgewatt run ${dir}`);
  return 0;
}
