import { expect, it } from 'vitest';
import { Blend } from '../../../../../../gateway/agents/forecasting/seasonal/blend.ts';
import { RecursiveRegression } from '../../../../../../gateway/agents/forecasting/seasonal/recursive.ts';
import {
  leastAbsolute,
  leastSquares,
} from '../../../../../../gateway/agents/forecasting/seasonal/regression.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { growingTrees } from '../../../../../../gateway/agents/forecasting/seasonal/trees.ts';

const random = seededStream(5);
const ROWS = Array.from({ length: 300 }, () =>
  Float64Array.of(1, 2 * random() - 1, 2 * random() - 1),
);
const TRUE = [3, -2, 0.5];
const plane = (row: Float64Array): number => TRUE.reduce((sum, b, i) => sum + b * (row[i] ?? 0), 0);
const ONES = new Float64Array(ROWS.length).fill(1);

it('the stream of a seed is uniform and always the same', () => {
  const first = Array.from({ length: 1_000 }, seededStream(7));
  expect(first).toEqual(Array.from({ length: 1_000 }, seededStream(7)));
  expect(first.reduce((a, b) => a + b, 0) / 1_000).toBeCloseTo(0.5, 1);
  expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...first)).toBeLessThan(1);
});

it('least squares finds the plane that made the rows', () => {
  const beta = leastSquares(ROWS, Float64Array.from(ROWS, plane), ONES, 0);
  for (const [i, value] of TRUE.entries()) expect(beta[i]).toBeCloseTo(value, 9);
});

it('one row in ten wild: the least absolute error still finds it, least squares does not', () => {
  const targets = Float64Array.from(ROWS, (row, r) => plane(row) + (r % 10 === 0 ? 50 : 0));
  const least = leastAbsolute(ROWS, targets, ONES, 0);
  expect(least[0]).toBeCloseTo(3, 0);
  expect(leastSquares(ROWS, targets, ONES, 0)[0]).toBeGreaterThan(7);
});

it('the recursive regression arrives at the same plane, and follows when it changes', () => {
  const regression = new RecursiveRegression(3, 0.98);
  for (const row of ROWS) regression.learn(row, plane(row));
  expect(regression.say(Float64Array.of(1, 0, 0))).toBeCloseTo(3, 2);
  expect(regression.say(Float64Array.of(0, 1, 0))).toBeCloseTo(-2, 2);
  for (const row of ROWS) regression.learn(row, plane(row) + 2);
  expect(regression.say(Float64Array.of(1, 0, 0))).toBeCloseTo(5, 1);
});

it('more trees err less, on a step that no line describes, and NaN has its own answer', () => {
  const rows = Array.from({ length: 600 }, (_, n) =>
    Float64Array.of(n % 3 === 0 ? Number.NaN : random(), random()),
  );
  const truth = ([x = 0]: Float64Array): number => (Number.isNaN(x) ? 5 : x > 0.5 ? 10 : 1);
  const targets = Float64Array.from(rows, truth);
  const weights = new Float64Array(rows.length).fill(1);
  const errorOf = (trees: number): number => {
    const growing = { depth: 3, learningShare: 0.3, leafSize: 10, random: seededStream(2) };
    const steps = growingTrees(rows, targets, weights, { ...growing, trees });
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const say = step.value;
    return rows.reduce((sum, row) => sum + Math.abs(say(row) - truth(row)), 0) / rows.length;
  };
  const [one, few, many] = [errorOf(1), errorOf(10), errorOf(40)];
  expect(few).toBeLessThan(one);
  expect(many).toBeLessThan(0.2);
});

it('a blend begins with equal shares, ends with the best expert, and follows a change', () => {
  const blend = new Blend(3);
  expect([...blend.weights()]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  const actual = Float64Array.of(10, 20);
  const off = (by: number): Float64Array => actual.map((value) => value + by);
  for (let day = 0; day < 30; day += 1) blend.learn([off(5), off(1), off(-3)], actual);
  expect(blend.weights()[1]).toBeGreaterThan(0.99);
  for (let day = 0; day < 90; day += 1) blend.learn([off(0.5), off(4), off(-3)], actual);
  expect(blend.weights()[0]).toBeGreaterThan(0.99);
  // Where an expert is silent, the others stand for it.
  const silent = [Float64Array.of(Number.NaN, 1), Float64Array.of(7, 1), Float64Array.of(7, 1)];
  expect([...blend.mix(silent)]).toEqual([7, 1]);
});
