import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../simulators/clock.ts';

test('events run in order of time, then of being asked for', async () => {
  const clock = createVirtualClock();
  const ran: string[] = [];
  clock.at(20, () => ran.push('b'));
  clock.at(10, () => ran.push('a'));
  clock.at(20, () => ran.push('c'));
  clock.realAt(15, () => ran.push('real'));
  await clock.advance(20);
  expect(ran).toEqual(['a', 'real', 'b', 'c']);
  expect(clock.monoMs()).toBe(20);
});

test('a cancelled event does not run, cancelling twice counts once', async () => {
  const clock = createVirtualClock();
  let ran = 0;
  const cancel = clock.at(5, () => {
    ran += 1;
  });
  clock.at(6, () => undefined);
  cancel();
  cancel();
  expect(clock.pending).toBe(1);
  await clock.advance(10);
  expect(ran).toBe(0);
  expect(clock.pending).toBe(0);
});

test('awaits between events settle before time moves on', async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  const wait = (ms: number) => new Promise<void>((done) => clock.at(clock.monoMs() + ms, done));
  const work = (async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await wait(7);
      seen.push(clock.monoMs());
    }
  })();
  await clock.advance(100);
  await work;
  expect(seen).toEqual([7, 14, 21, 28, 35]);
});

test('scaled: monotonic and wall time run at speed, real time does not', async () => {
  const clock = createVirtualClock({ speed: 96, wallMs: 1_000 });
  let monoAtReal = -1;
  clock.realAt(10, () => {
    monoAtReal = clock.monoMs();
  });
  await clock.advance(4_800);
  expect(monoAtReal).toBeCloseTo(960);
  expect(clock.realMs()).toBeCloseTo(50);
  expect(clock.wallMs()).toBe(5_800);
});

test('an event never runs before its own time, whatever the speed', async () => {
  const clock = createVirtualClock({ speed: 7.3 });
  const early: number[] = [];
  for (let due = 0.1; due < 50; due += 0.37) {
    const at = due;
    clock.at(at, () => {
      if (clock.monoMs() < at) early.push(at);
    });
  }
  await clock.advance(60);
  expect(early).toEqual([]);
});

test('until stops at the first event that makes the condition true', async () => {
  const clock = createVirtualClock();
  let count = 0;
  const tick = (): void => {
    count += 1;
    clock.at(clock.monoMs() + 10, tick);
  };
  clock.at(10, tick);
  expect(await clock.until(() => count === 3, 1_000)).toBe(true);
  expect(clock.monoMs()).toBe(30);
  expect(await clock.until(() => count === 99, 100)).toBe(false);
  expect(clock.monoMs()).toBe(130);
});

test('what sets itself again at one instant for ever is named', async () => {
  const clock = createVirtualClock({ settle: () => undefined });
  const again = (): void => void clock.realAt(5, again);
  again();
  await expect(clock.advance(20)).rejects.toThrow(/time stands still at 5 ms: .*again/s);
});
