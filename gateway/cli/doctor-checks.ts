import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import type { WireLoad } from '../compose-wire.ts';
import type { SlowResponse } from '../config/slow-response.ts';
import { ttyHint } from '../config/tty.ts';
import type { BusSpec } from '../contracts/values/site.ts';
import { troubleOf } from '../link/watch/trouble.ts';
import type { BrokerCheck } from '../ports.ts';
import { type Root, rootsOf } from './authority.ts';

/** One thing looked at: fine, worth a look, or in the way; and how to mend it. */
export interface Finding {
  readonly check: string;
  readonly state: 'fine' | 'look' | 'bad';
  readonly what: string;
  readonly mend?: string;
}

const CONNECT_MS = 2_000;
const DISK_BAD_BYTES = 100e6;
const DISK_LOOK_BYTES = 500e6;
const CERTIFICATE_LOOK_MS = 30 * 86_400_000;
const ADD_ROOT = 'add the next root: edgewatt authority add';
/** No gateway runs before its software was written. */
const WRITTEN_MS = Date.UTC(2026, 0, 1);

export const fine = (check: string, what: string): Finding => ({ check, state: 'fine', what });
export const look = (check: string, what: string, mend: string): Finding => ({
  check,
  state: 'look',
  what,
  mend,
});
export const bad = (check: string, what: string, mend: string): Finding => ({
  check,
  state: 'bad',
  what,
  mend,
});

/** @returns why there is no connection; undefined when there is one */
export function connects(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: CONNECT_MS });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer in ${CONNECT_MS / 1_000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** Limits that nothing answers quickly enough. */
export const slowFinding = ({ connection, terminal, tookMs }: SlowResponse): Finding =>
  look(
    `limits of ${connection}`,
    `a load step is answered after ${(tookMs / 1_000).toFixed(1)} s (${terminal}), later than 5 s`,
    'limitMarginW of the connection keeps the largest step free, or set the limit in the device',
  );

/** Whether a line carries what the site file wants to be read over it. */
export const wireFinding = ({ bus, isShort, text }: WireLoad): Finding =>
  isShort
    ? look(`bus ${bus}`, text, 'readings are older than usual: faster line, or fewer devices on it')
    : fine(`bus ${bus}`, text);

export async function busFinding(bus: BusSpec): Promise<Finding> {
  const check = `bus ${bus.id}`;
  if (bus.kind === 'udp') {
    const mend = 'edgewatt devices probe shows whether the device answers';
    return look(check, `${bus.host}:${bus.port} is UDP: nobody can tell who listens`, mend);
  }
  if (bus.kind !== 'serial') {
    const place = `${bus.host}:${bus.port}`;
    const why = await connects(bus.host, bus.port);
    if (why === undefined) return fine(check, `${place} takes connections`);
    return bad(check, `${place}: ${why}`, 'check power, cable, address and that Modbus TCP is on');
  }
  if (!existsSync(bus.path)) {
    const mend = 'plug the adapter in; its stable name is in /dev/serial/by-id';
    return bad(check, `${bus.path} is not there`, mend);
  }
  try {
    accessSync(bus.path, constants.R_OK | constants.W_OK);
    const hint = ttyHint(bus.path);
    if (hint !== undefined) return look(check, hint.what, hint.mend);
    return fine(check, `${bus.path} can be read and written`);
  } catch {
    return bad(check, `${bus.path} may not be used`, 'add this user to the group dialout');
  }
}

/** The guard's lock: free, held by one that lives, or left behind. */
export function lockFinding(dataDir: string): Finding & { readonly isRunning: boolean } {
  const file = join(dataDir, 'guard.lock');
  if (!existsSync(file)) {
    return { ...fine('lock', 'no gateway runs on this site'), isRunning: false };
  }
  const [pid = '', start = ''] = readFileSync(file, 'utf8').split(' ');
  let now: string | undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    now = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    // gone
  }
  const isRunning = now !== undefined && now === start;
  const found = isRunning
    ? fine('lock', `the gateway runs (process ${pid})`)
    : look('lock', 'a gateway ended without cleaning up', 'start it: it takes the lock over');
  return { ...found, isRunning };
}

