import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bench } from '../../../unit/gateway/guard/bench/bench.ts';
import { site } from '../../../unit/gateway/guard/bench/site.ts';

const home = site({ pv: {}, battery: {}, connection: { defaultExportLimitW: 0 } });

/**
 * Reversals of the battery's power beyond a tenth of the step: what a swinging loop has and a
 * calm one has not.
 */
function reversals(powersW: readonly number[], stepW: number): number {
  let count = 0;
  let lastW = powersW[0] ?? 0;
  let direction = 0;
  for (const powerW of powersW) {
    if (Math.abs(powerW - lastW) < 0.1 * stepW) continue;
    const now = Math.sign(powerW - lastW);
    if (direction !== 0 && now !== direction) count += 1;
    direction = now;
    lastW = powerW;
  }
  return count;
}

test('whatever the lag, a load step settles within five cycles and does not swing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 200, max: 1_000 }),
      fc.integer({ min: 5, max: 200 }),
      fc.integer({ min: -4_800, max: -1_000 }),
      fc.integer({ min: 0, max: 999 }),
      async (lagMs, writeMs, stepW, phaseMs) => {
        // A lag is how long the device takes; three time constants of it.
        const bench = new Bench(home, { lagMs: Math.max(60, lagMs / 3), writeMs });
        bench.world.loadW = -100;
        await bench.start();
        await bench.clock.advance(40_000 + phaseMs);
        bench.world.loadW = stepW - 100;
        const seen: number[] = [];
        for (let n = 0; n < 300; n += 1) {
          await bench.clock.advance(100);
          seen.push(bench.batteryW);
          if (n >= 50) expect(Math.abs(bench.gridW)).toBeLessThan(130);
        }
        expect(reversals(seen, -stepW)).toBeLessThanOrEqual(1);
        await bench.guard.stop();
      },
    ),
    { numRuns: 25 },
  );
});

test('an export limit of zero is back within five cycles of any change', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          pvW: fc.integer({ min: 0, max: 10_000 }),
          loadW: fc.integer({ min: -9_000, max: 0 }),
          socPct: fc.constantFrom(4, 50, 96),
        }),
        { minLength: 2, maxLength: 5 },
      ),
      async (changes) => {
        const bench = new Bench(home, { lagMs: 300 });
        await bench.start();
        for (const change of changes) {
          // A jump of charge is believed after three readings: that is a step of its own.
          const jumped = change.socPct !== bench.world.socPct;
          Object.assign(bench.world, change);
          await bench.clock.advance(jumped ? 9_000 : 5_000);
          for (let n = 0; n < 40; n += 1) {
            await bench.clock.advance(250);
            // 1 % of controllable nameplate, 100 W, and a ramp's tail
            expect(bench.gridW).toBeGreaterThan(-160);
          }
        }
        await bench.guard.stop();
      },
    ),
    { numRuns: 40 },
  );
});
