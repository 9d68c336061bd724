import { expect, test } from 'vitest';
import { BACK_INSIDE_MS } from '../../../../gateway/config/slow-response.ts';
import { drawn } from './loop/cases.ts';
import { beyondMs, STEP_W } from './loop/margin.ts';

const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);
/** Behind an inverter that needs half a minute for what it is told. */
const slow = (seed: number) => {
  const setup = drawn(seed);
  return {
    ...setup,
    latencyMs: Math.min(setup.latencyMs, 1_000),
    batteries: setup.batteries.map((one) => ({ ...one, lagMs: 20_000 })),
    believed: 1,
  };
};

test('what slow devices cannot answer in time stays inside with the margin kept free', () => {
  const without = SEEDS.map((seed) => beyondMs(slow(seed), 0));
  expect(without.filter((ms) => ms <= BACK_INSIDE_MS)).toEqual([]);
  const kept = SEEDS.map((seed) => beyondMs(slow(seed), STEP_W + 200));
  expect(kept.filter((ms) => ms > BACK_INSIDE_MS)).toEqual([]);
});
