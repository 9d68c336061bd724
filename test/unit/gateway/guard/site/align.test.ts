import { expect, test } from 'vitest';
import {
  type Around,
  type Belief,
  follow,
  observe,
  type Trace,
} from '../../../../../gateway/guard/site/align.ts';

/** A battery told 20 kW rests at 15 kW; what is believed of the connection at the end. */
function believed(loadsW: readonly number[], ordersOf: (atS: number) => Trace): number {
  let belief: Belief | undefined;
  let meter: Trace = [];
  let own: Trace = [];
  let gridW = Number.NaN;
  loadsW.forEach((loadW, atS) => {
    const atMs = 1_000 * atS;
    meter = follow(meter, atMs, loadW - 15_000);
    own = follow(own, atMs, 15_000);
    const battery = { id: 'b1', trace: own, latencyMs: 0, lagMs: 1_000, isBattery: true };
    const steered = [{ ...battery, orders: ordersOf(atS) }];
    const shows = { trace: meter, latencyMs: 200, resolutionW: 1, jitterMs: 100 };
    const around: Around = { ...shows, steered };
    const seen = observe(belief, around);
    belief = seen?.belief;
    gridW = seen?.gridW ?? Number.NaN;
  });
  return gridW;
}

const steps = (fromW: number, toW: number): number[] =>
  Array.from({ length: 30 }, (_, atS) => (atS < 20 ? fromW : toW));

test('a load that goes is not taken for what a saturated battery still owes', () => {
  const once: Trace = [{ atMs: 1_000, powerW: 20_000 }];
  expect(believed(steps(20_000, 16_000), () => once)).toBeCloseTo(1_000, -2);
});

test('nor where its orders change a little all the time', () => {
  const many = (atS: number): Trace =>
    Array.from({ length: Math.min(16, atS + 1) }, (_, n) => ({
      atMs: 1_000 * (atS - Math.min(15, atS) + n),
      powerW: 20_000 + n,
    }));
  expect(believed(steps(20_000, 16_000), many)).toBeCloseTo(1_000, -2);
});

test('what was ordered a moment ago may still come', () => {
  const late: Trace = [{ atMs: 19_000, powerW: 20_000 }];
  expect(believed(steps(20_000, 16_000).slice(0, 22), () => late)).toBeCloseTo(5_000, -2);
});
