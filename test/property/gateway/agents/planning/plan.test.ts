import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { evaluate } from '../../../../../gateway/agents/planning/evaluate.ts';
import { buildModel, readSchedule } from '../../../../../gateway/agents/planning/model.ts';
import { makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type { PlanProblem, Schedule } from '../../../../../gateway/agents/planning/problem.ts';
import { rulePlan } from '../../../../../gateway/agents/planning/rules.ts';
import type { Solver } from '../../../../../gateway/ports.ts';

let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});

const QUARTER = 900_000;
/** Numbers of a site as odd as they come: prices below zero, export dearer than import, no room. */
function numbers(stepCount: number) {
  const list = <T>(one: fc.Arbitrary<T>) =>
    fc.array(one, { minLength: stepCount, maxLength: stepCount });
  const watts = (max: number) => list(fc.integer({ min: 0, max }));
  const price = fc.integer({ min: -300_000, max: 600_000 });
  return fc.record({
    load: watts(30_000),
    margin: watts(3_000),
    pv: watts(40_000),
    prices: list(fc.tuple(price, price)),
    ordered: fc.boolean(), // export not above import
    sold: list(fc.constantFrom(0, 0, 0, 1_500, -2_000)),
    importLimitW: fc.constantFrom(8_000, 60_000),
    exportLimitW: fc.constantFrom(0, 5_000, 60_000),
    softImportW: fc.constantFrom(Number.POSITIVE_INFINITY, 6_000),
    nowPct: fc.integer({ min: 0, max: 100 }), // also outside its band
    storage: fc.boolean(),
    hybrid: fc.boolean(),
    wear: fc.constantFrom(0, 20_000),
    end: fc.integer({ min: 0, max: 300_000 }),
    demand: fc.option(fc.integer({ min: 0, max: 20_000 })),
    compressorWh: fc.option(fc.integer({ min: 0, max: 20_000 })),
    carWh: fc.option(fc.integer({ min: 0, max: 15_000 })),
  });
}

type Numbers = ReturnType<typeof numbers> extends fc.Arbitrary<infer T> ? T : never;

const battery = (r: Numbers, converter: string | undefined): PlanProblem['storages'][number] => ({
  terminal: 'battery1',
  usableWh: 20_000,
  nowWh: 200 * r.nowPct,
  minWh: 2_000,
  maxWh: 19_000,
  chargeMaxW: 8_000,
  dischargeMaxW: 9_000,
  chargeShare: 0.95,
  dischargeShare: 0.94,
  wearNanoPerWh: r.wear,
  endNanoPerWh: r.end,
  converter,
});

const compressor = (energyWh: number, untilStep: number): PlanProblem['switched'][number] => ({
  terminal: 'compressor1',
  powerW: 15_000,
  minRunSteps: 2,
  minRestSteps: 2,
  quotas: [{ fromStep: 0, untilStep, energyWh }],
});

const car = (needWh: number, stepCount: number): PlanProblem['cars'][number] => ({
  terminal: 'ev1',
  minW: 4_140,
  maxW: 11_040,
  needWh,
  untilStep: Math.max(1, stepCount - 2),
});

function problems(stepCount: number) {
  return numbers(stepCount).map((r): PlanProblem => {
    const converter = r.hybrid ? 'hybrid' : undefined;
    return {
      issuedAtMs: 0,
      steps: r.load.map((loadW, t) => {
        const [importNanoPerWh, other] = r.prices[t] ?? [0, 0];
        return {
          fromMs: t * QUARTER,
          durationMs: t === 0 ? QUARTER / 3 : QUARTER,
          loadW,
          marginW: r.margin[t] ?? 0,
          importNanoPerWh,
          exportNanoPerWh: r.ordered ? Math.min(importNanoPerWh, other) : other,
          importLimitW: r.importLimitW,
          exportLimitW: r.exportLimitW,
          softImportW: r.softImportW,
          soldWh: r.sold[t] ?? 0,
        };
      }),
      sources: [{ terminal: 'pv1', powerW: r.pv, curtailable: !r.hybrid, converter }],
      storages: r.storage ? [battery(r, converter)] : [],
      switched: r.compressorWh === null ? [] : [compressor(r.compressorWh, stepCount)],
      cars: r.carWh === null ? [] : [car(r.carWh, stepCount)],
      converters: r.hybrid ? [{ id: 'hybrid', intoW: 12_000, outOfW: 10_000 }] : [],
      demand: r.demand === null ? undefined : { nanoPerW: 9_000_000, soFarW: r.demand },
    };
  });
}

describe('plan', () => {
  it('keeps balance, bounds and band, and is never dearer than the rules', async () => {
    await fc.assert(
      fc.asyncProperty(problems(24), async (problem) => {
        const outlook = await makePlan(problem, solver, 5_000);
        const rules = evaluate(problem, rulePlan(problem));
        expect(rules.faults).toEqual([]);
        expect(outlook.detail).not.toMatch(/fails its check/);
        expect(outlook.costNano).toBeLessThanOrEqual(
          rules.costNano + 1e4 + 1e-6 * Math.abs(outlook.costNano),
        );
        for (const step of outlook.steps) {
          const sum = step.gridW + step.pvW + step.loadW + step.flexW + step.batteryW;
          expect(Math.abs(sum)).toBeLessThan(1);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('finds the optimum of the linear part: no small change is cheaper', async () => {
    await fc.assert(
      fc.asyncProperty(
        problems(12),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.integer({ min: 50, max: 2_000 })), {
          minLength: 20,
          maxLength: 20,
        }),
        async (raw, moves) => {
          const steps = raw.steps.map((step) => ({
            ...step,
            exportNanoPerWh: Math.min(step.exportNanoPerWh, step.importNanoPerWh),
          }));
          const problem = { ...raw, steps, switched: [], cars: [] };
          const { model, layout } = buildModel(problem);
          const solution = await solver.solve(model, 5_000);
          if (solution.status !== 'optimal') throw new Error(solution.detail);
          const schedule = readSchedule(solution.x, layout);
          const own = evaluate(problem, schedule);
          // Charging against discharging: the planner bars it, tested above.
          if (own.faults.length > 0) return;
          for (const [from, to, byW] of moves) {
            const changed = moved(schedule, from, to, byW);
            const run = evaluate(problem, changed);
            if (run.faults.length === 0)
              expect(run.costNano).toBeGreaterThan(own.costNano - 20_000);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Charges more in one step and discharges more in another. */
function moved(schedule: Schedule, from: number, to: number, byW: number): Schedule {
  const shift = (rows: readonly (readonly number[])[], t: number, sign: number): number[][] =>
    rows.map((row) => row.map((value, i) => (i === t ? Math.max(0, value + sign * byW) : value)));
  return {
    ...schedule,
    chargeW: shift(schedule.chargeW, from, 1),
    dischargeW: shift(schedule.dischargeW, to, 1),
  };
}