export function folderFinding(dataDir: string): Finding {
  try {
    if (!existsSync(dataDir)) return look('data', `${dataDir} is not there yet`, 'start once');
    accessSync(dataDir, constants.R_OK | constants.W_OK);
  } catch {
    return bad('data', `${dataDir} may not be written`, 'run as the gateway’s user, or chown it');
  }
  const { bavail, bsize } = statfsSync(dataDir);
  return diskFinding(dataDir, bavail * bsize);
}

export function diskFinding(dataDir: string, freeBytes: number): Finding {
  const free = `${Math.round(freeBytes / 1e6)} MB free in ${dataDir}`;
  if (freeBytes < DISK_BAD_BYTES) return bad('disk', free, 'free some space: records are lost');
  if (freeBytes < DISK_LOOK_BYTES) return look('disk', free, 'free some space soon');
  return fine('disk', free);
}

/** @param manager  where systemd tells of itself and of its time service */
export function clockFinding(wallMs: number, manager = '/run/systemd'): Finding {
  const now = new Date(wallMs).toISOString();
  const mend = 'set the clock: timedatectl set-ntp true, or fit a real-time clock';
  if (wallMs < WRITTEN_MS) return bad('clock', `it says ${now}`, mend);
  const isSystemd = existsSync(join(manager, 'system'));
  if (isSystemd && !existsSync(join(manager, 'timesync/synchronized'))) {
    return look('clock', `it says ${now} and no time server has confirmed it`, mend);
  }
  return fine('clock', `it says ${now}`);
}

/** @returns undefined when the port is free */
export function portTaken(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

export function certificateFinding(check: string, file: string, wallMs: number): Finding {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(file));
  } catch {
    return bad(check, `${file} is no certificate`, 'name a PEM file that can be read');
  }
  const { validFromDate: from, validToDate: until } = certificate;
  const day = until.toISOString().slice(0, 10);
  if (wallMs < from.getTime()) {
    return bad(check, `${file} is not valid yet`, 'check the clock of this machine first');
  }
  if (wallMs > until.getTime()) return bad(check, `${file} ended on ${day}`, 'renew it');
  if (until.getTime() - wallMs < CERTIFICATE_LOOK_MS) {
    return look(check, `${file} ends on ${day}`, 'renew it');
  }
  return fine(check, `${file} is valid until ${day}`);
}

/** Of the roots by which the broker is known, the one that ends last counts. */
export function rootsFinding(check: string, file: string, wallMs: number): Finding {
  let roots: Root[];
  try {
    roots = rootsOf(readFileSync(file, 'utf8'), file);
  } catch {
    return bad(check, `${file} is no certificate`, 'name a PEM file that can be read');
  }
  const untilMs = Math.max(...roots.map((root) => root.untilMs));
  const day = new Date(untilMs).toISOString().slice(0, 10);
  const what =
    roots.length === 1
      ? `${file} is valid until ${day}`
      : `${file} has ${roots.length} roots, the last until ${day}`;
  if (wallMs > untilMs) return bad(check, `${file} ended on ${day}`, ADD_ROOT);
  return untilMs - wallMs < CERTIFICATE_LOOK_MS ? look(check, what, ADD_ROOT) : fine(check, what);
}

/** Whether who answers is the broker, and takes this gateway's certificate. */
export async function wayFinding(url: string, way: BrokerCheck, wallMs: number): Promise<Finding> {
  const check = 'broker';
  const code = await way.examine();
  if (code === undefined) return fine(check, `${url} takes connections`);
  const witness = { wallMs, isClockTrusted: true, own: way.ownCertificate };
  const trouble = troubleOf(code, witness);
  if (trouble !== undefined) return bad(check, `${url}: ${trouble.text}`, trouble.mend);
  return bad(check, `${url}: ${code}`, 'check the network, the name and the firewall');
}

/** A secret that others can read is none. */
export function secretFinding(check: string, file: string): Finding {
  try {
    accessSync(file, constants.R_OK);
  } catch {
    return bad(check, `${file} cannot be read`, 'put the secret there, for this user alone');
  }
  if ((statSync(file).mode & 0o077) === 0) return fine(check, `${file} is for its owner alone`);
  return look(check, `others may read ${file}`, `chmod 600 ${file}`);
}
