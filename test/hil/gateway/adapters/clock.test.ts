import { expect, test } from 'vitest';
import { createClock } from '../../../../gateway/adapters/clock.ts';

test('an exact instant is never early, a past one is now, a cancelled one never', async () => {
  const clock = createClock();
  const at = (dueMs: number): Promise<number> =>
    new Promise((done) => clock.realAt(dueMs, () => done(clock.realMs() - dueMs), true));
  for (const afterMs of [0.4, 1.75, 3.6]) {
    expect(await at(clock.realMs() + afterMs)).toBeGreaterThanOrEqual(-0.05);
  }
  const warned: string[] = [];
  process.once('warning', ({ name }) => warned.push(name));
  await at(clock.realMs() - 20);
  let ran = false;
  clock.realAt(
    clock.realMs() + 5,
    () => {
      ran = true;
    },
    true,
  )();
  await at(clock.realMs() + 20);
  expect([ran, warned]).toEqual([false, []]);
});
