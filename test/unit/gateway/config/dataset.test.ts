import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { openDataset } from '../../../../gateway/config/dataset.ts';
import { parseRows } from '../../../../gateway/config/dataset-rows.ts';

const dir = mkdtempSync(join(tmpdir(), 'dataset-'));
afterAll(() => rmSync(dir, { recursive: true }));
const parse = (text: string, timeZone = 'Europe/Berlin') =>
  parseRows(text, 'a.csv', (column) => column !== 'ts' && column !== 'note', { timeZone });

it('reads columns by the local clock, gaps and empty cells too', () => {
  const rows = parse(
    'ts,load_kwh,note\n2026-01-01T00:00Z,1,x\n2026-01-01T01:00Z,,y\n2026-01-01T05:00Z,3,\n',
  );
  expect(rows.stepMs).toBe(3_600_000);
  expect(rows.clockMs.map((ms) => (ms / 3_600_000) % 24)).toEqual([1, 2, 6]);
  expect(rows.columns.get('load_kwh')).toEqual([1, Number.NaN, 3]);
  expect(rows.columns.has('note')).toBe(false);
});

it('the hour that a clock change repeats may come twice, no other', () => {
  const autumn = ['01', '02', '02', '03'].map((hour) => `2026-10-25T${hour}:00,1`);
  expect(parse(['ts,load_kwh', ...autumn].join('\n')).clockMs.length).toBe(4);
  const where = /a\.csv:4: the same interval again/;
  expect(() => parse(['ts,load_kwh', ...autumn].join('\n'), 'UTC')).toThrow(where);
});

it('the step is how far rows usually are apart, whatever lies between the first two', () => {
  const rows = ['00:00', '03:00', '04:00', '05:00', '07:00'].map((at) => `2026-01-01T${at}Z,1`);
  expect(parse(['ts,load_kwh', ...rows].join('\n')).stepMs).toBe(3_600_000);
  const quarters = ['00', '15', '30', '45'].map((at) => `2026-01-01T00:${at}Z,1`);
  const said = (stepMinutes: number, lines: readonly string[]) => () =>
    parseRows(['ts,load_kwh', ...lines].join('\n'), 'a.csv', () => false, { stepMinutes });
  expect(said(15, quarters)().stepMs).toBe(900_000);
  expect(said(60, quarters)).toThrow(/a\.csv: most rows are 15 minutes apart, meta\.json says 60;/);
  expect(said(15, rows)).toThrow(/a\.csv: most rows are 60 minutes apart, meta\.json says 15;/);
  const between = [...rows, '2026-01-01T07:30Z,1'];
  expect(said(60, between)).toThrow(/a\.csv:7: 30 minutes after the row before, steps are of 60;/);
});

it.each([
  [
    'ts;load_kwh\n2026-01-01T00:00Z;1\n',
    /a\.csv:1: no column 'ts'; separate columns by commas, without/,
  ],
  ['\r\n', /a\.csv: empty; give a recording/],
  ['at,load_kwh\n', /a\.csv:1: no column 'ts'/],
  ['ts,b,b\n', /a\.csv:1: column 'b' exists twice/],
  ['ts,load_kwh\nnoon,1\n', /a\.csv:2: 'noon' is no time/],
  ['ts,load_kwh\n2026-01-01T00:00Z\n', /a\.csv:2: 1 fields, the header has 2/],
  ['ts,load_kwh\n2026-01-01T00:00Z,many\n', /a\.csv:2: load_kwh is 'many'/],
  ['ts,load_kwh\n2026-01-01T00:00Z,-1\n', /a\.csv:2: load_kwh is -1, below zero/],
  ['ts,load_kwh\n2026-01-01T01:00Z,1\n2026-01-01T00:00Z,1\n', /a\.csv:3: an older row/],
  ['ts,load_kwh\n2026-01-01T00:00Z,1\n', /a\.csv: fewer than two rows/],
  ['ts,load_kwh\n2026-01-01T00:00Z,1\n2026-01-01T00:07Z,1\n', /a\.csv: a step of 7 minutes/],
])('%j is refused in one line', (text, complaint) => {
  expect(() => parse(text)).toThrow(complaint);
});

it('opens a folder, and says in one line what is wrong with it', () => {
  const all = (column: string): boolean => column === 'load_kwh';
  expect(() => openDataset(join(dir, 'none'), all)).toThrow(/cannot be read \(ENOENT\)/);
  expect(() => openDataset(dir, all)).toThrow(/no CSV file is here/);
  writeFileSync(
    join(dir, 'site_a.csv.gz'),
    gzipSync('ts,load_kwh\n2026-01-01T00:00,1\n2026-01-01T01:00,2\n'),
  );
  const meta = (value: object): void =>
    writeFileSync(join(dir, 'meta.json'), JSON.stringify(value));
  meta({ time_zone: 'America/Los_Angeles wall clock', forecast_test_start: '2026-03-01T00:00' });
  const dataset = openDataset(dir, all);
  expect(dataset).toMatchObject({ timeZone: 'America/Los_Angeles', testFromMs: Date.UTC(2026, 2) });
  expect(dataset.sites[0]?.id).toBe('a');
  expect(dataset.sites[0]?.read().columns.get('load_kwh')).toEqual([1, 2]);
  for (const zone of ['Etc/GMT+10', 'America/Indiana/Knox', 'Australia/Adelaide (wall clock)']) {
    meta({ time_zone: zone });
    expect(openDataset(dir, all).timeZone).toBe(zone.split(' ')[0]);
  }
  meta({ time_zone: 'UTC+1' });
  expect(() => openDataset(dir, all)).toThrow(/time_zone 'UTC\+1' is no IANA zone/);
  meta([]);
  expect(() => openDataset(dir, all)).toThrow(/meta\.json: the whole of it: .*expected object/);
  meta({ time_zone: 'Mars/Olympus' });
  expect(() => openDataset(dir, all)).toThrow(/time_zone 'Mars\/Olympus' is no IANA zone/);
  meta({ forecast_test_start: 'spring' });
  expect(() => openDataset(dir, all)).toThrow(/forecast_test_start 'spring' is no time/);
  meta({ step_minutes: 'ten' });
  expect(() => openDataset(dir, all)).toThrow(/meta\.json: step_minutes: /);
  writeFileSync(join(dir, 'meta.json'), '{');
  expect(() => openDataset(dir, all)).toThrow(/meta\.json: not JSON/);
  writeFileSync(join(dir, 'site_a.csv.gz'), Uint8Array.of(0x1f, 0x8b, 1));
  rmSync(join(dir, 'meta.json'));
  expect(() => openDataset(dir, all).sites[0]?.read()).toThrow(/the gzip file is damaged|ERR|Z_/);
});
