import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OneSite, running, until } from './one-site.ts';

const STANDS_MS = 30_000;
/** A twentieth of one processor, of which a guard at rest needs a fifth. */
const SHARE = 0.05;
const PERIOD_US = 100_000;
const MIB = 1_048_576;
/** Who fills it alone is larger than the guard, and smaller than an agent with its score of 500. */
const LIMIT_MIB = 220;
const HOG = 'import sys; sys.stdin.readline()\nb = []\nwhile True: b.append(bytearray(4 << 20))';

const CGROUP = '/sys/fs/cgroup';
const whyNoGroup =
  process.getuid?.() === 0 && existsSync(`${CGROUP}/cpu/cpu.cfs_quota_us`)
    ? undefined
    : 'needs root and the cpu and memory controllers of cgroup 1';
if (whyNoGroup !== undefined) process.stdout.write(`No share is limited: ${whyNoGroup}\n`);

/** Real time: a share of the processor means something at its own speed only. */
const place = running(new OneSite(1));

/** A group of processes with a bound of its own. */
class Group {
  private readonly dir: string;
  private readonly above: string;

  constructor(controller: 'cpu' | 'memory', settings: Readonly<Record<string, number>>) {
    this.above = join(CGROUP, controller);
    this.dir = join(this.above, `edgewatt-soak-${process.pid}`);
    mkdirSync(this.dir);
    for (const [name, value] of Object.entries(settings)) {
      writeFileSync(join(this.dir, name), String(value));
    }
  }

  add(pid: number): void {
    writeFileSync(join(this.dir, 'cgroup.procs'), String(pid));
  }

  async remove(): Promise<void> {
    const inside = () => readFileSync(join(this.dir, 'cgroup.procs'), 'utf8').match(/\d+/g) ?? [];
    for (const pid of inside()) writeFileSync(join(this.above, 'cgroup.procs'), pid);
    await until(() => inside().length === 0, 10_000);
    rmdirSync(this.dir);
  }
}

/** Open files and sockets of a process, by number. */
const handles = (pid: number): number[] => readdirSync(`/proc/${pid}/fd`).map(Number);

const limitOf = (pid: number): string =>
  execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '-o', 'SOFT,HARD'])
    .toString()
    .trim()
    .replace(/\s+/, ':');

const setLimit = (pid: number, limit: string): void =>
  void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}`]);

it('no file handle left: control goes on, and everything is back with them', async () => {
  await place.costsNoCycle(STANDS_MS, async () => {
    const before = place.pids().map((pid) => [pid, limitOf(pid)] as const);
    for (const [pid, limit] of before) {
      setLimit(pid, `${Math.max(...handles(pid)) + 1}:${limit.split(':')[1]}`);
    }
    return () => {
      for (const [pid, limit] of before) if (existsSync(`/proc/${pid}`)) setLimit(pid, limit);
    };
  });
});

describe.skipIf(whyNoGroup !== undefined)('a gateway that shares its machine', () => {
  it('5 % of a processor: the guard turns, and counts what it missed', async () => {
    const group = new Group('cpu', {
      'cpu.cfs_period_us': PERIOD_US,
      'cpu.cfs_quota_us': SHARE * PERIOD_US,
    });
    try {
      const before = place.seen();
      group.add(place.gateway().process.pid);
      await later(STANDS_MS);
      const after = place.seen();
      const slots = (after.atMs - before.atMs) / after.cycleMs;
      const turns = after.guard.cycles - before.guard.cycles;
      const missed = after.guard.missedCycles - before.guard.missedCycles;
      expect(Math.abs(turns + missed - slots)).toBeLessThanOrEqual(3);
      expect(turns).toBeGreaterThan(slots / 2);
      expect(place.isRunning()).toBe(true);
      process.stdout.write(`5 % of a processor: ${turns} turns, ${missed} missed\n`);
    } finally {
      await group.remove();
    }
    expect(place.gateway().court.violations).toEqual([]);
  });

  it('no memory left: the agent goes, the guard does not notice, another agent comes', async () => {
    const [guard = 0, agent = 0] = place.pids();
    const group = new Group('memory', { 'memory.limit_in_bytes': LIMIT_MIB * MIB });
    let hog: ChildProcess | undefined;
    try {
      for (const pid of place.pids()) group.add(pid);
      await place.costsNoCycle(STANDS_MS, async () => {
        hog = spawn('python3', ['-c', HOG]);
        const ended = once(hog, 'exit');
        group.add(hog.pid ?? 0);
        hog.stdin?.write('go\n');
        await ended;
        expect(hog.signalCode).toBe('SIGKILL');
        return () => until(() => place.pids().length > 1, 60_000);
      });
      expect(place.pids()[0]).toBe(guard);
      expect(existsSync(`/proc/${agent}`)).toBe(false);
    } finally {
      hog?.kill('SIGKILL');
      await group.remove();
    }
  });
});
