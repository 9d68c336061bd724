import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsmodbus from 'jsmodbus';
import { SerialPort } from 'serialport';
import { afterAll, afterEach, beforeAll, type TestContext, test } from 'vitest';
import type { BusSpec } from '../../../../../gateway/contracts/values/site.ts';
import { createPtyPair } from '../../../../../simulators/servers/pty.ts';
import { exercise } from './exercise.ts';

/** Our client against servers that we did not write: libmodbus, pymodbus, jsmodbus. */
const BAUD = 115_200;
const PYTHON = '/usr/bin/python3'; // Debian's own sees Debian's packages
const here = (name: string): string => new URL(`./peers/${name}`, import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'modbus-peers-'));
let libmodbus: string | undefined;
let pymodbus = false;
beforeAll(() => {
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'libmodbus']);
  if (flags.status === 0) {
    const out = join(dir, 'server');
    const more = flags.stdout.toString().trim().split(/\s+/);
    spawnSync('cc', ['-o', out, here('server.c'), ...more]);
    if (existsSync(out)) libmodbus = out;
  }
  pymodbus = spawnSync(PYTHON, ['-c', 'import pymodbus, serial']).status === 0;
});
afterAll(() => rmSync(dir, { recursive: true }));

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function startProgram(command: string, args: readonly string[]): void {
  const child: ChildProcess = spawn(command, args, { stdio: 'ignore' });
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
}

async function overTcp(command: string, args: readonly string[]): Promise<void> {
  const port = await freePort();
  startProgram(command, [...args, 'tcp', String(port)]);
  await exercise({ id: 'b', kind: 'tcp', host: '127.0.0.1', port }, ends);
}

async function line(context: TestContext) {
  const pair = await createPtyPair();
  if (pair === undefined) return context.skip('socat is not installed');
  ends.push(pair.stop);
  const settings = { path: pair.gateway, baud: BAUD, parity: 'none', stopBits: 1 } as const;
  const bus: BusSpec = { id: 'b', kind: 'serial', ...settings };
  return { bus, device: pair.device };
}

async function overRtu(context: TestContext, command: string, args: readonly string[]) {
  const { bus, device } = await line(context);
  startProgram(command, [...args, 'rtu', device]);
  await exercise(bus, ends);
}

test('libmodbus over TCP', async (context) => {
  if (libmodbus === undefined) return context.skip('cc or libmodbus-dev is not installed');
  await overTcp(libmodbus, []);
});

test('libmodbus over RTU', async (context) => {
  if (libmodbus === undefined) return context.skip('cc or libmodbus-dev is not installed');
  await overRtu(context, libmodbus, []);
});

test('pymodbus over TCP', async (context) => {
  if (!pymodbus) return context.skip('python3-pymodbus is not installed');
  await overTcp(PYTHON, [here('server.py')]);
});

test('pymodbus over RTU', async (context) => {
  if (!pymodbus) return context.skip('python3-pymodbus is not installed');
  await overRtu(context, PYTHON, [here('server.py')]);
});

function tables() {
  const words = (times: number): Buffer => {
    const all = Buffer.alloc(4_000);
    for (let n = 0; n < 2_000; n += 1) all.writeUInt16BE((times * n) & 0xffff, 2 * n);
    return all;
  };
  const bits = (every: number): Buffer => {
    const all = Buffer.alloc(250);
    for (let n = 0; n < 2_000; n += every) {
      all.writeUInt8((all[n >> 3] ?? 0) | (1 << (n & 7)), n >> 3);
    }
    return all;
  };
  return { holding: words(3), input: words(5), coils: bits(3), discrete: bits(2) };
}

test('jsmodbus over TCP', async () => {
  const server = createServer();
  new jsmodbus.server.TCP(server, tables());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => new Promise((done) => server.close(done)));
  await exercise({ id: 'b', kind: 'tcp', host: '127.0.0.1', port: portOf(server) }, ends);
});

test('jsmodbus over RTU', async (context) => {
  const { bus, device } = await line(context);
  const port = new SerialPort({ path: device, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
  ends.push(() => new Promise<void>((done) => (port.isOpen ? port.close(() => done()) : done())));
  new jsmodbus.server.RTU(port, tables());
  await exercise(bus, ends);
});
