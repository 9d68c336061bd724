import { expect, test } from 'vitest';
import { drawn, threeBatteries } from './loop/cases.ts';
import { Loop, type LoopCase, type MeterKind, type Shape } from './loop/plant.ts';

/** A meter that is late, and a site file that does not say so. */
const unstated = (latencyMs: number, meter: MeterKind, lagMs: number, shape: Shape): LoopCase => ({
  ...drawn(1),
  ...{ latencyMs, meter, windowMs: latencyMs, noiseW: 0, resolutionW: 1, believed: 0 },
  batteries: [1, 2, 3].map(() => ({ shape, lagMs, gain: 1, ownLatencyMs: 0 })),
});

/** Swing at the connection in the last 40 s, and what the guard made of the loop. */
function run(setup: LoopCase, loadOf: (nowMs: number) => number, ms: number) {
  const loop = new Loop(threeBatteries(setup), setup);
  const shares = new Set<number>();
  let lowW = Number.POSITIVE_INFINITY;
  let highW = Number.NEGATIVE_INFINITY;
  let share = 1;
  loop.run(ms, ({ gridW, nowMs, turn }) => {
    loop.loadW = loadOf(nowMs);
    share = turn?.memory.control.swing['grid']?.share ?? 1;
    shares.add(share);
    if (nowMs < ms - 40_000) return;
    lowW = Math.min(lowW, gridW);
    highW = Math.max(highW, gridW);
  });
  return { swingW: highW - lowW, share, least: Math.min(...shares) };
}

const step = (nowMs: number): number => (nowMs < 20_000 ? -2_000 : -8_000);

test.each([
  unstated(2_000, 'delay', 100, 'first-order'),
  unstated(2_000, 'hold', 2_000, 'dead-time'),
  unstated(3_000, 'hold', 500, 'dead-time'),
])('a late meter that nobody stated: the loop swings, and is calmed (case %#)', (setup) => {
  expect(run(setup, step, 65_000).swingW).toBeGreaterThan(3_000);
  const later = run(setup, step, 300_000);
  expect(later.least).toBeLessThan(1);
  expect(later.swingW).toBeLessThan(300);
});

test('after a calm while it tries the whole way again', () => {
  const setup = unstated(2_000, 'delay', 100, 'first-order');
  expect(run(setup, step, 300_000).share).toBe(0.5);
  expect(run(setup, step, 800_000).share).toBe(1);
});

test('a load that comes and goes is no swing of ours', () => {
  const setup = { ...unstated(50, 'delay', 500, 'first-order'), latencyMs: 50 };
  const beats = (nowMs: number): number => (Math.floor(nowMs / 15_000) % 2 === 0 ? -2_000 : -7_000);
  expect(run(setup, beats, 600_000).least).toBe(1);
});
