import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Run } from '../../../simulators/demo/run.ts';
import { demoSites } from '../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../simulators/sites/history.ts';
import { Stage } from '../../hil/demo/started.ts';

/** What waits for a disk, or makes a file what it is: none of it is the guard's own thread's. */
const DISK = [
  'fsync',
  'fdatasync',
  'sync_file_range',
  'rename',
  'renameat2',
  'ftruncate',
  'openat',
];
/** The loop itself: seen, so that it is the right thread that is looked at. */
const LOOP = 'epoll_pwait';
const LOOK_MS = 30_000;

let stage: Stage;
let run: Run;

beforeAll(async () => {
  stage = new Stage();
  stage.mark();
  run = new Run({
    sites: demoSites(1)
      .slice(0, 1)
      .map((demo) => ({
        ...demo,
        history: (untilMs) => historyCsv(demo.plant, untilMs),
        drive: undefined,
      })),
    ...{ seed: 1, speed: 1, withCloud: true },
    startMs: Date.parse('2026-06-17T09:10:00Z'),
    ...{ transformerVa: 160_000, backgroundW: 12_000, notice: () => undefined },
  });
  await run.start();
  await run.ready();
}, 120_000);

afterAll(async () => {
  await run?.stop();
  run?.remove();
  await stage?.clear();
}, 60_000);

it('the thread that turns never waits for the disk, while what it saves gets there', async () => {
  const gateway = run.gateways[0];
  if (gateway === undefined) throw new Error('no gateway runs');
  const { pid } = gateway.process;
  const calls = [...DISK, LOOP].join();
  // Without -f: this thread alone.
  const trace = spawn('strace', ['-p', String(pid), '-e', `trace=${calls}`]);
  let said = '';
  trace.stderr.on('data', (text) => {
    said += text;
  });
  const fromMs = Date.now();
  const state = join(gateway.dir, 'data', 'guard.state');
  const box = (): number => statSync(join(gateway.dir, 'data', 'blackbox')).mtimeMs;
  await vi.waitUntil(() => Date.now() - fromMs > LOOK_MS, { timeout: 2 * LOOK_MS });
  trace.kill('SIGINT');
  await new Promise((resolve) => trace.once('close', resolve));
  const lines = said.split('\n');
  expect(lines.filter((line) => line.includes(LOOP)).length).toBeGreaterThan(30);
  const disk = lines.filter((line) => DISK.some((call) => line.startsWith(`${call}(`)));
  expect(disk.filter((line) => !line.includes('/proc/'))).toEqual([]);
  expect(Math.max(statSync(state).mtimeMs, box())).toBeGreaterThan(fromMs);
});
