import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { recordPage, type Seal } from '../commissioning/page.ts';
import {
  admit,
  commandedBy,
  type DeviceStand,
  keepRecord,
  recordFile,
} from '../config/commissioning.ts';
import { type GatewayFile, loadGateway } from '../config/gateway-file.ts';
import { profilesBeside } from '../config/profiles.ts';
import { runningSite } from '../config/running-site.ts';
import type {
  CommissioningRecord,
  Identity,
  ProgramStep,
  Severity,
  TerminalResult,
} from '../contracts/values/commissioning.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site, Terminal } from '../contracts/values/site.ts';
import { doing, power } from '../contracts/values/words.ts';
import { conduct } from './commission/conduct.ts';
import { openStand, type Stand } from './commission/stand.ts';
import { print, printJson, tell } from './output.ts';
import { createAsker, Interrupted } from './setup-ask.ts';

export interface CommissionOptions {
  readonly device?: string;
  readonly yes: boolean;
  readonly by?: string;
  readonly json?: boolean;
  readonly page?: string;
}

/** What the command does its work with; another one in virtual time. */
export interface CommissionPorts {
  readonly open: (file: GatewayFile, site: Site) => Promise<Stand>;
  readonly nowMs: () => number;
  readonly isStopped: () => boolean;
  readonly software: string;
}

const NOT_PROVEN_CODE = 1;
const INTERRUPTED = 130;
const COMMAND = 'edgewatt devices commission';

/** Gateway and site as they count; `path` is the site file or its folder. @throws Fault */
export function siteAt(path: string): { readonly file: GatewayFile; readonly site: Site } {
  const isFile = ['.yaml', '.yml'].includes(extname(path));
  const dir = isFile ? dirname(resolve(path)) : resolve(path);
  if (isFile && !existsSync(path)) throw new Fault('no such file', path, 'name the site file');
  const file = loadGateway(dir);
  if (isFile && resolve(path) !== file.siteFile) {
    const mend = `name ${file.siteFile}`;
    throw new Fault('it is not the site file of the gateway beside it', path, mend);
  }
  return { file, site: runningSite(file).site };
}

interface Chosen {
  readonly device: string;
  readonly terminals: readonly Terminal[];
}

/** A named device whole, otherwise what is not proven yet. @throws Fault */
function chosen(site: Site, stands: readonly DeviceStand[], name: string | undefined): Chosen[] {
  const able = stands.map(({ device }) => device).join(', ');
  if (able === '')
    throw new Fault('no device of the site is controlled', site.id, 'none is needed');
  if (!site.control.active) {
    const mend = 'set control.active: true in the site file, and start the gateway again';
    throw new Fault('the gateway only observes', site.id, mend);
  }
  if (name === undefined) {
    return stands.flatMap(({ device, open }) => {
      const terminals = commandedBy(site, device).filter(({ id }) => open.includes(id));
      return terminals.length === 0 ? [] : [{ device, terminals }];
    });
  }
  if (!site.devices.some(({ id }) => id === name)) {
    throw new Fault('the site has no such device', `--device ${name}`, `name one of: ${able}`);
  }
  const terminals = commandedBy(site, name);
  if (terminals.length > 0) return [{ device: name, terminals }];
  throw new Fault('it has no control to prove', `--device ${name}`, `name one of: ${able}`);
}

/** What is about to happen, before anybody is asked. */
function plan(site: Site, all: readonly Chosen[]): string[] {
  const lines = all.flatMap(({ device, terminals }) => {
    const profile = site.devices.find(({ id }) => id === device)?.profile ?? '';
    return terminals.map((terminal) => {
      const ratedW = Math.max(terminal.ratedInW, terminal.ratedOutW);
      return (
        `${device} (${profile}), ${terminal.name}: rests, then a few short pulses, usually of ` +
        `${power(0.15 * ratedW)} and never above ${power(0.6 * ratedW)}; then it is left to its ` +
        'own timer, and released. About 5 to 15 minutes.'
      );
    });
  });
  return [
    ...lines,
    'One device at a time; meanwhile the others are quiet, and plan, market and peak shaving wait.',
    'Limits, fuse, charge bounds and envelopes stay in force. Power flows: nobody may work at it.',
    'Ctrl-C ends it, and the device is given back within 10 s, also when this command dies.',
  ];
}

async function isAllowed(yes: boolean): Promise<boolean> {
  if (yes) return true;
  const asker = createAsker([], {}, false);
  if (!asker.isAsking) throw new Fault('nobody can be asked', COMMAND, 'add --yes');
  const question = { key: 'go', text: 'Go on?', standard: 'n', ok: /^[yn]$/i, hint: 'y or n' };
  return (await asker.ask(question)).toLowerCase() === 'y';
}

function stepText({ name, kind, control }: Terminal, step: ProgramStep): string {
  const seconds = `${Math.round(step.durationMs / 1_000)} s`;
  if (step.kind === 'quiet') return `${name} rests, ${seconds}`;
  if (step.kind === 'letGo') return `${name} is left to its own timer, up to ${seconds}`;
  if (step.kind === 'release') return `${name} is released, ${seconds}`;
  if (control === 'limit') return `${name} held to ${power(step.powerW)}, ${seconds}`;
  const place = kind === 'converter' ? 'battery' : kind === 'generator' ? 'pv' : kind;
  return `${name} ${doing(place, step.powerW)}, ${seconds}`;
}

const WORDS: Readonly<Record<Severity, string>> = {
  proven: 'proven    ',
  wrong: 'WRONG     ',
  notProven: 'not proven',
};

