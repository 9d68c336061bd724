import { expect, test } from 'vitest';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { createPace } from '../../../../simulators/checkers/pace.ts';

const read = (atMs: number, device: string) => ({
  atMs,
  device,
  fc: 3,
  address: 40_074,
  count: 10,
  values: [],
  write: false,
  exception: 0,
});

/** A meter that is read every `everyMs`, and a relay that is read rarely. */
function site(speed: number, everyMs: number, untilMs: number) {
  const times = timing(speed);
  const pace = createPace(times, (monoMs) => 1_000_000 + monoMs);
  for (let atMs = 0; atMs <= untilMs; atMs += everyMs) pace.frame(read(atMs, 'meter1'));
  for (let atMs = 0; atMs <= untilMs; atMs += 7 * everyMs) pace.frame(read(atMs, 'relay1'));
  return { times, elapsedMs: (from: number, to: number) => pace.elapsedMs(1e6 + from, 1e6 + to) };
}

test('a run that keeps its cycle is judged by time', () => {
  const { times, elapsedMs } = site(96, 4_800, 480_000);
  expect(times.cycleMs).toBe(4_800);
  expect(elapsedMs(48_000, 96_000)).toBe(48_000);
});

test('turns that the machine took away do not count, in an accelerated run', () => {
  const { elapsedMs } = site(96, 14_400, 480_000); // one turn of three
  expect(elapsedMs(43_200, 86_400)).toBe(3 * 4_800);
});

test('turns that came faster than the cycle make nothing longer', () => {
  const { elapsedMs } = site(96, 1_200, 100_000);
  expect(elapsedMs(4_800, 52_800)).toBe(48_000);
});

test('in real time every millisecond counts', () => {
  const { elapsedMs } = site(1, 5_000, 100_000);
  expect(elapsedMs(20_000, 30_000)).toBe(10_000);
});

test('what is older than what is kept is judged by time', () => {
  const { elapsedMs } = site(96, 14_400, 14_400 * 300);
  expect(elapsedMs(14_400, 14_400 * 299)).toBe(14_400 * 298);
});
