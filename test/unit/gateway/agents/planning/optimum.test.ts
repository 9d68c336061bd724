import { beforeAll, describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { evaluate } from '../../../../../gateway/agents/planning/evaluate.ts';
import { makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type { PlanProblem, Schedule } from '../../../../../gateway/agents/planning/problem.ts';
import { roundCar, roundSwitched } from '../../../../../gateway/agents/planning/rounding.ts';
import type { Solver } from '../../../../../gateway/ports.ts';
import { createStream } from '../../../../../simulators/random.ts';

let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});

const HOUR = 3_600_000;

function site(change: Partial<PlanProblem> = {}, seed = 1, stepCount = 5): PlanProblem {
  const random = createStream(seed, 'plan');
  return {
    issuedAtMs: 0,
    steps: Array.from({ length: stepCount }, (_, t) => {
      const importNanoPerWh = Math.round(100_000 + 300_000 * random.next());
      return {
        fromMs: t * HOUR,
        durationMs: HOUR,
        loadW: Math.round(random.next() * 8) * 500,
        marginW: 0,
        importNanoPerWh,
        exportNanoPerWh: Math.round(importNanoPerWh * random.next()),
        importLimitW: 50_000,
        exportLimitW: 50_000,
        softImportW: Number.POSITIVE_INFINITY,
        soldWh: 0,
      };
    }),
    sources: [
      {
        terminal: 'pv1',
        powerW: Array.from({ length: stepCount }, () => Math.round(random.next() * 8) * 500),
        curtailable: true,
        converter: undefined,
      },
    ],
    storages: [
      {
        terminal: 'battery1',
        usableWh: 4_000,
        nowWh: 2_000,
        minWh: 0,
        maxWh: 4_000,
        chargeMaxW: 2_000,
        dischargeMaxW: 2_000,
        chargeShare: 1,
        dischargeShare: 1,
        wearNanoPerWh: 10_000,
        endNanoPerWh: 150_000,
        converter: undefined,
      },
    ],
    switched: [],
    cars: [],
    converters: [],
    demand: undefined,
    ...change,
  };
}

const idle = (problem: PlanProblem): Schedule => ({
  curtailW: problem.sources.map(() => problem.steps.map(() => 0)),
  chargeW: problem.storages.map(() => problem.steps.map(() => 0)),
  dischargeW: problem.storages.map(() => problem.steps.map(() => 0)),
  switchedShare: problem.switched.map(() => problem.steps.map(() => 0)),
  carW: problem.cars.map(() => problem.steps.map(() => 0)),
});

/** Cheapest of every battery schedule on a grid of 500 W, by trying them all. */
function bruteForce(problem: PlanProblem): number {
  const store = problem.storages[0]!;
  const powers = [-2_000, -1_500, -1_000, -500, 0, 500, 1_000, 1_500, 2_000];
  let best = Number.POSITIVE_INFINITY;
  const chosen: number[] = [];
  const walk = (t: number, socWh: number): void => {
    if (t === problem.steps.length) {
      const run = evaluate(problem, {
        ...idle(problem),
        chargeW: [chosen.map((w) => Math.max(0, -w))],
        dischargeW: [chosen.map((w) => Math.max(0, w))],
      });
      best = Math.min(best, run.costNano);
      return;
    }
    for (const powerW of powers) {
      const nextWh = socWh - powerW;
      if (nextWh < store.minWh || nextWh > store.maxWh) continue;
      chosen[t] = powerW;
      walk(t + 1, nextWh);
    }
  };
  walk(0, store.nowWh);
  return best;
}

