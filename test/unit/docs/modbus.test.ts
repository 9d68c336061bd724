import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../architecture/source.ts';

const page = readFileSync(join(ROOT, 'docs/modbus.md'), 'utf8');
const CODE: readonly (readonly [RegExp, string])[] = [
  [/^(bus|measurements|commands)\//, 'gateway/guard'],
  [/^modbus\//, 'gateway/adapters'],
  [/./, 'gateway'],
];

test('each rule of docs/modbus.md names files and a test that are there', () => {
  const named = [...page.matchAll(/((?:unit|hil|property)\/[\w/.-]+\.test\.ts): `([^`]+)`/g)];
  for (const [, file = '', name = ''] of named) {
    const path = join(ROOT, 'test', file);
    expect(existsSync(path), file).toBe(true);
    expect(readFileSync(path, 'utf8'), file).toContain(name);
  }
  const rows = page.split('\n').filter((line) => /^\| [^-|]/.test(line) && !/^\| fault/.test(line));
  expect(named).toHaveLength(rows.length + 1);
  for (const row of rows) {
    const where = row.split(' | ').at(-2) ?? '';
    for (const file of where.split(', ')) {
      const folder = CODE.find(([pattern]) => pattern.test(file))?.[1] ?? '';
      expect(existsSync(join(ROOT, folder, file)), `${folder}/${file}`).toBe(true);
    }
  }
});
