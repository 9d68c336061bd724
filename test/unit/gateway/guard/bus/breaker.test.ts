import { expect, test } from 'vitest';
import { Breaker, newProbing } from '../../../../../gateway/guard/bus/breaker.ts';

/** Longest time between two probes of a unit that says nothing any more, ms. */
function longestMs(lostOfOthers: number): number {
  const probing = newProbing();
  const [silent, other] = [new Breaker(1, false, probing), new Breaker(1, false, probing)];
  silent.answered();
  let lastMs = 0;
  let longest = 0;
  for (let ms = 0; ms < 300_000; ms += 100) {
    if ((ms / 100) % 10 < lostOfOthers) other.failed(ms);
    else other.answered();
    if (!silent.allows(ms, false)) continue;
    longest = Math.max(longest, ms - lastMs);
    lastMs = ms;
    silent.failed(ms);
  }
  return longest;
}

test('a silent unit of a good line is probed every 20 s, that of a lossy one every 5', () => {
  expect(longestMs(0)).toBeGreaterThanOrEqual(20_000);
  expect(longestMs(1)).toBeGreaterThanOrEqual(20_000);
  expect(longestMs(4)).toBeLessThanOrEqual(6_000);
});
