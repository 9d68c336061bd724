import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCodes } from '../../../../gateway/config/codes.ts';

const dir = mkdtempSync(join(tmpdir(), 'codes-'));
afterAll(() => rmSync(dir, { recursive: true }));
const site = { devices: [{ id: 'd1', bus: 'b', unit: 1, profile: 'p', codeFile: 'd1.code' }] };
const read = (text: string, mode = 0o600) => {
  writeFileSync(join(dir, 'd1.code'), text);
  chmodSync(join(dir, 'd1.code'), mode);
  return () => readCodes(join(dir, 'site.yaml'), site);
};

it('reads the number beside the site file', () => {
  expect([...read('0123456789\n')()]).toEqual([['d1', 123_456_789]]);
  expect(readCodes(join(dir, 'site.yaml'), { devices: [] }).size).toBe(0);
});

it.each([
  ['4294967296', 0o600, 'no code'],
  ['sesame-4711', 0o600, 'no code'],
  ['4711', 0o644, 'others may read this secret'],
])('refuses %s (%i) without saying it', (text, mode, why) => {
  const run = read(text, mode);
  expect(run).toThrow(why);
  expect(run).not.toThrow(text);
});
