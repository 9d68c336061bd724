import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { LONG } from '../../planted/bugs.ts';

interface Ran {
  readonly code: number | null;
  readonly rules: readonly string[]; // that were broken
  readonly said: string; // on standard error
}

/** A run of the world. @param planted name of a bug, '' for none */
async function run(words: readonly string[], planted: string): Promise<Ran> {
  const program = ['--import', './test/planted/hook.ts', join(ROOT, 'simulators/main.ts')];
  const env = { ...process.env, PLANTED: planted };
  const args = [...program, 'world', ...words, '--json'];
  const child = spawn(process.execPath, args, { cwd: ROOT, env });
  const text = { out: '', err: '' };
  child.stdout.on('data', (part) => {
    text.out += part;
  });
  child.stderr.on('data', (part) => {
    text.err += part;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const { violations } = JSON.parse(text.out) as { violations: readonly { rule: string }[] };
  return { code, rules: violations.map(({ rule }) => rule), said: text.err };
}

/** Words of the command that brings a failure back, as the run itself prints it. */
function again(said: string): string[] {
  const [, line = ''] = /^again: npx edgewatt-sim world (.*)$/m.exec(said) ?? [];
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

describe('the judges of the world notice', () => {
  test.each(LONG)(
    '$rule: $name, and say how to see it again',
    async ({ name, rule, seed, days }) => {
      const words = ['--seeds', String(seed), '--days', String(days)];
      expect(await run(words, '')).toEqual({ code: 0, rules: [], said: '' });
      const failed = await run(words, name);
      expect(failed).toMatchObject({ code: 1, rules: expect.arrayContaining([rule]) });
      expect(again(failed.said)).toContain('--faults');
      expect(await run(again(failed.said), name)).toMatchObject({
        code: 1,
        rules: expect.arrayContaining([rule]),
      });
    },
  );
});
