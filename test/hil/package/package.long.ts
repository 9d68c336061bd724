import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../simulators/demo/processes.ts';
import { canInstall, deb, has, makeDebian, must, notice } from './debian.ts';
import { type Field, startField } from './site.ts';

const RUN_MS = 60_000;
const EMULATED_START_MS = 300_000;
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';
const canEmulate = has('qemu-aarch64-static') && existsSync(ARM_LIBRARIES);
if (!canInstall) notice('installation needs root on x64 and debootstrap');
if (!canEmulate) notice('arm64 needs qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross');

let dir = '';
let field: Field | undefined;
let gateway: ChildProcess | undefined;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'edgewatt-package-'));
});
afterEach(async () => {
  gateway?.kill('SIGKILL');
  await field?.stop();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Started {
  log(): string;
  isRunning(): boolean;
  /** Ends it and says with which code. */
  stop(): Promise<number | null>;
}

function start(command: string, args: readonly string[]): Started {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  gateway = child;
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  return {
    log: () => said,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** A minute of a gateway in front of the devices: it reads, controls, shows its page, and ends. */
async function minute(
  started: Started,
  port: number,
  dataDir: string,
  startMs = 0, // until its page is open, where the processor is emulated
): Promise<void> {
  const url = `http://127.0.0.1:${port}/`;
  const ask = async (path: string) => {
    try {
      const answer = await fetch(url + path, { signal: AbortSignal.timeout(5_000) });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return undefined;
    }
  };
  const openMs = performance.now() + startMs;
  const isWaiting = (): boolean => performance.now() < openMs && started.isRunning();
  while (isWaiting() && !started.log().includes('the page is open')) await pause(1_000);
  const untilMs = performance.now() + RUN_MS;
  while (performance.now() < untilMs && started.isRunning()) await pause(1_000);
  const log = started.log();
  const health = JSON.parse((await ask('healthz'))?.text ?? '{}');
  expect(health, log).toMatchObject({ page: 'built' });
  expect(health.liveAgeMs, log).toBeLessThan(20_000);
  expect((await ask('api/live'))?.status).toBe(401);
  expect((await ask(''))?.text).toContain('<title>Edgewatt</title>');
  expect(log).toMatch(/its claim code is [A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}/);
  expect(await started.stop(), started.log()).toBe(0);
  const summary = JSON.parse(readFileSync(join(dataDir, 'guard.summary.json'), 'utf8'));
  expect(summary.cycles, started.log()).toBeGreaterThan(20);
  expect(summary.readingsGood).toBeGreaterThan(summary.readingsBad);
  if (startMs === 0) expect(summary.agentRestarts).toBe(0);
  expect(existsSync(join(dataDir, 'agent.db'))).toBe(true);
}

describe.skipIf(!canInstall)('the amd64 package in a clean Debian', () => {
  it('installs, runs a site for a minute, and leaves nothing when purged', async () => {
    const root = join(dir, 'debian');
    makeDebian(root);
    cpSync(deb('amd64'), join(root, 'edgewatt.deb'));
    const inside = (...args: string[]): string => must('chroot', [root, ...args]);
    inside('dpkg', '--install', '/edgewatt.deb');
    expect(inside('edgewatt', '--help')).toContain('the edge agent for energy sites');
    expect(statSync(join(root, 'var/lib/edgewatt')).mode & 0o777).toBe(0o700);
    const uid = Number(inside('id', '-u', 'edgewatt'));

    const [port = 0] = await freePorts(1);
    const etc = join(root, 'etc/edgewatt');
    field = await startField(etc, '/var/lib/edgewatt/data', port);
    must('mount', ['--bind', '/proc', join(root, 'proc')]);
    try {
      inside('/opt/edgewatt/boot.sh', 'check');
      const user = ['--userspec=edgewatt:edgewatt', root];
      const run = ['/opt/edgewatt/boot.sh', 'run', 'run', '/etc/edgewatt'];
      chownSync(join(etc, 'gateway.yaml'), uid, uid);
      await minute(start('chroot', [...user, ...run]), port, join(root, 'var/lib/edgewatt/data'));
    } finally {
      must('umount', [join(root, 'proc')]);
    }
    inside('dpkg', '--purge', 'edgewatt');
    for (const path of ['opt/edgewatt', 'var/lib/edgewatt', 'etc/edgewatt', 'usr/bin/edgewatt']) {
      expect(existsSync(join(root, path)), path).toBe(false);
    }
  });
});

describe.skipIf(!canEmulate)('the arm64 package under emulation', () => {
  it('runs a site for a minute', async () => {
    const root = join(dir, 'arm64');
    must('dpkg-deb', ['--extract', deb('arm64'), root]);
    const [release] = readdirSync(join(root, 'opt/edgewatt/releases'));
    const folder = join(root, 'opt/edgewatt/releases', release ?? '');
    const [port = 0] = await freePorts(1);
    const data = join(dir, 'arm64-data');
    const site = join(dir, 'arm64-site');
    field = await startField(site, data, port);
    // Its child processes are emulated too, without touching this machine's binfmt.
    const node = join(dir, 'node-arm64');
    const emulated = `exec qemu-aarch64-static -L ${ARM_LIBRARIES} ${join(folder, 'node')} "$@"`;
    writeFileSync(node, `#!/bin/sh\n${emulated}\n`, { mode: 0o755 });
    const preload = join(dir, 'exec-path.mjs');
    writeFileSync(preload, `process.execPath = ${JSON.stringify(node)};\n`);
    const main = join(folder, 'app/gateway/main.js');
    await minute(
      start(node, ['--import', preload, main, 'run', site]),
      port,
      data,
      EMULATED_START_MS,
    );
  });
});
