import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Volume, whyNoPowerCut } from '../power/volume.ts';
import { OneSite, until } from './one-site.ts';

const STANDS_MS = 20_000;
const GUARD_STOPS_MS = 30_000;
const SAFE_AGAIN_MS = 5_000;
const UNDER_WAY = 3; // records: there is always one on its way

const without = (tool: string): string | undefined =>
  ['/usr/bin', '/usr/sbin', '/bin'].some((dir) => existsSync(join(dir, tool)))
    ? undefined
    : `needs ${tool}`;
const why = whyNoPowerCut() ?? without('strace');
if (why !== undefined) process.stdout.write(`No process is disturbed: ${why}\n`);

let place: OneSite;
let volume: Volume;

/** The gateway's data on a disk of its own, so that what happens to it happens to nobody else. */
async function moveData(): Promise<void> {
  const { process: before, dir } = place.gateway();
  before.stop();
  expect(await before.exited).toBe(0);
  const data = join(dir, 'data');
  const kept = mkdtempSync('/dev/shm/edgewatt-kept-');
  cpSync(data, kept, { recursive: true });
  volume = new Volume(data);
  volume.begin('errors=remount-ro');
  cpSync(kept, data, { recursive: true });
  rmSync(kept, { recursive: true });
  place.startGateway();
  await until(() => place.isRunning(), 60_000);
}

/** Every file sync of both processes, bent as strace is told. */
async function bent(how: string): Promise<ChildProcess> {
  const attach = place.pids().flatMap((pid) => ['-p', String(pid)]);
  const calls = 'fsync,fdatasync';
  const args = ['-f', '-qq', ...attach, '-e', `trace=${calls}`, '-e', `inject=${calls}:${how}`];
  const trace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  trace.stderr.on('data', (text) => {
    said += text;
  });
  await until(() => said.includes('(INJECTED)') || said.includes('(DELAYED)'), 60_000);
  return trace;
}

async function ended(trace: ChildProcess): Promise<void> {
  const gone = once(trace, 'close');
  trace.kill('SIGINT');
  await gone;
}

const costsNoCycle = (begin: () => Promise<() => unknown>): Promise<void> =>
  place.costsNoCycle(STANDS_MS, begin);

/** Fills the disk to its last block. @returns how it is emptied again */
async function fill(): Promise<() => void> {
  const filler = join(place.gateway().dir, 'data', 'filler');
  const dd = spawn('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
  expect((await once(dd, 'exit'))[0]).toBe(1); // no space left
  return () => rmSync(filler);
}

/** Takes every inode of the disk, which has room all the same. @returns how they are given back */
async function fillInodes(): Promise<() => void> {
  const folder = join(place.gateway().dir, 'data', 'inodes');
  mkdirSync(folder);
  let isFull = false;
  for (let n = 0; !isFull; n += 1) {
    try {
      closeSync(openSync(join(folder, String(n)), 'w'));
    } catch (error) {
      isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC';
      if (!isFull) throw error;
    }
  }
  return () => rmSync(folder, { recursive: true });
}

describe.skipIf(why !== undefined)('a running gateway, and', () => {
  beforeAll(async () => {
    place = new OneSite();
    await place.start();
    await moveData();
  }, 240_000);

  afterAll(async () => {
    await place?.watch?.close();
    await place?.run.stop();
    volume?.remove();
    await place?.end();
  }, 60_000);

  it('fsync that takes 5 s', async () => {
    await costsNoCycle(async () => {
      const trace = await bent('delay_enter=5000000');
      return () => ended(trace);
    });
  });

  it('fsync that fails: the database is opened anew before it is trusted again', async () => {
    const again = () => place.log().split('opened anew after its disk had failed').length;
    const before = again();
    await costsNoCycle(async () => {
      const trace = await bent('error=EIO');
      return () => ended(trace);
    });
    await until(() => again() > before, 60_000);
    await until(() => place.seen().cloud.backlog <= UNDER_WAY, 120_000);
  });

  it('a disk that is full', () => costsNoCycle(fill));

  it('a disk without inodes', () => costsNoCycle(fillInodes));

  it('a guard that stands still for 30 s: its devices let go, and it is back in 5 s', async () => {
    const { process: guard, court } = place.gateway();
    process.kill(guard.pid, 'SIGSTOP');
    await later(GUARD_STOPS_MS);
    expect(court.unreleased()).toEqual([]);
    const { atMs } = place.seen();
    process.kill(guard.pid, 'SIGCONT');
    await until(() => place.seen().atMs > atMs, SAFE_AGAIN_MS);
    await until(() => place.isRunning(), 120_000);
    expect(court.violations).toEqual([]);
  });

  it('every record since has its place in the cloud, once', async () => {
    await until(() => place.seen().cloud.backlog <= UNDER_WAY, 120_000);
    const { count, doubles, holes } = place.records();
    expect(doubles).toBe(0);
    expect(holes).toBeLessThanOrEqual(UNDER_WAY);
    expect(count).toBeGreaterThan(10);
  });

  it('a disk that is read-only', async () => {
    const source = execFileSync('findmnt', ['-n', '-o', 'SOURCE', volume.mount]).toString().trim();
    const trigger = `/sys/fs/ext4/${source.replace('/dev/', '')}/trigger_fs_error`;
    await costsNoCycle(async () => {
      execFileSync('sh', ['-c', `echo planted > ${trigger}`]);
      expect(execFileSync('findmnt', ['-n', '-o', 'OPTIONS', volume.mount]).toString()).toMatch(
        /\bro\b/,
      );
      return () => undefined;
    });
  });
});
