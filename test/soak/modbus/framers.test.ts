import { expect, test } from 'vitest';
import { fuzz } from '../../fixtures/modbus/fuzz.ts';

const FRAMES = 10_000_000;
const ROUND = 500_000;

test('ten million frames, most of them bent: no crash, no value from a bad one', () => {
  for (let seed = 1; seed <= FRAMES / ROUND; seed += 1) {
    const { answers, untouched, wrong } = fuzz(ROUND, seed * 7_919);
    expect(wrong).toEqual([]);
    expect(answers).toBeGreaterThanOrEqual(untouched);
    expect(untouched).toBeGreaterThan(ROUND / 5);
  }
});
