import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const manifest = z
  .object({
    bin: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const ours = `v${manifest.optionalDependencies[`node-linux-${process.arch}`]}`;

/** What a preloaded line takes away from this Node to make it as old as we like. */
const preload = (line: string): string[] => ['--import', `data:text/javascript,${line}`];
const NO_EXECVE = preload('delete process.execve');
const OLD = preload(
  'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.2"}});' +
    'Object.defineProperty(process,"version",{value:"v20.1.2"})',
);

/** A Node of the machine that is too old for us, when there is one. */
function oldNode(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return paths.filter(existsSync).find((path) => {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
    return Number.parseInt(version.slice(1), 10) < 24;
  });
}

const PARENTS: [string, string, string[]][] = [
  ['a Node that replaces itself', process.execPath, []],
  ['a Node that stays as the parent', process.execPath, NO_EXECVE],
];
const old = oldNode();
if (old !== undefined) PARENTS.push(['the old Node of this machine', old, []]);

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | NodeJS.Signals>;
}

function start(node: string, args: readonly string[]): Started {
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return { child, said: () => text, ended };
}

async function until(what: () => boolean): Promise<void> {
  const stopAtMs = performance.now() + 10_000;
  while (!what() && performance.now() < stopAtMs) await new Promise((go) => setTimeout(go, 20));
  expect(what()).toBe(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

let folder = '';
let program = '';
const launcher = join(ROOT, 'bin/launch.mjs');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewatt-launch-'));
  program = join(folder, 'program.ts');
  writeFileSync(
    program,
    `const [what, ...rest]: string[] = process.argv.slice(2);
     const { NODE_COMPILE_CACHE: cache, EDGEWATT_PARENT_FD: fd } = process.env;
     if (what === 'tell') {
       const { version, execArgv, pid } = process;
       console.log(JSON.stringify({ version, execArgv, pid, rest, main: process.argv[1], cache, fd }));
       process.exit(7);
     }
     if (what === 'die') process.kill(process.pid, 'SIGKILL');
     process.on('SIGTERM', () => { console.log('asked to end'); setTimeout(() => process.exit(5), 50); });
     process.on('SIGINT', () => { console.log('interrupted'); process.exit(6); });
     console.log('pid ' + process.pid);
     setInterval(() => undefined, 1000);`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(PARENTS)('%s', (_, node, options) => {
  const run = (...args: string[]): Started => start(node, [...options, launcher, program, ...args]);

  test('runs the program under our Node, with its arguments and its exit code', async () => {
    const { said, ended } = run('tell', '--json', 'a b');
    expect(await ended).toBe(7);
    const told = JSON.parse(said());
    expect(told).toMatchObject({ version: ours, rest: ['--json', 'a b'], main: program });
    expect(told.execArgv).toEqual(['--disable-warning=ExperimentalWarning']);
    expect(told.cache).toContain('compile');
    expect(told.fd).toBeUndefined();
  });

  test('ends as the program ends: by a signal', async () => {
    expect(await run('die').ended).toBe('SIGKILL');
  });

  test.each([
    ['SIGTERM', 'asked to end', 5],
    ['SIGINT', 'interrupted', 6],
  ] as const)('passes %s on', async (signal, words, code) => {
    const { child, said, ended } = run('wait');
    await until(() => said().includes('pid'));
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(said().split(words)).toHaveLength(2);
  });

  test('leaves no orphan when it is killed', async () => {
    const { child, said } = run('wait');
    await until(() => said().includes('pid'));
    const pid = Number(said().match(/pid (\d+)/)?.[1]);
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

describe('without the package’s Node', () => {
  let copy = '';
  beforeAll(() => {
    copy = join(folder, 'bin');
    cpSync(join(ROOT, 'bin'), copy, { recursive: true });
  });

  test('an old Node says in one line what is missing', async () => {
    const { said, ended } = start(process.execPath, [...OLD, join(copy, 'launch.mjs'), program]);
    expect(await ended).toBe(2);
    expect(said()).toMatch(/^edgewatt needs Node 24 or newer, this is v20\.1\.2: .*npm ci.*\n$/);
  });

  test.runIf(old !== undefined)('so does the old Node of this machine', async () => {
    const { said, ended } = start(old ?? '', [join(copy, 'edgewatt.mjs'), 'run']);
    expect(await ended).toBe(2);
    expect(said().trim().split('\n')).toHaveLength(1);
  });

  test('a new one runs the program itself', async () => {
    const { said, ended } = start(process.execPath, [join(copy, 'launch.mjs'), program, 'tell']);
    expect(await ended).toBe(7);
    expect(JSON.parse(said()).version).toBe(process.version);
  });
});

test.each(Object.entries(manifest.bin))('%s is a program', (_, path) => {
  expect(statSync(join(ROOT, path)).mode & 0o111).toBe(0o111);
  const [first = '', ...rest] = readFileSync(join(ROOT, path), 'utf8').split('\n');
  expect(first).toBe('#!/usr/bin/env node');
  expect(rest.join('\n')).toMatch(/launch\('(gateway|cloud|simulators)\/main\.ts'/);
});
