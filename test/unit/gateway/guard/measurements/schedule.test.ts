import { expect, test } from 'vitest';
import {
  admitted,
  FULL_PACE,
  NO_SLOTS,
  type Part,
  type PlacedLoad,
  scarcity,
  scheduleOf,
  slotsOf,
} from '../../../../../gateway/guard/measurements/schedule.ts';

const TIMES = { cycleMs: 1_000, freshMs: { control: 5_000, state: 30_000, slow: 900_000 } };
const control = (count: number, costMs: number) =>
  Array.from({ length: count }, () => ({ everyCycles: 1, costMs }));

test('what fits is read as it should be, and nothing is said', () => {
  const schedule = scheduleOf([...control(4, 200), { everyCycles: 10, costMs: 200 }], TIMES, 0);
  expect(schedule).toMatchObject({ pace: { controlCycles: 1, restFactor: 1 }, freshMs: 5_000 });
  expect(scarcity(schedule, TIMES)).toBe('');
});

test('the other points give way before control does', () => {
  const schedule = scheduleOf([...control(4, 200), { everyCycles: 10, costMs: 3_000 }], TIMES, 0);
  expect(schedule).toMatchObject({ pace: { controlCycles: 1, restFactor: 4 }, freshMs: 5_000 });
  expect(scarcity(schedule, TIMES)).toBe(
    '4 reads of 0.20 s on average are 0.80 s of wire time, the other points 0.30 s more, ' +
      'and a cycle has 0.90 s; the other points are read 4 times less often',
  );
});

test('ten meters at 9600 baud with two blocks of 40: every third cycle, up to 10 s fresh', () => {
  const schedule = scheduleOf(control(20, 124), TIMES, 0);
  expect(schedule.pace.controlCycles).toBe(3);
  expect(schedule.worstAgeMs).toBe(7_124);
  expect(schedule.freshMs).toBe(10_124);
  expect(scarcity(schedule, TIMES)).toContain('10.1 s count as fresh, margin 3.00 s');
});

test('no control reading counts as fresh for longer than 15 s, and it is said', () => {
  const schedule = scheduleOf(control(200, 124), TIMES, 0);
  expect(schedule.freshMs).toBe(15_000);
  expect(scarcity(schedule, TIMES)).toContain('too late for control');
});

const placed = (part: Part, costMs: number): PlacedLoad => {
  return { part, everyCycles: part === 'rest' ? 10 : 1, costMs, answerMs: costMs };
};

test('a line with room: the rest in the middle, control, and last what the turn decides by', () => {
  const loads = [placed('vital', 40), placed('control', 50), placed('rest', 200)];
  expect(slotsOf(loads, 'line', FULL_PACE, 1_000)).toEqual({
    slots: [
      { part: 'control', leadMs: 108 },
      { part: 'vital', leadMs: 43 },
    ],
    roomMs: 392,
  });
});

test('a fuller one reads the rest behind the writes, one that is too full only the meter', () => {
  const full = [placed('vital', 40), placed('control', 450)];
  expect(slotsOf(full, 'line', FULL_PACE, 1_000)).toEqual({
    slots: [
      { part: 'rest', leadMs: 900 },
      { part: 'control', leadMs: 549 },
      { part: 'vital', leadMs: 43 },
    ],
    roomMs: 351,
  });
  const fuller = [placed('vital', 40), placed('control', 800)];
  const vital = { part: 'vital', leadMs: 43 };
  expect(slotsOf(fuller, 'line', FULL_PACE, 1_000).slots).toEqual([vital]);
  const slow = { controlCycles: 2, restFactor: 1 };
  expect(slotsOf(full, 'line', slow, 1_000).slots).toEqual([vital]);
});

test('a network: half as long again, for its moods; none that takes too much of the cycle', () => {
  const loads = [placed('vital', 10), placed('control', 20)];
  expect(slotsOf(loads, 'network', FULL_PACE, 1_000)).toEqual({
    slots: [
      { part: 'control', leadMs: 65 },
      { part: 'vital', leadMs: 35 },
    ],
    roomMs: 435,
  });
  expect(slotsOf([placed('control', 300)], 'network', FULL_PACE, 1_000)).toEqual(NO_SLOTS);
});

test('what waits goes by how overdue it is, as far as there is room, and one in any case', () => {
  const due = [
    { name: 'a', costMs: 30, overdueShare: 1 },
    { name: 'b', costMs: 80, overdueShare: 3 },
    { name: 'c', costMs: 30, overdueShare: 2 },
  ];
  const names = (roomMs: number): string[] => admitted(due, roomMs).map(({ name }) => name);
  expect(names(200)).toEqual(['b', 'c', 'a']);
  expect(names(110)).toEqual(['b', 'c']);
  expect(names(10)).toEqual(['b']);
  expect(names(Number.POSITIVE_INFINITY)).toEqual(['b', 'c', 'a']);
});
