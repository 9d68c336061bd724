import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE, THROUGH } from '../../../devices/catalogue.ts';
import { deviceRow, throughRow } from '../../../gateway/cli/devices.ts';
import { profileJsonSchema } from '../../../gateway/config/profile-schema.ts';
import { parseProfile } from '../../../gateway/config/profiles.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const text = read('devices.md');

test('the table of docs/devices.md has every device as its profile says', () => {
  const rows = [...CATALOGUE.map(deviceRow), ...THROUGH.map(throughRow)]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, title, reads, controls, unproven }) => {
      return `| \`${id}\` | ${title} | ${reads} | ${controls} | ${unproven} |`;
    });
  const isDevice = (line: string): boolean => /^\| `[a-z0-9-]+\/[a-z0-9-]+` \|/.test(line);
  expect(text.split('\n').filter(isDevice)).toEqual(rows);
});

test('the profile in docs/devices.md loads as it stands there', () => {
  const own = /```json\n(.*?)```/s.exec(text)?.[1] ?? '';
  const { profile, complaints } = parseProfile(own, () => undefined);
  expect(complaints).toEqual([]);
  expect(profile?.id).toBe('acme/heatmeter');
});

test('docs/profile.schema.json is what the gateway accepts (edgewatt devices schema)', () => {
  expect(JSON.parse(read('profile.schema.json'))).toEqual(
    JSON.parse(JSON.stringify(profileJsonSchema())),
  );
});
