import { expect, test } from 'vitest';
import {
  createStream,
  noiseAt,
  normalAt,
  streamKey,
  uniformAt,
} from '../../../simulators/random.ts';

test('the same seed and name give the same numbers, another of either gives others', () => {
  const draw = (seed: number, name: string): number[] => {
    const stream = createStream(seed, name);
    return Array.from({ length: 8 }, () => stream.next());
  };
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
});

test('uniforms fill [0, 1) evenly, normals have mean 0 and variance 1', () => {
  const key = streamKey(3, 'spread');
  const bins = new Array<number>(10).fill(0);
  let sum = 0;
  let squares = 0;
  for (let n = 0; n < 20_000; n += 1) {
    const bin = Math.floor(uniformAt(key, n - 10_000) * 10);
    bins[bin] = (bins[bin] ?? 0) + 1;
    const z = normalAt(key, n);
    sum += z;
    squares += z * z;
  }
  for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(220);
  expect(Math.abs(sum / 20_000)).toBeLessThan(0.03);
  expect(squares / 20_000).toBeCloseTo(1, 1);
});

test('noise is continuous and stays in [-1, 1]', () => {
  const key = streamKey(5, 'noise');
  let before = noiseAt(key, 0, 1000);
  for (let at = 1; at < 20_000; at += 1) {
    const now = noiseAt(key, at, 1000);
    expect(Math.abs(now)).toBeLessThanOrEqual(1);
    expect(Math.abs(now - before)).toBeLessThan(0.004);
    before = now;
  }
});
