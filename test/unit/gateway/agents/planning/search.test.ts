import { beforeAll, describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type {
  PlanMemory,
  PlanProblem,
  Storage,
} from '../../../../../gateway/agents/planning/problem.ts';
import type { Basis } from '../../../../../gateway/contracts/values/linear-model.ts';
import type { Solver } from '../../../../../gateway/ports.ts';
import { workshop } from '../../../../fixtures/planning/site.ts';

let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});

const shape = { stepCount: 32, batteries: 1, demand: false, flexible: false } as const;
const withStore = (problem: PlanProblem, change: Partial<Storage>): PlanProblem => ({
  ...problem,
  storages: problem.storages.map((store) => ({ ...store, ...change })),
});
const effort = { gapShare: 1e-6, nodesMax: 10, polishFromShare: 1e-6, polishLimitMs: 5_000 };

describe('search', () => {
  it('says how far a plan may be from the best, and polishes it when asked', async () => {
    const problem = workshop(2, { stepCount: 14, batteries: 1, demand: true, flexible: true });
    const dived = await makePlan(problem, solver, 5_000);
    const polished = await makePlan(problem, solver, 5_000, effort);
    expect(dived.costNano).toBeGreaterThanOrEqual(dived.boundNano ?? Number.NaN);
    expect(polished.costNano).toBeLessThanOrEqual(dived.costNano);
    expect(polished.boundNano).toBeGreaterThanOrEqual(dived.boundNano ?? Number.NaN);
    expect(polished.costNano).toBeGreaterThanOrEqual(polished.boundNano ?? Number.NaN);
    // Whole decisions in both: on or off, and no car below its least power.
    for (const { terminals } of [...dived.steps, ...polished.steps]) {
      expect([0, -9_000]).toContain(Math.round(terminals['compressor1'] ?? 1) + 0);
      const carW = -(terminals['ev1'] ?? 0);
      expect(carW < 1 || carW > 4_139).toBe(true);
    }
  });

  it('keeps the plan of the dive when a polish is stopped', async () => {
    const problem = workshop(2, { stepCount: 14, batteries: 1, demand: true, flexible: true });
    const stopped: Solver = {
      solve: (model, limitMs, ...more) =>
        model.integer.includes(1)
          ? Promise.resolve({ status: 'time-limit', detail: 'no answer in 5000 ms' })
          : solver.solve(model, limitMs, ...more),
    };
    const dived = await makePlan(problem, solver, 5_000);
    const outlook = await makePlan(problem, stopped, 5_000, effort);
    expect(outlook.source).toBe('optimal');
    expect(outlook.costNano).toBe(dived.costNano);
  });

  it('starts where the last plan ended, and finds the same from anywhere', async () => {
    const day = { stepCount: 48, batteries: 2, demand: true, flexible: true } as const;
    const memory: PlanMemory = {};
    await makePlan(workshop(5, day), solver, 5_000, undefined, memory);
    expect(memory.basis?.columns.length).toBeGreaterThan(500);
    const { basis } = memory;
    const later = { ...workshop(6, day), issuedAtMs: 1 };
    const cold = await makePlan(later, solver, 5_000);
    const starts: (Basis | undefined)[] = [
      basis,
      basis && { columns: basis.columns.map(() => 1), rows: basis.rows.map(() => 1) },
      basis && { columns: basis.columns.map(() => 0), rows: basis.rows.map(() => 0) },
      basis && { ...basis, columns: basis.columns.slice(1) },
    ];
    for (const start of starts) {
      const warm = await makePlan(later, solver, 5_000, undefined, { basis: start });
      expect(warm.source).toBe('optimal');
      expect(warm.boundNano).toBeCloseTo(cold.boundNano ?? Number.NaN, -4);
    }
  });

  it('pays a commitment on the worst step only as far as it is worth it', async () => {
    const problem = workshop(1, shape);
    const free = await makePlan(problem, solver, 5_000);
    const priced: PlanProblem = {
      ...problem,
      commitments: [{ side: 'import', beyondW: 5_000, worstNanoPerW: 50_000_000 }],
    };
    const bound = await makePlan(priced, solver, 5_000);
    expect(bound.peakW).toBeLessThan(free.peakW - 1_000);
    const beyondW = Math.max(0, ...bound.steps.map(({ gridW }) => gridW - 5_000));
    expect(bound.costNano - free.costNano).toBeGreaterThan(beyondW * 50_000_000 - 1e6);
  });

  it('reaches a level by its deadline, and says nothing of one it cannot reach', async () => {
    const goal = { atStep: 15, minWh: 35_000, maxWh: Number.POSITIVE_INFINITY };
    const kept = await makePlan(withStore(workshop(1, shape), { goals: [goal] }), solver, 5_000);
    expect(kept.steps[15]?.socWh['battery1']).toBeGreaterThan(34_999);
    const early = { ...goal, atStep: 0, minWh: 39_000 };
    const missed = await makePlan(withStore(workshop(1, shape), { goals: [early] }), solver, 5_000);
    expect(missed.source).toBe('optimal'); // soft: as near as its power allows
    expect(missed.steps[0]?.socWh['battery1']).toBeCloseTo(20_000 + 16_000 * 0.25 * 0.95, 0);
  });

  it('works one store through two ports, the better one first', async () => {
    const problem = workshop(3, shape);
    const [store] = problem.storages;
    if (store === undefined) throw new Error('no store');
    const weak = { ...store, terminal: 'battery1b', storeOf: 'battery1', chargeShare: 0.8 };
    const half = { ...store, chargeMaxW: 4_000, dischargeMaxW: 4_000 };
    const two: PlanProblem = {
      ...problem,
      storages: [half, { ...weak, dischargeShare: 0.8, endNanoPerWh: 0 }],
    };
    const one = await makePlan({ ...problem, storages: [half] }, solver, 5_000);
    const both = await makePlan(two, solver, 5_000);
    expect(both.costNano).toBeLessThanOrEqual(one.costNano + 1);
    for (const { terminals, socWh } of both.steps) {
      expect(socWh['battery1b']).toBe(socWh['battery1']);
      const [first = 0, second = 0] = [terminals['battery1'], terminals['battery1b']];
      if (second < -1) expect(first).toBeLessThan(-3_999); // charges beyond what the first can
    }
  });

  it('keeps stored energy on the site where only production may be exported', async () => {
    const problem: PlanProblem = {
      ...workshop(3, shape),
      exportOnlyFromSources: true,
    };
    const dear = {
      ...problem,
      steps: problem.steps.map((step) => ({ ...step, exportNanoPerWh: 600_000 })),
    };
    const outlook = await makePlan(dear, solver, 5_000);
    for (const { gridW, pvW } of outlook.steps) expect(-gridW).toBeLessThan(pvW + 1);
  });
});
