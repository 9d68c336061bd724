import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MINUTE_MS } from '../../../../gateway/contracts/values/time.ts';
import type { LiveView } from '../../../../gateway/contracts/values/view.ts';
import { type DemoResult, judgeRun } from '../../../../simulators/demo/result.ts';
import { Run } from '../../../../simulators/demo/run.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { historyCsv } from '../../../../simulators/sites/history.ts';
import { Stage } from '../../demo/started.ts';
import { Watch } from '../../demo/watch.ts';

const SPEED = 5; // a cycle is 200 ms, a minute 12 s, a device's own timer 12 s: all of it real
const START = '2026-06-17T09:10:00Z';
const SILENCE_MS = 10_000; // real: what the guard allows an agent to say nothing

let stage: Stage;
let run: Run;
let watch: Watch;
let cleanExit: boolean;
let result: DemoResult;

const until = (condition: () => boolean, timeout: number) =>
  vi.waitUntil(condition, { timeout, interval: 20 });

/** The running agent process of the site's guard; undefined between two. */
function agent(): number | undefined {
  const guard = run.gateways[0]?.process.pid;
  const pids = readdirSync('/proc').filter((name) => {
    try {
      const [, parent] =
        /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
      return Number(parent) === guard && isAgent(name);
    } catch {
      return false; // gone since the listing, or no process
    }
  });
  return pids[0] === undefined ? undefined : Number(pids[0]);
}

/** To the agent alone: a pid of 0 would be this very group. */
function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('there is no agent');
  process.kill(pid, name);
}

const isAgent = (pid: string): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('agent');

function seen(): LiveView {
  if (watch.live === undefined) throw new Error('nothing was seen yet');
  return watch.live;
}

/** A moment before a minute ends, so that its records fall into what comes next. */
async function closeToMinute(): Promise<void> {
  const { clock } = run;
  const leftMs = MINUTE_MS - (clock.wallMs() % MINUTE_MS);
  const waitMs = leftMs > 2_000 ? leftMs - 2_000 : leftMs + MINUTE_MS - 2_000;
  await new Promise<void>((now) => clock.at(clock.monoMs() + waitMs, now));
}

/** What the page shows once the guard has restarted its agent for the n-th time. */
async function afterRestart(count: number): Promise<LiveView> {
  await until(() => (watch.live?.guard.agentRestarts ?? 0) >= count, 40_000);
  return seen();
}

/** Between two pictures each slot had its turn, and each turn its readings. */
function expectEveryTurn(before: LiveView, after: LiveView): void {
  const slots = (after.atMs - before.atMs) / after.cycleMs;
  const turns = after.guard.cycles - before.guard.cycles;
  expect(after.guard.missedCycles - before.guard.missedCycles).toBe(0);
  expect(Math.abs(turns - slots)).toBeLessThan(1.5); // a picture is taken anywhere inside its slot
  expect(after.guard.readingsGood - before.guard.readingsGood).toBeGreaterThan(10 * turns);
  expect(after.guard.readingsBad).toBe(before.guard.readingsBad);
}

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
    seed: 1,
    speed: SPEED,
    startMs: Date.parse(START),
    withCloud: true,
    transformerVa: 160_000,
    backgroundW: 12_000,
    notice: () => undefined,
  });
  await run.start();
  await run.ready();
  watch = new Watch(run.gateways[0]?.url ?? '');
  await until(() => watch.live?.mode === 'trading', 40_000);
}, 60_000);

afterAll(async () => {
  await watch?.close();
  await run?.stop();
  run?.remove();
  await stage?.clear();
}, 60_000);

describe('the guard and its agent process', () => {
  it('an agent that is killed costs no cycle and is started again', async () => {
    await closeToMinute();
    const [before, first] = [seen(), agent()];
    signal(first, 'SIGKILL');
    const after = await afterRestart(1);
    expect(agent()).not.toBe(first);
    expectEveryTurn(before, after);
  }, 60_000);

  it('an agent that hangs costs no cycle, and is killed after ten silent seconds', async () => {
    const [before, second] = [seen(), agent()];
    const fromMs = performance.now();
    signal(second, 'SIGSTOP');
    await until(() => agent() !== second, 2 * SILENCE_MS);
    const tookMs = performance.now() - fromMs;
    expect(tookMs).toBeGreaterThan(0.9 * SILENCE_MS);
    expect(tookMs).toBeLessThan(1.3 * SILENCE_MS);
    const after = await afterRestart(2);
    expectEveryTurn(before, after);
  }, 60_000);

  it('meanwhile the site kept its plan', async () => {
    await until(() => watch.live?.mode === 'trading', 20_000);
    expect(watch.modes).not.toContain('safe');
    expect(watch.modes).not.toContain('holding');
    expect(watch.modes.slice(watch.modes.indexOf('trading'))).not.toContain('rules');
  });

  it('ends with its devices given back and no process left', async () => {
    await watch.close();
    cleanExit = await run.stop();
    expect(cleanExit).toBe(true);
    expect(run.gateways.flatMap(({ court }) => court.unreleased())).toEqual([]);
    await expect.poll(() => stage.processes(), { timeout: 5_000 }).toEqual([]);
  }, 40_000);

  it('every record of the time without an agent has arrived, once', () => {
    result = judgeRun(run, 1, 1, cleanExit, undefined);
    const { produced } = result.telemetry;
    expect(produced).toBeGreaterThan(5);
    expect(result.telemetry).toEqual({ produced, storedInCloud: produced, duplicates: 0 });
    const db = new Database(join(run.dir, 'cloud', 'cloud.db'), { readonly: true });
    const minutes = db
      .prepare("SELECT json_extract(body, '$.fromMs') FROM energy_metrics WHERE kind = 'aggregate'")
      .pluck()
      .all() as number[];
    db.close();
    const starts = [...new Set(minutes)].sort((a, b) => a - b);
    expect(starts.length).toBeGreaterThan(2);
    starts.slice(1).forEach((fromMs, index) => {
      expect(fromMs - (starts[index] ?? 0)).toBeLessThanOrEqual(MINUTE_MS);
    });
  });

  it('and no rule was broken', () => {
    expect(run.gateways.flatMap(({ court }) => court.violations)).toEqual([]);
  });
});
