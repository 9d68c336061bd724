import { expect, test } from 'vitest';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { Obedience } from '../../../../../gateway/guard/commands/obedience.ts';

const S = 1_000;

/** Three times not followed at `nowMs`; for how long it is given back. */
function givenBackFor(one: Obedience, nowMs: number): number {
  for (let n = 0; n < 3 && !one.isGivenBack(nowMs); n += 1) one.disagreed(nowMs);
  let untilMs = nowMs;
  while (one.isGivenBack(untilMs)) untilMs += S;
  return untilMs - nowMs;
}

test('given back after three, tried again after a doubling wait of half an hour at most', () => {
  const one = new Obedience(timing(1));
  expect([one.disagreed(0), one.disagreed(0)]).toEqual([false, false]);
  expect(one.isGivenBack(0)).toBe(false);
  expect(one.disagreed(0)).toBe(true);
  const waits = [30 * S];
  for (let nowMs = 30 * S; waits.length < 8; nowMs += waits.at(-1) ?? 0) {
    waits.push(givenBackFor(one, nowMs));
  }
  expect(waits.map((ms) => ms / S)).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800]);
});

test('followed again: the next time begins with the shortest wait', () => {
  const one = new Obedience(timing(1));
  expect(givenBackFor(one, 0)).toBe(30 * S);
  expect(givenBackFor(one, 30 * S)).toBe(60 * S);
  one.agreed(200 * S);
  expect(givenBackFor(one, 201 * S)).toBe(30 * S);
});

test('says since when it follows nothing, over all tries, and when the next one is', () => {
  const one = new Obedience(timing(1));
  expect(one.view(0)).toEqual({ mismatches: 0, givenBack: false });
  givenBackFor(one, 5 * S);
  expect(one.view(6 * S).deaf).toEqual({ sinceMonoMs: 5 * S, againMonoMs: 35 * S });
  givenBackFor(one, 40 * S);
  expect(one.view(41 * S).deaf).toEqual({ sinceMonoMs: 5 * S, againMonoMs: 100 * S });
  one.agreed(60 * S); // its safe state: no order followed yet
  givenBackFor(one, 100 * S);
  expect(one.view(100 * S).deaf?.sinceMonoMs).toBe(5 * S);
  one.agreed(300 * S);
  givenBackFor(one, 400 * S);
  expect(one.view(400 * S).deaf).toEqual({ sinceMonoMs: 400 * S, againMonoMs: 430 * S });
});

test('meanwhile its safe state is written, ever less often where that fails too', () => {
  const one = new Obedience(timing(1));
  for (let n = 0; n < 3; n += 1) one.disagreed(0);
  expect([one.mayTry(false, 0), one.mayTry(true, 0)]).toEqual([false, true]);
  one.disagreed(0);
  expect([one.mayTry(true, 9 * S), one.mayTry(true, 10 * S)]).toEqual([false, true]);
  one.disagreed(10 * S);
  expect([one.mayTry(true, 29 * S), one.mayTry(true, 30 * S)]).toEqual([false, true]);
});
