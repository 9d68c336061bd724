import { expect, it } from 'vitest';
import { createSolverInProcess } from '../../../gateway/adapters/solver/solver.ts';
import { makePlan } from '../../../gateway/agents/planning/plan.ts';
import { workshop } from '../../fixtures/planning/site.ts';

const PLANS_COUNT = 10_000;
const WINDOW_COUNT = 1_000;
const GROWTH_MB = 15; // what a heap breathes

/** Lowest resident memory while `count` plans are made, MB. */
async function lowestMb(run: () => Promise<unknown>, count: number): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < count; n += 1) {
    await run();
    lowest = Math.min(lowest, process.memoryUsage.rss() / 1_048_576);
  }
  return lowest;
}

it('makes ten thousand plans in one process without growing', async () => {
  const solver = await createSolverInProcess();
  let seed = 0;
  const plan = async (): Promise<void> => {
    seed += 1;
    const shape = { stepCount: 48, batteries: 1, demand: true, flexible: seed % 4 === 0 } as const;
    const outlook = await makePlan(workshop(seed % 50, shape), solver, 5_000);
    expect(outlook.source).toBe('optimal');
  };
  await lowestMb(plan, WINDOW_COUNT);
  const early = await lowestMb(plan, WINDOW_COUNT);
  await lowestMb(plan, PLANS_COUNT - 3 * WINDOW_COUNT);
  const late = await lowestMb(plan, WINDOW_COUNT);
  console.info(`RSS after 2,000 plans ${early.toFixed(0)} MB, after 10,000 ${late.toFixed(0)} MB`);
  expect(late - early).toBeLessThan(GROWTH_MB);
});
