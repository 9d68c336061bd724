import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAULT_KINDS } from '../../../simulators/world/fault-kinds.ts';
import { faultText, parseFaults } from '../../../simulators/world/faults.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/world.md');
/** The command's own part of the command line. */
const [, command = ''] =
  /\.command\('world'\)(.*?)\.action/s.exec(read('simulators/main.ts')) ?? [];
const known = new Set([...command.matchAll(/'--(?:no-)?([a-z]+)/g)].map(([, name]) => name));

test('docs/world.md names every option of the command, and none that is not there', () => {
  const named = new Set([...page.matchAll(/--(?:no-)?([a-z]+)/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...known].sort());
});

test('the list of faults in docs/world.md is read as a failed run prints it', () => {
  const [, list = ''] = /--faults '([^']+)'/.exec(page) ?? [];
  const faults = parseFaults(list, { sites: 1, days: 0.02 });
  expect(faults.map(faultText).join(';')).toBe(list);
});

test('the README counts the kinds of fault that there are', () => {
  expect(read('README.md')).toContain(`${FAULT_KINDS.length} kinds of fault`);
});
