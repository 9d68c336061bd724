import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../../../architecture/source.ts';
import { spec } from '../bench/timeline.ts';
import { BATTERIES, STARTS } from './batteries.ts';
import { GRID } from './grid.ts';
import { tableOf } from './situation.ts';

const SITUATIONS = [...STARTS, ...BATTERIES, ...GRID];

for (const { name, site, options, rows } of SITUATIONS) {
  const timeline = spec(name, site, options);
  for (const { at, world = {}, act, within, stands } of rows) {
    timeline.at(at, { ...world, ...(act && { do: act }) }).expect(stands, within);
  }
}

it('docs/control.md says what these timelines say', () => {
  const page = readFileSync(join(ROOT, 'docs/control.md'), 'utf8');
  const from = page.indexOf('| Situation | What happens');
  const rows = page.slice(from).split('\n').slice(2);
  const end = rows.indexOf('');
  expect(rows.slice(0, end)).toEqual(tableOf(SITUATIONS));
});
