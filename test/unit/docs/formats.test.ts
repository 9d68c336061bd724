import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { profileById } from '../../../devices/catalogue.ts';
import { parseSite } from '../../../gateway/config/load.ts';
import { parseDataset } from '../../../simulators/data/csv.ts';

const text = readFileSync(
  fileURLToPath(new URL('../../../docs/formats.md', import.meta.url)),
  'utf8',
);
const block = (fence: string): string =>
  new RegExp(`\`\`\`${fence}\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';

test('the site file in docs/formats.md loads as it stands there', () => {
  const { site, complaints } = parseSite(block('yaml'), profileById);
  expect(complaints).toEqual([]);
  expect(site?.id).toBe('barn');
});

test('the recorded CSV in docs/formats.md is read as it stands there', () => {
  const csv = /```\n(ts,load_kwh.*?)```/s.exec(text)?.[1] ?? '';
  expect(parseDataset(csv, 'formats.md').loadWh).toEqual([312, 287]);
  expect(JSON.parse(block('json'))).toHaveProperty('time_zone', 'Europe/Berlin');
});
