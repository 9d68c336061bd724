import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { type Mutant, page, survivorsOf } from './page.ts';
import { REASONS } from './reasons.ts';

const STRYKER = 'node_modules/@stryker-mutator/core/bin/stryker.js';
const REPORT = '.cache/mutation.json';
const PAGE = 'docs/mutation.md';
const LEAST_PCT = 95;

interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >;
}

/** @throws Error with what it said, when it ends with anything but 0 */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  const env = { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined };
  const child = spawn(process.execPath, [join(ROOT, program), ...args], { cwd: ROOT, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.slice(-4_000)}`);
}

test('every branch of the kernel is taken by a unit test', async () => {
  const config = 'test/soak/mutation/vitest.config.ts';
  const kernel = 'test/unit/gateway/guard/safety';
  await run('node_modules/vitest/vitest.mjs', 'run', '--config', config, '--coverage', kernel);
});

/** Also writes docs/mutation.md anew: its figures are those of this run. */
test('nearly every change of kernel and codec is noticed, and the rest has a reason', async () => {
  await run(STRYKER, 'run', 'test/soak/mutation/stryker.config.json');
  const { files } = JSON.parse(readFileSync(join(ROOT, REPORT), 'utf8')) as Report;
  const judged = Object.entries(files).map(([file, { source, mutants }]) => ({
    file,
    ...survivorsOf(source, mutants),
  }));
  const open = judged.flatMap(({ file, survivors }) => survivors.map((one) => ({ file, ...one })));
  writeFileSync(join(ROOT, PAGE), page(judged, REASONS));
  const known = open.map(({ file, was, becomes }) => `${file} | ${was} | ${becomes}`);
  expect(known.filter((key) => REASONS[key] === undefined)).toEqual([]);
  expect(Object.keys(REASONS).filter((key) => !known.includes(key))).toEqual([]);
  for (const folder of ['gateway/guard/safety/', 'devices/']) {
    const own = judged.filter(({ file }) => file.startsWith(folder));
    const all = own.reduce((sum, one) => sum + one.mutants, 0);
    const found = own.reduce((sum, one) => sum + one.found, 0);
    expect((100 * found) / all, folder).toBeGreaterThanOrEqual(LEAST_PCT);
  }
});
