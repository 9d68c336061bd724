import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

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
  const page = readFileSync(join(ROOT, 'docs/world.md'), 'utf8');
  for (const key of Object.keys(first)) expect(page).toContain(`\`${key}\``);
});
