import { expect, test } from 'vitest';
import { droopOnce, phaseOnce } from './loop/beside.ts';
import { curtailOnce, drawn, stepOnce } from './loop/cases.ts';

/** Lean here; of the thousands of `npm run bench -- loop` one in a hundred misses an aim. */
const SEEDS = Array.from({ length: 40 }, (_, n) => 10_000 + n);
const TOLERANCE_W = 200;

test('a step of 10 kW over three batteries settles and does not swing, whatever is late', () => {
  const results = SEEDS.map((seed) => stepOnce(drawn(seed), 180_000));
  for (const { setup, ratio, overshootPct, crossings, swingW } of results) {
    const what = `case ${setup.seed}`;
    expect(ratio, what).toBeLessThanOrEqual(1); // of 3 x (latency + lag) + 2 s
    expect(overshootPct, what).toBeLessThanOrEqual(10);
    expect(crossings, what).toBeLessThanOrEqual(2);
    expect(swingW, what).toBeLessThanOrEqual(2 * TOLERANCE_W + 4 * setup.noiseW);
  }
});

/** Drawn cases in which devices show the end of their move after a coarse meter has shown it. */
const LATER_THAN_THE_METER = [76, 566, 1_639];

test('a meter that stands still after a step is not taken for frozen', () => {
  for (const seed of LATER_THAN_THE_METER) {
    const { ratio, swingW } = stepOnce(drawn(seed), 180_000);
    expect(ratio, `case ${seed}`).toBeLessThanOrEqual(1);
    expect(swingW, `case ${seed}`).toBeLessThanOrEqual(2 * TOLERANCE_W);
  }
});

test('curtailment and batteries find each other and never fight', () => {
  for (const seed of SEEDS.slice(0, 15)) {
    const { setup, fightWh, swingW } = curtailOnce(drawn(seed));
    expect(fightWh, `case ${seed}`).toBeLessThan(1);
    expect(swingW, `case ${seed}`).toBeLessThanOrEqual(TOLERANCE_W + 4 * setup.noiseW);
  }
});

test('three single-phase batteries bring phase and sum inside, and do not swing', () => {
  for (const seed of SEEDS.slice(0, 6)) {
    const { fuseRatio, sumRatio, swingW } = phaseOnce(drawn(seed));
    expect(fuseRatio, `case ${seed}`).toBeLessThanOrEqual(1.5);
    expect(sumRatio, `case ${seed}`).toBeLessThanOrEqual(1.5);
    expect(swingW, `case ${seed}`).toBeLessThanOrEqual(2 * TOLERANCE_W);
  }
});

test('what droop takes from one battery shows at the connection, nobody takes it back', () => {
  for (const seed of SEEDS.slice(0, 3)) {
    const { setup, backedW, swingW } = droopOnce(drawn(seed));
    expect(Math.abs(backedW - 1_000), `case ${seed}`).toBeLessThanOrEqual(150);
    expect(swingW, `case ${seed}`).toBeLessThanOrEqual(TOLERANCE_W + 4 * setup.noiseW);
  }
});
