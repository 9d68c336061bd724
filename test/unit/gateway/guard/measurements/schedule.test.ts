import { expect, test } from 'vitest';
import { scarcity, scheduleOf } from '../../../../../gateway/guard/measurements/schedule.ts';

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
