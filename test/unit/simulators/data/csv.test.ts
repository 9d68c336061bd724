import { expect, test } from 'vitest';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import { instantsOf, isoMinute, parseStamp } from '../../../../gateway/contracts/values/stamp.ts';
import { type DatasetMeta, parseDataset } from '../../../../simulators/data/csv.ts';

const good = `ts,load_kwh,pv_kwh,note
2026-06-15T10:00Z,1.5,0.25,a
2026-06-15T10:15Z,2,0,b
2026-06-15T10:30Z,0.001,3e-2,c
`;

function complaint(text: string, meta: DatasetMeta = {}): string {
  try {
    parseDataset(text, 'x.csv', meta);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return 'accepted';
}

test('energies per interval become Wh, the step is found, other columns are ignored', () => {
  const data = parseDataset(good, 'x.csv');
  expect(data).toMatchObject({
    stepMs: 900_000,
    fromMs: Date.UTC(2026, 5, 15, 10),
    untilMs: Date.UTC(2026, 5, 15, 10, 45),
  });
  expect(data.loadWh).toEqual([1_500, 2_000, 1]);
  expect(data.pvWh).toEqual([250, 0, 30]);
  expect(parseDataset('ts,load_kwh\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,1\n', 'x').pvWh).toEqual(
    [0, 0],
  );
});

test.each([
  [
    'a wrong header',
    good.replace('load_kwh', 'load_kw'),
    "x.csv:1: no column 'load_kwh', but 'load_kw'; give energy per interval in kWh",
  ],
  ['no time column', good.replace('ts,', 'when,'), "x.csv:1: no column 'ts'"],
  ['a column twice', good.replace('note', 'load_kwh'), "x.csv:1: column 'load_kwh' exists twice"],
  ['NaN', good.replace(',2,', ',NaN,'), "x.csv:3: load_kwh is 'NaN'; fill it in"],
  ['an empty field', good.replace(',2,', ',,'), "x.csv:3: load_kwh is ''; fill it in"],
  ['a negative energy', good.replace('0.25', '-0.25'), 'x.csv:2: pv_kwh is -0.25, below zero'],
  [
    'a gap',
    good.replace('10:30Z', '11:00Z'),
    'x.csv:4: 2 intervals missing from 2026-06-15T10:30Z; add the rows',
  ],
  [
    'a row twice',
    good.replace('10:30Z', '10:15Z'),
    'x.csv:4: the same interval again (2026-06-15T10:15Z)',
  ],
  [
    'time running back',
    good.replace('10:30Z', '09:30Z'),
    'x.csv:4: an older row after a newer one',
  ],
  ['an odd step', good.replace('10:15Z', '10:13Z'), 'x.csv:3: a step of 13 minutes'],
  [
    'a crooked row',
    good.replace('10:30Z', '10:37Z'),
    'x.csv:4: 22 minutes after the row before, step is 15',
  ],
  ['a missing field', good.replace(',0,b', ',0'), 'x.csv:3: 3 fields, the header has 4'],
  [
    'no time',
    good.replace('2026-06-15T10:15Z', 'noon'),
    "x.csv:3: 'noon' is no time; write 2026-06-15T10:15Z",
  ],
  [
    'a day that does not exist',
    good.replaceAll('06-15', '02-30'),
    "x.csv:2: '2026-02-30T10:00Z' is no time",
  ],
  [
    'no zone',
    good.replaceAll('Z', ''),
    "x.csv:2: '2026-06-15T10:00' has no time zone; write UTC with a Z",
  ],
  ['no rows', 'ts,load_kwh\n', 'x.csv: no rows in the chosen range'],
])('%s is refused in one line with the line number', (_, text, says) => {
  const line = complaint(text);
  expect(line).toContain(says);
  expect(line).not.toContain('\n');
});

test('local times: fine in a zone, refused where the clock change makes them doubtful', () => {
  const berlin = { timeZone: 'Europe/Berlin' };
  const rows = (...times: string[]): string =>
    `ts,load_kwh\n${times.map((ts) => `${ts},1\n`).join('')}`;
  expect(parseDataset(rows('2026-06-15T10:00', '2026-06-15T11:00'), 'x', berlin).fromMs).toBe(
    Date.UTC(2026, 5, 15, 8),
  );
  const spring = complaint(rows('2026-03-29T01:00', '2026-03-29T02:00'), berlin);
  expect(spring).toContain(
    '2026-03-29T02:00 does not exist in Europe/Berlin (clock change); write UTC: 2026-03-29T01',
  );
  const autumn = complaint(rows('2026-10-25T01:00', '2026-10-25T02:00'), berlin);
  expect(autumn).toContain(
    'exists twice in Europe/Berlin (clock change); write UTC: 2026-10-25T00:00Z or 2026-10-25T01',
  );
  // With offsets the same night is plain.
  const plain = rows('2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00', '2026-10-25T03:00+01:00');
  expect(parseDataset(plain, 'x').loadWh).toHaveLength(3);
  // A clock that never shifts has no such nights.
  const steady = parseDataset(rows('2026-03-29T01:00', '2026-03-29T02:00'), 'x', {
    ...berlin,
    noClockChange: true,
  });
  expect(steady.fromMs).toBe(Date.UTC(2026, 2, 29, 0));
});

test('only the chosen range has to be sound', () => {
  const bad = good.replace('1.5', 'NaN');
  const range = { fromMs: Date.UTC(2026, 5, 15, 10, 15) };
  expect(parseDataset(bad, 'x', {}, range).loadWh).toEqual([2_000, 1]);
  expect(() => parseDataset(bad, 'x', {}, { untilMs: range.fromMs })).toThrow(Fault);
});

test('stamps and instants agree with the calendar', () => {
  for (const at of [
    0,
    Date.UTC(2024, 1, 29, 23, 59),
    Date.UTC(2025, 11, 31),
    Date.UTC(2026, 2, 1),
    Date.UTC(1969, 6, 20),
  ]) {
    expect(isoMinute(at)).toBe(`${new Date(at).toISOString().slice(0, 16)}Z`);
    expect(parseStamp(isoMinute(at))?.clockMs).toBe(at);
  }
  expect(instantsOf(Date.UTC(2026, 9, 25, 2, 30), 'Europe/Berlin')).toHaveLength(2);
  expect(instantsOf(Date.UTC(2026, 2, 29, 2, 30), 'Europe/Berlin')).toEqual([]);
  expect(instantsOf(Date.UTC(2026, 2, 29, 2, 30), 'UTC')).toEqual([Date.UTC(2026, 2, 29, 2, 30)]);
});
