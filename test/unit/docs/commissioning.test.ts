import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FINDING_KINDS } from '../../../gateway/contracts/values/commissioning.ts';

const text = readFileSync(new URL('../../../docs/commissioning.md', import.meta.url), 'utf8');

test('docs/commissioning.md says what each finding is about', () => {
  const told = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
  expect(told).toEqual([...FINDING_KINDS].sort((a, b) => told.indexOf(a) - told.indexOf(b)));
});
