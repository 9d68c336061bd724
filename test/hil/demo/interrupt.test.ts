import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stage, type Started } from './started.ts';
import { Watch } from './watch.ts';

const NPM_START = ['bin/launch.mjs', 'simulators/main.ts', 'demo'];
const READY_MS = 60_000;
const END_MS = 20_000;
const PATIENCE_MS = 60_000; // where nothing else could end it
const URL = /http:\/\/127\.0\.0\.1:\d+\/\S+/g; // with the token that signs in once

let stage: Stage;
const watches: Watch[] = [];
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((one) => one.close()));
  await stage.clear();
});

const until = (condition: () => boolean, timeout: number) =>
  vi.waitUntil(condition, { timeout, interval: 50 });

/** Pages of all three sites, once the demo has printed them. */
async function pages(demo: Started): Promise<Watch[]> {
  await until(() => (demo.err().match(URL) ?? []).length === 3, READY_MS);
  const found = (demo.err().match(URL) ?? []).map((url) => new Watch(url));
  watches.push(...found);
  return found;
}

const batteryW = ({ live }: Watch): number =>
  Math.max(
    0,
    ...(live?.flows ?? [])
      .filter((flow) => flow.kind === 'battery')
      .map((flow) => Math.abs(flow.powerW ?? 0)),
  );

/** Ctrl-C as a terminal sends it: to the whole group in the foreground. */
function interrupt({ child }: Started): void {
  if (child.pid === undefined) throw new Error('it did not start');
  process.kill(-child.pid, 'SIGINT');
}

/** What it ended with, and how long that took, ms. */
async function end(demo: Started): Promise<[number | NodeJS.Signals, number]> {
  const fromMs = performance.now();
  interrupt(demo);
  return [await demo.ended, performance.now() - fromMs];
}

const programs = (): string[] => stage.processes().map((line) => line.replace(/^\d+ /, ''));

describe('Ctrl-C', () => {
  it('ends a running demo: devices given back, no process, no file, exit code 0', async () => {
    // Slow enough that a device's own timer (60 cycles, 20 s here) cannot do the gateway's work.
    const demo = stage.start([...NPM_START, '--speed', '3'], { ownGroup: true });
    const sites = await pages(demo);
    await until(() => sites.some((site) => batteryW(site) > 1_000), READY_MS);
    expect(programs().length).toBeGreaterThan(8); // demo, broker, cloud, 3 guards, 3 agents

    const [code, tookMs] = await end(demo);
    expect(code, demo.err()).toBe(0);
    expect(tookMs).toBeLessThan(END_MS);
    expect(programs()).toEqual([]);
    expect(readdirSync(join(stage.dir, 'tmp')).filter((name) => /^edgewatt/.test(name))).toEqual(
      [],
    );
    // The simulators look at their devices when the gateways have ended, and would name each.
    expect(demo.err()).toMatch(/^sunfield: \d+ cycles/m);
    expect(demo.err()).not.toMatch(/did not give|broke S|^\s+at /m);
  }, 120_000);

  it('ends a demo that has just begun to start', async () => {
    const demo = stage.start(NPM_START, { ownGroup: true });
    await until(() => programs().some((line) => line.includes('gateway/main.ts run')), READY_MS);
    const [code, tookMs] = await end(demo);
    expect(code, demo.err()).toBe(0);
    expect(tookMs).toBeLessThan(PATIENCE_MS);
    expect(programs()).toEqual([]);
  }, 120_000);
});

describe('kill -9', () => {
  it('of the demo leaves no process: each notices that its parent is gone', async () => {
    const demo = stage.start(NPM_START, { ownGroup: true });
    await pages(demo);
    const dir = stage.runDir();
    demo.child.kill('SIGKILL');
    expect(await demo.ended).toBe('SIGKILL');
    await expect.poll(programs, { timeout: PATIENCE_MS, interval: 100 }).toEqual([]);
    // The guards ended as they should: their last word is on disk.
    for (const site of ['sunfield', 'brightworks', 'millhouse']) {
      expect(existsSync(join(dir, site, 'data', 'guard.summary.json')), site).toBe(true);
    }
  }, 120_000);
});