describe('optimum', () => {
  it.each([1, 2, 3, 4, 5, 6])('is the best of all schedules on a grid, site %i', async (seed) => {
    // Loads, sun and power are multiples of the grid, so an optimum of the linear model lies on it.
    const problem = site({}, seed);
    const outlook = await makePlan(problem, solver, 5_000);
    expect(outlook.source).toBe('optimal');
    expect(outlook.costNano * 1e-9).toBeCloseTo(bruteForce(problem) * 1e-9, 6);
  });

  it.each([1, 2, 3])('keeps the peak down as far as it pays, site %i', async (seed) => {
    const problem = site({ demand: { nanoPerW: 50_000_000, soFarW: 500 } }, seed, 4);
    const outlook = await makePlan(problem, solver, 5_000);
    expect(outlook.costNano).toBeLessThanOrEqual(bruteForce(problem) + 1_000);
    const run = evaluate(problem, idle(problem));
    expect(outlook.peakW).toBeLessThanOrEqual(run.peakW + 1);
  });

  const broken: Solver = {
    solve: () => Promise.resolve({ status: 'time-limit', detail: 'no answer in 5000 ms' }),
  };

  it('plans by the levels of the battery, with the reason, when the solver fails', async () => {
    const outlook = await makePlan(site(), broken, 5_000);
    expect(outlook.source).toBe('levels');
    expect(outlook.detail).toBe('no plan: time-limit, no answer in 5000 ms');
    expect(outlook.steps).toHaveLength(5);
    expect(outlook.costNano).toBeLessThan(outlook.rulesNano);
    expect(outlook.boundNano).toBeUndefined();
  });

  it('falls back to the rules, with the reason, where there is nothing to search', async () => {
    const outlook = await makePlan(site({ storages: [] }), broken, 5_000);
    expect(outlook.source).toBe('rules');
    expect(outlook.detail).toBe('no plan: time-limit, no answer in 5000 ms');
  });

  it('does not believe a solution that breaks the model', async () => {
    const lying: Solver = {
      solve: (model) =>
        Promise.resolve({
          status: 'optimal',
          objective: -1e9,
          bound: -1e9,
          x: Float64Array.from({ length: model.columns }, (_, i) => (i % 2 === 0 ? 5 : 0)),
          rowDual: new Float64Array(model.rows),
        }),
    };
    const outlook = await makePlan(site(), lying, 5_000);
    expect(outlook.source).toBe('levels');
    expect(outlook.detail).toMatch(/^the plan fails its check: /);
  });

  it('knows what a stored Wh is worth: what it saves later', async () => {
    const problem = site();
    const prices = [100_000, 400_000];
    const two: PlanProblem = {
      ...problem,
      steps: prices.map((importNanoPerWh, t) => ({
        ...problem.steps[0]!,
        fromMs: t * HOUR,
        loadW: 1_500,
        importNanoPerWh,
        exportNanoPerWh: 0,
      })),
      sources: [],
      storages: [
        {
          ...problem.storages[0]!,
          nowWh: 0,
          endNanoPerWh: 0,
          wearNanoPerWh: 0,
          usableWh: 1_000,
          maxWh: 1_000,
        },
      ],
    };
    const outlook = await makePlan(two, solver, 5_000);
    expect(outlook.steps[0]?.terminals['battery1']).toBeCloseTo(-1_000, 3);
    expect(outlook.steps[1]?.terminals['battery1']).toBeCloseTo(1_000, 3);
    expect(outlook.steps[1]?.worthNanoPerWh['battery1']).toBeCloseTo(400_000, 0);
  });

  it('has only what differs from a market position at the tariff', async () => {
    const problem = site({ storages: [], sources: [] });
    const step = {
      ...problem.steps[0]!,
      loadW: 2_000,
      importNanoPerWh: 300_000,
      exportNanoPerWh: 80_000,
    };
    const bought = { ...problem, steps: [{ ...step, soldWh: -1_500 }] };
    expect((await makePlan(bought, solver, 5_000)).costNano).toBeCloseTo(500 * 300_000, 0);
    const tooMuch = { ...problem, steps: [{ ...step, soldWh: -2_500 }] };
    expect((await makePlan(tooMuch, solver, 5_000)).costNano).toBeCloseTo(-500 * 80_000, 0);
  });
});

describe('whole decisions', () => {
  const load = { terminal: 'c', powerW: 10_000, minRunSteps: 2, minRestSteps: 2 };

  it('runs the quota where the relaxed plan wanted it, in long enough pieces', () => {
    const problem = site({}, 1, 8);
    const quotas = [{ fromStep: 0, untilStep: 8, energyWh: 40_000 }];
    const shares = [0.9, 0, 0, 0.4, 0.5, 1, 1, 0.1];
    expect(roundSwitched(problem, { ...load, quotas }, shares)).toEqual([0, 0, 0, 1, 1, 1, 1, 0]);
  });

  it('gives what fits when the quota is more than the window', () => {
    const problem = site({}, 1, 4);
    const quotas = [{ fromStep: 0, untilStep: 4, energyWh: 90_000 }];
    expect(roundSwitched(problem, { ...load, quotas }, [0, 0, 0, 0])).toEqual([1, 1, 1, 1]);
    expect(
      roundSwitched(
        problem,
        { ...load, quotas: [{ fromStep: 0, untilStep: 4, energyWh: 0 }] },
        [1, 1, 1, 1],
      ),
    ).toEqual([0, 0, 0, 0]);
  });

  it('moves what is below a car’s minimum to the steps it liked best', () => {
    const problem = site({}, 1, 4);
    const car = { terminal: 'ev1', minW: 4_000, maxW: 11_000, needWh: 16_000, untilStep: 4 };
    // 11 kWh stay; the 5 kWh of the two steps below the minimum are about one step at the minimum.
    expect(roundCar(problem, car, [11_000, 3_000, 2_000, 0])).toEqual([true, true, false, false]);
    // Nothing was planned, and yet it is to be ready: as many steps as it takes at full power.
    expect(roundCar(problem, car, [0, 0, 0, 0]).filter(Boolean)).toHaveLength(2);
  });
});