export function recordText(record: CommissioningRecord): string {
  const { device, identity, profile, proven, terminals } = record;
  const who = Object.values(identity).filter(Boolean).join(' ');
  return [
    `${device}${who === '' ? '' : ` (${who})`}, ${profile}: ${proven ? 'proven' : 'not proven'}`,
    ...terminals.flatMap(({ name, findings }) => [
      `  ${name}`,
      ...findings.map(({ severity, sentence }) => `    ${WORDS[severity]}  ${sentence}`),
    ]),
  ].join('\n');
}

const EMPTY: Identity = { maker: '', model: '', serial: '', firmware: '' };

interface Session {
  readonly file: GatewayFile;
  readonly site: Site;
  readonly options: CommissionOptions;
  readonly ports: CommissionPorts;
  readonly stand: Stand;
  readonly stands: readonly DeviceStand[];
}

/** Proves a device's terminals one after the other. @returns undefined when somebody ended it */
async function prove(
  { device, terminals }: Chosen,
  { file, site, options, ports, stand, stands }: Session,
): Promise<CommissioningRecord | undefined> {
  const startedAtMs = ports.nowMs();
  const spec = site.devices.find(({ id }) => id === device);
  const profile = profilesBeside(file.siteFile)(spec?.profile ?? '');
  const session = `${process.pid}-${startedAtMs}`;
  let identity = EMPTY;
  const results: TerminalResult[] = [];
  for (const terminal of terminals) {
    const found = await conduct({
      ...{ stand, site, terminal, device, profile, session },
      seed: `${session}-${terminal.id}`,
      isStopped: ports.isStopped,
      progress: (step, index, all) =>
        tell(
          `${device}, step ${index + 1}${all > 1 ? ` of ${all}` : ''}: ${stepText(terminal, step)}`,
        ),
    });
    if (found.isStopped) return undefined;
    identity = { ...EMPTY, ...found.identity };
    results.push(found.result);
  }
  const kept = stands.find((one) => one.device === device)?.kept;
  const before = kept?.state === 'kept' ? kept.record.terminals : [];
  const isSame = kept?.state === 'kept' && kept.record.identity.serial === identity.serial;
  const carried = isSame
    ? before.filter(({ terminal }) => !results.some((one) => one.terminal === terminal))
    : [];
  const all = [...carried, ...results];
  const needed = commandedBy(site, device);
  return {
    version: 1,
    ...{ site: site.id, siteName: site.name, timeZone: site.place.timeZone },
    ...{ gateway: site.gateway, device, identity, profile: spec?.profile ?? '' },
    ...{ software: ports.software, by: options.by ?? userInfo().username },
    ...{ startedAtMs, endedAtMs: ports.nowMs() },
    proven: needed.every(({ id }) => all.some((one) => one.terminal === id && one.proven)),
    terminals: all,
  };
}

/** A record with its signature. */
export interface Sealed {
  readonly record: CommissioningRecord;
  readonly seal: Seal;
}

/** 'proof.html' for one, 'proof-inverter1.html' where there are several. */
export function writePages(path: string, all: readonly Sealed[]): void {
  for (const { record, seal } of all) {
    const extension = extname(path);
    const name = `${basename(path, extension)}-${record.device}${extension}`;
    const place = all.length === 1 ? path : join(dirname(path), name);
    try {
      writeFileSync(place, recordPage(record, seal));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Fault(`it cannot be written (${code})`, place, 'name another file with --page');
    }
    tell(`page: ${place}`);
  }
}

/** `edgewatt devices commission`. @returns exit code  @throws Fault */
export async function commission(
  path: string,
  options: CommissionOptions,
  ports: CommissionPorts,
): Promise<number> {
  const { file, site } = siteAt(path);
  const { stands, sentences } = admit(file, site, profilesBeside(file.siteFile));
  const all = chosen(site, stands, options.device);
  for (const line of sentences) tell(line);
  if (all.length === 0) {
    if (options.json) printJson({ site: site.id, proven: true, devices: [] });
    else print('Every device is proven; --device ID proves one again.');
    return 0;
  }
  for (const line of plan(site, all)) tell(line);
  try {
    if (!(await isAllowed(options.yes))) return NOT_PROVEN_CODE;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    throw error;
  }
  const stand = await ports.open(file, site);
  const sealed: Sealed[] = [];
  try {
    for (const one of all) {
      const record = await prove(one, { file, site, options, ports, stand, stands });
      if (record === undefined) {
        tell('Ended; the device is given back and nothing of it is kept.');
        return INTERRUPTED;
      }
      sealed.push({ record, seal: keepRecord(file, site, record) });
      if (!options.json) print(recordText(record));
    }
  } finally {
    await stand.close();
  }
  const isProven = sealed.every(({ record }) => record.proven);
  if (options.page !== undefined) writePages(options.page, sealed);
  if (options.json) {
    const devices = sealed.map(({ record }) => ({
      ...record,
      file: recordFile(file, record.device),
    }));
    printJson({ site: site.id, proven: isProven, devices });
  }
  if (stand.isGateway) tell('The gateway takes the records when it starts again.');
  return isProven ? 0 : NOT_PROVEN_CODE;
}

/** The same in real time, with Ctrl-C. @throws Fault */
export async function commissionNow(
  path: string,
  options: CommissionOptions,
  software: string,
): Promise<number> {
  let stopped = false;
  process.on('SIGINT', () => {
    stopped = true;
  });
  const open = openStand;
  return commission(path, options, {
    ...{ open, software, nowMs: Date.now },
    isStopped: () => stopped,
  });
}
