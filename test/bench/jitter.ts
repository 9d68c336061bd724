import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openBlackBox } from '../../gateway/adapters/blackbox/files.ts';
import { read } from '../../gateway/guard/blackbox/replay.ts';
import { houseRun } from './house.ts';

const SETTLE_MS = 15_000;
const START_MS = Date.parse('2026-01-15T15:00:00Z');

const round = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Starts of turns on the run's monotonic clock, from the gateway's own black box. */
function starts(dir: string): { cycleMs: number; atMs: number[] } {
  const atMs: number[] = [];
  let cycleMs = Number.NaN;
  for (const file of openBlackBox(join(dir, 'data', 'blackbox'))) {
    const told = read(file.read()?.blobs ?? []);
    cycleMs = told?.opening.times.cycleMs ?? cycleMs;
    for (const cycle of told?.cycles ?? []) atMs.push(cycle.at.nowMs);
  }
  return { cycleMs, atMs };
}

const quantile = (sorted: readonly number[], q: number): number =>
  round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);

const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** Planner children of the product, one after the other, at the priority that the agent has. */
function planner(): { child: ChildProcess; solves: () => number } {
  let count = 0;
  const child = spawn(process.execPath, [new URL('solving.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  setPriority(child.pid ?? 0, constants.priority.PRIORITY_BELOW_NORMAL);
  child.stdout?.on('data', (chunk: Buffer) => {
    count += chunk.toString().split('\n').length - 1;
  });
  return { child, solves: () => count };
}

/** One gateway of a house with cycles of `cycleMs` real milliseconds. */
async function measured(cycleMs: number, minutes: number): Promise<object> {
  const speed = 1_000 / cycleMs;
  const run = houseRun(speed, START_MS, (atMs) => (Math.floor(atMs / 20_000) % 2 ? 4_000 : 1_000));
  const load = planner();
  try {
    await run.start();
    await run.ready();
    const fromMs = run.clock.monoMs() + SETTLE_MS * speed;
    await pause(SETTLE_MS + minutes * 60_000);
    const untilMs = run.clock.monoMs();
    const solves = load.solves();
    load.child.kill();
    const clean = await run.stop();
    const gateway = run.gateways[0];
    if (!gateway) throw new Error('no gateway');
    const told = starts(gateway.dir);
    const seen = told.atMs.filter((atMs) => atMs >= fromMs && atMs < untilMs);
    const slots = seen.map((atMs) => Math.floor(atMs / told.cycleMs));
    const lateMs = seen.map((atMs) => (atMs % told.cycleMs) / speed);
    const sorted = [...lateMs].sort((a, b) => a - b);
    const tenth = Math.max(1, Math.floor(lateMs.length / 10));
    const first = slots[0] ?? 0;
    return {
      cycleMs,
      measuredS: Math.round((untilMs - fromMs) / speed / 1_000),
      cycles: new Set(slots).size,
      missedCycles: (slots.at(-1) ?? first) - first + 1 - new Set(slots).size,
      startDelayP50Ms: quantile(sorted, 0.5),
      startDelayP99Ms: quantile(sorted, 0.99),
      startDelayMaxMs: round(sorted.at(-1) ?? Number.NaN),
      driftMs: round(median(lateMs.slice(-tenth)) - median(lateMs.slice(0, tenth))),
      solvesBeside: solves,
      clean,
    };
  } finally {
    load.child.kill();
    await run.stop();
    run.remove();
  }
}

/**
 * `npm run bench -- jitter [--minutes N]`: when a turn of the guard starts, against its schedule:
 * real processes, sockets and a serial line, ten minutes each with cycles of 100 ms and of 1 s,
 * beside the agent and a planner that solves a large model again and again. From the black box of
 * the gateway itself; drift is the median of the last tenth less that of the first.
 */
export async function benchJitter(minutes = 10): Promise<object> {
  return { fast: await measured(100, minutes), usual: await measured(1_000, minutes) };
}
