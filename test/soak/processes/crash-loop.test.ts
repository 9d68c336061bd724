import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readAudit } from '../../../gateway/adapters/audit/files.ts';
import { OneSite, running, until } from './one-site.ts';

/** Ten minutes of the site's own time, and a start. */
const STEADY_MS = 240_000;
const STARTS = 3;

const place = running(new OneSite());

const notes = (): string =>
  readAudit(join(place.gateway().dir, 'data/audit'))
    .files.map(({ text }) => text)
    .join('');

it('a changed file with which it does not stay up is left, and what ran before runs', async () => {
  const { dir } = place.gateway();
  await until(() => existsSync(join(dir, 'data/files.json')), STEADY_MS);
  const file = join(dir, 'site.yaml');
  const changed = `${readFileSync(file, 'utf8')}# changed by hand\n`;
  writeFileSync(file, changed);
  await place.killGuard();
  for (let start = 0; start < STARTS; start += 1) {
    place.startGateway();
    await until(() => place.isRunning(), 120_000);
    expect(place.seen().alarms.filter(({ code }) => code === 'FILES_LEFT')).toEqual([]);
    await place.killGuard();
  }
  place.startGateway();
  await until(() => place.isRunning(), 120_000);
  const [alarm] = place.seen().alarms.filter(({ code }) => code === 'FILES_LEFT');
  expect(alarm?.text).toBe(
    'The change of site.yaml is left, and what ran before it runs: it ended 3 times soon after',
  );
  expect(readFileSync(file, 'utf8')).toBe(changed);
  await until(() => notes().includes('"what":"left"'), 30_000);
});
