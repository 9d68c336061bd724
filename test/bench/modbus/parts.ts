import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Task } from './client.ts';

const here = (name: string): string => new URL(name, import.meta.url).pathname;

/** What a run of a client cost. */
export interface Cost {
  readonly cpuUs: number; // a request
  readonly wallUs: number; // a request
}

/** Programs in C, where a compiler and libmodbus are installed. */
export function compiled(): { readonly libmodbus?: string; readonly paced?: string } {
  const dir = mkdtempSync(join(tmpdir(), 'bench-modbus-'));
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'libmodbus']);
  const build = (name: string, more: readonly string[]): string | undefined => {
    const out = join(dir, name);
    spawnSync('cc', ['-O2', '-o', out, here(`${name}.c`), ...more]);
    return existsSync(out) ? out : undefined;
  };
  const more = flags.status === 0 ? flags.stdout.toString().trim().split(/\s+/) : undefined;
  const libmodbus = more && build('libmodbus', [...more, '-lpthread']);
  const paced = build('paced', []);
  return { ...(libmodbus ? { libmodbus } : {}), ...(paced ? { paced } : {}) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A program and the first line that it prints; killed with the bench. */
export async function started(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, line: String(line) };
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

/** A server of ours in the same process group, and libmodbus's where it is present. */
export async function servers(libmodbus: string | undefined): Promise<Server[]> {
  const own = await started(process.execPath, [here('server.ts')]);
  const list = [{ name: 'node', port: Number(own.line), child: own.child }];
  if (libmodbus === undefined) return list;
  const port = await freePort();
  const other = await started(libmodbus, ['server', String(port)]);
  return [...list, { name: 'libmodbus', port, child: other.child }];
}

async function costOf(command: string, args: readonly string[]): Promise<Cost> {
  const { child, line } = await started(command, args);
  await stop(child);
  const { requests, cpuMs, wallMs } = JSON.parse(line);
  return { cpuUs: (cpuMs * 1_000) / requests, wallUs: (wallMs * 1_000) / requests };
}

export const runClient = (task: Task): Promise<Cost> =>
  costOf(process.execPath, [here('client.ts'), JSON.stringify(task)]);

export const runC = (libmodbus: string, args: readonly (string | number)[]): Promise<Cost> =>
  costOf(libmodbus, args.map(String));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
