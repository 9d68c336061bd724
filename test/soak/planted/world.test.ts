import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { LONG, type LongBug } from '../../planted/bugs.ts';

/** A run of the world; its violations. @param planted name of a bug, '' for none */
async function violations({ seed, days }: LongBug, planted: string): Promise<string[]> {
  const world = ['world', '--seeds', `${seed}..${seed}`, '--days', String(days), '--json'];
  const program = ['--import', './test/planted/hook.ts', join(ROOT, 'simulators/main.ts')];
  const env = { ...process.env, PLANTED: planted };
  const child = spawn(process.execPath, [...program, ...world], { cwd: ROOT, env });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  child.stderr.resume();
  await new Promise((resolve) => child.once('close', resolve));
  const result = JSON.parse(said) as { violations: readonly { readonly rule: string }[] };
  return result.violations.map(({ rule }) => rule);
}

describe('the judges of the world notice', () => {
  test.each(LONG)('$rule: $name', async (bug) => {
    expect(await violations(bug, '')).toEqual([]);
    expect(await violations(bug, bug.name)).toContain(bug.rule);
  });
});
