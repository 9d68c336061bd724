import { expect, test } from 'vitest';
import { slowResponses } from '../../../../gateway/config/slow-response.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { site } from '../guard/bench/site.ts';

const withTimes = (responseMs: number, latencyMs: number, limitMarginW?: number): Site => {
  const base = site({ pv: {}, battery: {}, connection: limitMarginW ? { limitMarginW } : {} });
  const terminals = base.terminals.map((one) => ({ ...one, responseMs }));
  return { ...base, terminals, meters: base.meters.map((one) => ({ ...one, latencyMs })) };
};

test('a limit that nothing answers within 5 s is named with the time it takes', () => {
  expect(slowResponses(withTimes(1_000, 0))).toEqual([]);
  expect(slowResponses(withTimes(3_000, 1_000))).toEqual([]); // 5 s to the millisecond
  expect(slowResponses(withTimes(3_001, 1_000))).toMatchObject([
    { connection: 'grid', tookMs: 5_001 },
  ]);
});

test('one quick device is enough, and so is what is kept free', () => {
  const slow = withTimes(30_000, 0);
  const [first, ...rest] = slow.terminals.filter(({ control }) => control !== 'none');
  if (first === undefined) throw new Error('nothing is controlled here');
  const terminals = [{ ...first, responseMs: 500 }, ...rest];
  expect(slowResponses({ ...slow, terminals })).toEqual([]);
  expect(slowResponses(withTimes(30_000, 0, 2_000))).toEqual([]);
});
