import { expect, test } from 'vitest';
import { aheadW, lastOnes } from '../../../../gateway/guard/control/trend.ts';

/** What is seen ahead of the last of these, one a cycle. */
function after(valuesW: readonly number[]): number {
  let before: readonly number[] = [];
  let ahead = 0;
  for (const valueW of valuesW) {
    ahead = aheadW(before, valueW);
    before = lastOnes(before, valueW);
  }
  return ahead;
}

test('a ramp goes on for two cycles more, either way', () => {
  expect(after([0, 0, -1_500, -3_000, -4_500, -6_000])).toBe(-3_000);
  expect(after([0, 900, 2_000, 3_100, 4_000])).toBe(2_000);
});

test.each([
  ['a step', [0, 0, 0, -20_000, -20_000]],
  ['a step in two parts', [0, 0, -9_000, -20_000, -20_000]],
  ['noise', [10, -20, 15, -5, 20]],
  ['a ramp that has ended', [-1_500, -3_000, -4_500, -6_000, -6_000]],
  ['too little to tell', [0, -1_500, -3_000, -4_500]],
])('%s is none', (_name, valuesW) => {
  expect(after(valuesW)).toBe(0);
});
