import { beforeAll, describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { hullAtW, hullOf } from '../../../../../gateway/agents/planning/curves.ts';
import { evaluate } from '../../../../../gateway/agents/planning/evaluate.ts';
import { gapNano, makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type { PlanProblem, Storage } from '../../../../../gateway/agents/planning/problem.ts';
import {
  chargeCurveOf,
  chargeForW,
  conversionOf,
  dischargeCurveOf,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../../../../gateway/contracts/values/part-load.ts';
import type { Solver } from '../../../../../gateway/ports.ts';
import { createStream } from '../../../../../simulators/random.ts';
import { workshop } from '../../../../fixtures/planning/site.ts';

/** Own consumption at low power, resistance at high power: neither convex nor concave. */
const POINTS = [
  { powerW: 100, efficiencyPct: 70 },
  { powerW: 200, efficiencyPct: 84 },
  { powerW: 500, efficiencyPct: 93 },
  { powerW: 1_000, efficiencyPct: 95.5 },
  { powerW: 2_000, efficiencyPct: 94 },
];
const CURVED = conversionOf({
  ...{ chargeEfficiencyPct: 95, dischargeEfficiencyPct: 95 },
  ...{ chargeCurve: POINTS, dischargeCurve: POINTS },
});
const HOUR = 3_600_000;
const GRID_W = 250;

let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});

function site(seed: number, stepCount: number, change: Partial<Storage> = {}): PlanProblem {
  const random = createStream(seed, 'curves');
  return {
    issuedAtMs: 0,
    steps: Array.from({ length: stepCount }, (_, t) => ({
      ...{ fromMs: t * HOUR, durationMs: HOUR, marginW: 0, soldWh: 0 },
      loadW: Math.round(random.next() * 8) * GRID_W,
      importNanoPerWh: Math.round(100_000 + 300_000 * random.next()),
      exportNanoPerWh: 60_000,
      ...{ importLimitW: 50_000, exportLimitW: 50_000 },
      softImportW: Number.POSITIVE_INFINITY,
    })),
    sources: [
      {
        terminal: 'pv1',
        powerW: Array.from({ length: stepCount }, () => Math.round(random.next() * 6) * GRID_W),
        ...{ curtailable: true, converter: undefined },
      },
    ],
    storages: [
      {
        ...{ terminal: 'battery1', usableWh: 4_000, nowWh: 1_000, minWh: 0, maxWh: 4_000 },
        ...{ chargeMaxW: 2_000, dischargeMaxW: 2_000, ...CURVED },
        ...{ wearNanoPerWh: 5_000, endNanoPerWh: 150_000, converter: undefined, ...change },
      },
    ],
    ...{ switched: [], cars: [], converters: [], demand: undefined },
  };
}

/** Cheapest of every battery schedule on a grid of powers, by own arithmetic. */
function bruteForce(problem: PlanProblem): number {
  const some = [0, 250, 500, 1_000, 1_500, 2_000];
  const powers = [...some.map((powerW) => -powerW), ...some.slice(1)];
  let best = Number.POSITIVE_INFINITY;
  const chosen: number[] = [];
  const walk = (t: number, socWh: number): void => {
    if (t === problem.steps.length) {
      const run = evaluate(problem, {
        curtailW: [problem.steps.map(() => 0)],
        chargeW: [chosen.map((w) => Math.max(0, -w))],
        dischargeW: [chosen.map((w) => Math.max(0, w))],
        ...{ switchedShare: [], carW: [] },
      });
      best = Math.min(best, run.costNano);
      return;
    }
    for (const powerW of powers) {
      const next =
        socWh + (powerW > 0 ? -outOfStoreW(CURVED, powerW) : intoStoreW(CURVED, -powerW));
      if (next < 0 || next > 4_000) continue;
      chosen[t] = powerW;
      walk(t + 1, next);
    }
  };
  walk(0, 1_000);
  return best;
}

describe('part-load efficiency', () => {
  it('is what the data sheet says at its points, a line of loss between, and back again', () => {
    for (const { powerW, efficiencyPct } of POINTS) {
      expect(intoStoreW(CURVED, powerW)).toBeCloseTo((powerW * efficiencyPct) / 100, 9);
      expect(outOfStoreW(CURVED, powerW)).toBeCloseTo((powerW * 100) / efficiencyPct, 9);
    }
    expect(intoStoreW(CURVED, 150)).toBeCloseTo((70 + 168) / 2, 9);
    for (const powerW of [0, 30, 100, 777, 2_000, 2_500]) {
      expect(chargeForW(CURVED, intoStoreW(CURVED, powerW))).toBeCloseTo(powerW, 9);
      expect(dischargeForW(CURVED, outOfStoreW(CURVED, powerW))).toBeCloseTo(powerW, 9);
    }
  });

  it.each([1_500, 2_000, 3_000])('lies inside its hull up to %i W', (mostW) => {
    const into = hullOf(chargeCurveOf(POINTS), mostW, 'charge');
    const out = hullOf(dischargeCurveOf(POINTS), mostW, 'discharge');
    for (let powerW = 0; powerW <= mostW; powerW += 10) {
      expect(hullAtW(into, powerW, 'charge')).toBeGreaterThan(intoStoreW(CURVED, powerW) - 1e-9);
      expect(hullAtW(out, powerW, 'discharge')).toBeLessThan(outOfStoreW(CURVED, powerW) + 1e-9);
    }
    // Outwards by no more than the lines that were left out.
    const nearW = 2 * 2e-3 * mostW;
    expect(hullAtW(into, mostW, 'charge')).toBeLessThan(intoStoreW(CURVED, mostW) + nearW);
    expect(hullAtW(out, mostW, 'discharge')).toBeGreaterThan(outOfStoreW(CURVED, mostW) - nearW);
  });
});

describe('a plan with part-load efficiency', () => {
  it.each([1, 2, 3])(
    'is near the best of all on a grid, and the best once polished, site %i',
    async (seed) => {
      const problem = site(seed, 4);
      const best = bruteForce(problem);
      const outlook = await makePlan(problem, solver, 5_000);
      expect(outlook.source).toBe('optimal');
      expect(outlook.boundNano).toBeLessThanOrEqual(best);
      expect(outlook.costNano - best).toBeLessThan(0.01 * Math.abs(best) + 2e6);
      const effort = { gapShare: 1e-6, nodesMax: 500, polishFromShare: 0, polishLimitMs: 5_000 };
      const polished = await makePlan(problem, solver, 5_000, effort);
      expect(polished.costNano).toBeLessThan(best + 1_000);
      expect(gapNano(polished)).toBeGreaterThanOrEqual(0);
    },
  );

  it('holds what its arithmetic says: charge and cost are those of the curve', async () => {
    const flat = workshop(4, { stepCount: 96, batteries: 2, demand: true, flexible: false });
    const curve = POINTS.map((one) => ({ ...one, powerW: 8 * one.powerW }));
    const conversion = conversionOf({
      ...{ chargeEfficiencyPct: 95, dischargeEfficiencyPct: 95 },
      ...{ chargeCurve: curve, dischargeCurve: curve },
    });
    const problem = { ...flat, storages: flat.storages.map((one) => ({ ...one, ...conversion })) };
    const outlook = await makePlan(problem, solver, 5_000);
    expect(outlook.source).toBe('optimal');
    for (const store of problem.storages) {
      let socWh = store.nowWh;
      for (const step of outlook.steps) {
        const powerW = step.terminals[store.terminal] ?? Number.NaN;
        socWh += 0.25 * (powerW > 0 ? -outOfStoreW(store, powerW) : intoStoreW(store, -powerW));
        expect(step.socWh[store.terminal]).toBeCloseTo(socWh, 3);
      }
      expect(socWh).toBeGreaterThan(store.minWh - 1);
    }
    expect((gapNano(outlook) ?? Number.NaN) / Math.abs(outlook.costNano)).toBeLessThan(0.05);
  });

  it('is made by the levels where there is no solver, with the same losses', async () => {
    const broken: Solver = { solve: () => Promise.resolve({ status: 'failed', detail: 'gone' }) };
    const problem = site(2, 4);
    const outlook = await makePlan(problem, broken, 5_000);
    expect(outlook.source).toBe('levels');
    const best = bruteForce(problem);
    expect(outlook.costNano - best).toBeLessThan(0.02 * Math.abs(best) + 2e6);
  });
});
