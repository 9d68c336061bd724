import { expect, test } from 'vitest';
import { instantOf } from '../../../../../gateway/agents/advisor/when.ts';

const ZONE = 'Europe/Berlin';
const NOW = Date.UTC(2026, 5, 22, 13, 7); // Monday, 15:07 in Berlin
const utc = (day: number, hour: number, minute = 0): number => Date.UTC(2026, 5, day, hour, minute);

test.each([
  ['why is the battery resting?', NOW],
  ['why did it charge at 14:00?', utc(22, 12)],
  ['why at 9?', utc(22, 7)],
  ['why did we sell at 2 pm', utc(22, 12)],
  ['what happened yesterday at 18.30', utc(21, 16, 30)],
  ['why was it limited on Friday at noon?', utc(19, 10)],
  ['why only at 3 kW?', NOW],
])('%s', (question, atMs) => {
  expect(instantOf(question, ZONE, NOW)).toBe(atMs);
});

test('on the day the clock changes it is what the clock shows', () => {
  const after = Date.UTC(2026, 2, 29, 20, 0); // summer time began at 01:00 UTC
  expect(instantOf('why at 14:00?', ZONE, after)).toBe(Date.UTC(2026, 2, 29, 12, 0));
  expect(instantOf('why at 1:30?', ZONE, after)).toBe(Date.UTC(2026, 2, 29, 0, 30));
});
