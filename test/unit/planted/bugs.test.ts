import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { LONG, QUICK } from '../../planted/bugs.ts';
import { planted } from '../../planted/plant.ts';

const ALL = [...QUICK, ...LONG];

test.each(ALL)('"$name" can still be planted', (bug) => {
  const source = readFileSync(join(ROOT, bug.file), 'utf8');
  expect(planted(source, bug)).not.toBe(source);
});

test('there are at least twenty, each with a name of its own', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  expect(ALL.length).toBeGreaterThanOrEqual(20);
});

test('a text that is gone, or there twice, is refused', () => {
  const bug = { ...QUICK[0]!, find: 'x' };
  expect(() => planted('a', bug)).toThrow('finds its text 0 times');
  expect(() => planted('x x', bug)).toThrow('finds its text 2 times');
});
