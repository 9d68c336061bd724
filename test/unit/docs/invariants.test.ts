import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { INVARIANTS } from '../../fixtures/invariants.ts';
import { LONG, QUICK } from '../../planted/bugs.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
const PAGE = join(ROOT, 'docs/invariants.md');

/** docs/invariants.md, written anew by `npm test -- test/unit/docs/invariants.test.ts -u`. */
function page(): string {
  const invariants = INVARIANTS.map(({ id, text, checks, open }) => {
    const files = [...new Set(checks.map(({ file }) => file.replace(/^test\//, '')))];
    return `| ${id} | ${text} | ${files.join('<br>')} | ${open ?? ''} |`;
  });
  const bugs = [...QUICK, ...LONG].map(
    ({ invariant, name, file, caughtBy }) =>
      `| ${invariant} | ${name} | ${file} | ${cell(caughtBy.test)} |`,
  );
  return [
    '# What must always hold, and what checks it',
    '',
    'Written from `test/fixtures/invariants.ts` and `test/planted/bugs.ts` by',
    '`npm test -- test/unit/docs/invariants.test.ts -u`.',
    '',
    'S is safety, L is liveness, X is security. The checks are tests of this repository (paths',
    'below `test/`); the last column names what none of them covers.',
    '',
    '| | What holds | Checks | Not covered yet |',
    '| --- | --- | --- | --- |',
    ...invariants,
    '',
    '## Planted bugs',
    '',
    'A check that notices nothing is worth nothing. Each of these mistakes is made in the source',
    'while it is loaded for a test, never in the product. The test that is named has to fail with',
    'it and to pass without it (`test/hil/planted`; those of the world in `npm run soak`).',
    '',
    '| | Mistake | In | Noticed by |',
    '| --- | --- | --- | --- |',
    ...bugs,
    '',
  ].join('\n');
}

it('the page says what the tables say', async () => {
  await expect(page()).toMatchFileSnapshot(PAGE);
});

it.each(INVARIANTS.flatMap(({ id, checks }) => checks.map((one) => ({ id, ...one }))))(
  '$id is looked at by "$named" in $file',
  ({ file, named }) => {
    expect(named.length).toBeGreaterThan(6); // words of one test, not of any
    expect(read(file)).toContain(named);
  },
);

it.each([...QUICK, ...LONG])('the planted bug "$name" fits its source', ({ file, find }) => {
  expect(read(file).split(find)).toHaveLength(2);
});

it('none is missing, and one that nobody checks says so', () => {
  const ids = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${letter}${n + 1}`);
  expect(INVARIANTS.map(({ id }) => id)).toEqual([...ids('S', 18), ...ids('L', 7), ...ids('X', 9)]);
  for (const { checks, open } of INVARIANTS)
    expect(checks.length > 0 || open !== undefined).toBe(true);
  const known = new Set(INVARIANTS.map(({ id }) => id));
  for (const { invariant } of [...QUICK, ...LONG]) expect(known).toContain(invariant);
});
