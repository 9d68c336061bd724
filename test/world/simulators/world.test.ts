import { expect, it } from 'vitest';
import { worldPorts } from '../../../simulators/cli/world.ts';
import { planFaults } from '../../../simulators/world/faults.ts';
import { runWorld } from '../../../simulators/world/world.ts';

const START = Date.UTC(2026, 5, 17, 4, 30);
const HOUR_DAYS = 1 / 24;
const only = (...numbers: number[]): ReadonlySet<number> => new Set(numbers);

it('an hour of faults on a site with its gateway, broker and cloud violates nothing', async () => {
  const options = { seed: 6, days: HOUR_DAYS, sites: 1, startMs: START };
  const result = await runWorld(options, await worldPorts());
  expect(result.violations).toEqual([]);
  expect(result.faults.length).toBeGreaterThan(2);
  expect(Object.values(result.faultsInjected).length).toBeGreaterThan(0);
  expect(result.cycles).toBeGreaterThan(3_000);
  expect(result.recordsConfirmed).toBeGreaterThan(50);
});

it('one seed is one world: twice the same, another seed another', async () => {
  const run = async (seed: number): Promise<string> => {
    const options = { seed, days: HOUR_DAYS / 4, sites: 1, startMs: START, only: only(0) };
    return (await runWorld(options, await worldPorts())).hash;
  };
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

it('plans faults that end before the run does', () => {
  const durationMs = 24 * 3_600_000;
  const faults = planFaults(3, 2, durationMs);
  expect(faults.length).toBeGreaterThan(60);
  for (const { atMs, forMs } of faults) expect(atMs + forMs).toBeLessThanOrEqual(durationMs);
  expect(planFaults(3, 2, durationMs)).toEqual(faults);
});
