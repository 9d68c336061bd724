import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { QUICK } from '../../planted/bugs.ts';
import type { Outcome } from '../../planted/reporter.ts';

const VITEST = 'node_modules/vitest/vitest.mjs';

/** All of them in one run: a project of its own for each bug, and one without. */
async function run(): Promise<readonly Outcome[]> {
  const args = [join(ROOT, VITEST), 'run', '--config', 'test/planted/vitest.config.ts'];
  const env = { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined };
  const child = spawn(process.execPath, args, { cwd: ROOT, env });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(said.trim().split('\n').at(-1) ?? '[]') as Outcome[];
}

describe('each planted bug is noticed by the test that it names', () => {
  let outcomes: readonly Outcome[] = [];
  beforeAll(async () => {
    outcomes = await run();
  }, 240_000);
  const states = (project: string, file: string, name: string): string[] =>
    outcomes
      .filter((one) => one.project === project && one.file === file)
      .filter((one) => one.test === name || one.test === '')
      .map(({ state }) => state);

  test.each(QUICK)('$invariant: $name', ({ name, caughtBy }) => {
    expect(states('as it is', caughtBy.file, caughtBy.test)).toEqual(['passed']);
    expect(states(name, caughtBy.file, caughtBy.test)).toEqual(['failed']);
  });
});
