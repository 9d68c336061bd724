import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { trappedWorld } from '../../../simulators/cli/world.ts';

const ROOT = join(import.meta.dirname, '../../..');
const START = Date.UTC(2026, 5, 17, 4, 30);
const HOUR_DAYS = 1 / 24;

it.each([6, 7, 8])('seed %i: an hour of faults violates nothing', async (seed) => {
  const result = await trappedWorld({ seed, days: HOUR_DAYS, sites: 1, startMs: START });
  expect(result.violations).toEqual([]);
  expect(result.faults.length).toBeGreaterThan(0);
  expect(result.cycles).toBeGreaterThan(2_500);
  expect(result.recordsConfirmed).toBeGreaterThan(50);
});

/** Two processes of their own: nothing of the first is left in the second. */
it('one seed is one world: the same hash in two processes, another seed another', async () => {
  const run = async (seed: number): Promise<Record<string, unknown>> => {
    const world = ['bin/launch.mjs', 'simulators/main.ts', 'world', '--days', '0.02', '--json'];
    const faults = ['--faults', 'wire-drop@240000+60000/0:0=drop chance 0.3 for 60000ms'];
    const args = [...world, '--seeds', String(seed), ...faults];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    return JSON.parse(stdout);
  };
  const [first, again, other] = await Promise.all([run(7), run(7), run(8)]);
  expect(first['hash']).toMatch(/^[0-9a-f]{16}$/);
  expect(again['hash']).toBe(first['hash']);
  expect(other['hash']).not.toBe(first['hash']);
  expect(first).toMatchObject({ seeds: 1, siteDays: 0.02, violations: [], node: process.version });
  expect(first['faultsInjected']).toEqual({ 'wire-drop': 1 });
});
