import { beforeAll, describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type { PlanProblem } from '../../../../../gateway/agents/planning/problem.ts';
import type { Outlook } from '../../../../../gateway/contracts/values/outlook.ts';
import type { Solver } from '../../../../../gateway/ports.ts';
import { workshop } from '../../../../fixtures/planning/site.ts';

let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});
const missing: Solver = {
  solve: () => Promise.resolve({ status: 'failed', detail: 'no solver here' }),
};

/** How much dearer the plan by levels is than the optimum, as a share of it. */
async function excess(problem: PlanProblem): Promise<{ share: number; levels: Outlook }> {
  const optimal = await makePlan(problem, solver, 5_000);
  const levels = await makePlan(problem, missing, 5_000);
  expect(optimal.source).toBe('optimal');
  expect(levels.source).toBe('levels');
  return { share: (levels.costNano - optimal.costNano) / optimal.costNano, levels };
}

const shape = { stepCount: 48, batteries: 1, demand: false, flexible: false } as const;

describe('plan by levels', () => {
  it.each([1, 2])('costs at most half a percent above the optimum, day %i', async (seed) => {
    const { share } = await excess(workshop(seed, shape));
    expect(share).toBeGreaterThan(-1e-6);
    expect(share).toBeLessThan(0.005);
  });

  it.each([1, 2])('and 3 % with a demand charge, day %i', async (seed) => {
    const { share, levels } = await excess(workshop(seed, { ...shape, demand: true }));
    expect(share).toBeGreaterThan(-1e-6);
    expect(share).toBeLessThan(0.03);
    expect(levels.boundNano).toBeUndefined();
  });

  it('keeps what the site may not do: charge from the grid, export what is stored', async () => {
    const problem = workshop(4, shape);
    const levels = await makePlan(
      {
        ...problem,
        storages: problem.storages.map((store) => ({
          ...store,
          mayChargeFromGrid: false,
          mayExport: false,
          chargeMinW: 2_000,
        })),
      },
      missing,
      5_000,
    );
    for (const { batteryW, gridW } of levels.steps) {
      if (batteryW < -1) expect(gridW).toBeLessThan(1);
      if (batteryW > 1) expect(gridW).toBeGreaterThan(-1);
      expect(batteryW < -1 && batteryW > -1_999).toBe(false);
    }
    expect(levels.costNano).toBeLessThanOrEqual(levels.rulesNano);
  });
});
