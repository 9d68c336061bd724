import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { startVirtualProcess } from '../../../../simulators/world/process.ts';

const DAY_MS = 86_400_000;
const NANOSECOND_MS = 1e-6;

it('what is due finds its instant on a clock that errs, and no earlier one', async () => {
  const speedOf = fc.double({ min: 0.99, max: 1.01, noNaN: true });
  const dueOf = fc.double({ min: 0, max: DAY_MS, noNaN: true });
  const isInTime = fc.asyncProperty(speedOf, dueOf, async (speed, dueMs) => {
    const world = createVirtualClock();
    const { clock } = startVirtualProcess(world, { aheadMs: 0, speed });
    let shownMs = Number.NaN;
    clock.realAt(dueMs, () => {
      shownMs = clock.realMs();
    });
    await world.advance(2 * DAY_MS);
    expect(shownMs).toBeGreaterThanOrEqual(dueMs);
    expect(shownMs).toBeLessThan(dueMs + 2 * NANOSECOND_MS);
  });
  await fc.assert(isInTime, { numRuns: 2_000, examples: [[1.0001, 3_017_419.531_249_333_6]] });
});
