import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';

const page = readFileSync(join(ROOT, 'docs/control.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split(' | ').length === 5)
  .slice(1)
  .map((line) => line.split(' | '));
const words = (cell = ''): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

test('docs/control.md names every controller that there is', () => {
  const folder = join(ROOT, 'gateway/guard/control');
  const there = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && entry.name !== 'commission' ? [entry.name] : [],
  );
  const named = new Set(rows.flatMap(([, controllers]) => words(controllers)));
  expect([...named].sort()).toEqual(there.sort());
});

test('each reason code and setting that it names exists', () => {
  const codes = readFileSync(join(ROOT, 'gateway/contracts/values/image.ts'), 'utf8');
  const schema = readFileSync(join(ROOT, 'gateway/config/schema.ts'), 'utf8');
  for (const code of rows.flatMap((row) => words(row[4]).join(' ').split(' '))) {
    expect(codes, code).toContain(`'${code}'`);
  }
  const settings = rows.flatMap((row) => words(row[3]).join(' ').split(/[ .]/));
  for (const setting of settings) expect(schema, setting).toContain(setting);
});
