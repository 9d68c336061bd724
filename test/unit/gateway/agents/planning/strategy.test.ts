import { beforeAll, expect, test, vi } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { hindsight } from '../../../../../gateway/agents/planning/hindsight.ts';
import type { Planned } from '../../../../../gateway/agents/planning/live.ts';
import type { PlanProblem } from '../../../../../gateway/agents/planning/problem.ts';
import { roomOf } from '../../../../../gateway/agents/planning/room.ts';
import { planSite } from '../../../../../gateway/agents/planning/site-plan.ts';
import { type Trying, tryOut } from '../../../../../gateway/agents/planning/strategy.ts';
import { offers } from '../../../../../gateway/agents/producer/offers.ts';
import {
  type Band,
  type SiteForecast,
  STANDARD,
} from '../../../../../gateway/contracts/values/outlook.ts';
import type { Solver } from '../../../../../gateway/ports.ts';

vi.setConfig({ testTimeout: 60_000 });
let solver: Solver;
beforeAll(async () => {
  solver = await createSolverInProcess();
});

const QUARTER = 900_000;
const STEPS = 8;

/** A field without a battery that sells 10 kW: at the tariff 50, bought energy costs 300. */
function field(pv: Band, prices: readonly number[]): Trying {
  const band = (one: Band): Band[] => Array.from({ length: STEPS }, () => one);
  const forecast: SiteForecast = {
    issuedAtMs: 0,
    fromMs: 0,
    stepMs: QUARTER,
    sky: 'forecast',
    pv: band(pv),
    load: band({ lowW: 0, midW: 0, highW: 0 }),
  };
  const problem: PlanProblem = {
    issuedAtMs: 0,
    steps: forecast.pv.map((_, t) => ({
      fromMs: t * QUARTER,
      durationMs: QUARTER,
      loadW: 0,
      marginW: 0,
      importNanoPerWh: 300_000,
      exportNanoPerWh: 50_000,
      importLimitW: 50_000,
      exportLimitW: 50_000,
      softImportW: Number.POSITIVE_INFINITY,
      soldWh: 0,
    })),
    sources: [
      {
        terminal: 'pv1',
        powerW: forecast.pv.map(({ midW }) => midW),
        curtailable: false,
        converter: undefined,
      },
    ],
    storages: [],
    switched: [],
    cars: [],
    converters: [],
    demand: undefined,
  };
  return {
    problem,
    forecast,
    prices,
    feeNanoPerWh: 0,
    solver,
    limitMs: 5_000,
    drafts: ({ problem: planned, outlook }, { sellMarginNanoPerWh }) =>
      roomOf(planned, outlook, forecast).flatMap((room) =>
        // As sure of its sun as its forecast's middle: what a margin is for.
        offers({ ...room, uncertainW: 0 }, sellMarginNanoPerWh),
      ),
  };
}

const cost = async (trying: Trying, sellMarginNanoPerWh: number, withOrders = true) => {
  const tried = await tryOut({ ...STANDARD, sellMarginNanoPerWh }, trying, withOrders);
  return typeof tried === 'string' ? tried : Math.round(tried.costNano);
};

const SURE = { lowW: 10_000, midW: 10_000, highW: 10_000 };
const CLOUDY = { lowW: 0, midW: 10_000, highW: 12_000 };
const SOLD_WH = 20_000;

test('orders are run through the prices at which the site was cleared', async () => {
  const trying = field(SURE, [90_000, 90_000, 90_000, 90_000]);
  expect(await cost(trying, 0, false)).toBe(-SOLD_WH * 50_000);
  expect(await cost(trying, 0)).toBe(-SOLD_WH * 90_000);
  expect(await cost(trying, 60_000)).toBe(-SOLD_WH * 50_000); // nobody pays so much
});

test('where a cloud costs more than a thin sale earns, a margin is the cheaper plan', async () => {
  const thin = field(CLOUDY, [55_000, 55_000, 55_000, 55_000]);
  expect(await cost(thin, 20_000)).toBeLessThan(Number(await cost(thin, 0)));
  const fat = field(CLOUDY, [400_000, 400_000, 400_000, 400_000]);
  expect(await cost(fat, 400_000)).toBeGreaterThan(Number(await cost(fat, 0)));
});

test('with too few prices nothing is said of a margin', async () => {
  expect(await cost(field(SURE, [90_000]), 10_000)).toMatch(/^too few cleared prices/);
});

test('hindsight runs both plans against what came, as far as that is measured', async () => {
  const { problem, forecast } = field(SURE, []);
  const storages = [
    {
      terminal: 'battery1',
      usableWh: 10_000,
      nowWh: 5_000,
      minWh: 0,
      maxWh: 10_000,
      chargeMaxW: 5_000,
      dischargeMaxW: 5_000,
      chargeShare: 1,
      dischargeShare: 1,
      wearNanoPerWh: 0,
      endNanoPerWh: 0,
      converter: undefined,
    },
  ];
  const plan = async (minWh: number): Promise<Planned> => {
    const steps = problem.steps.map((step, t) => ({
      ...{ ...step, loadW: 12_000, importNanoPerWh: t < 4 ? 300_000 : 100_000 },
    }));
    const one = { ...problem, steps, storages: storages.map((store) => ({ ...store, minWh })) };
    const load = forecast.load.map(() => ({ lowW: 12_000, midW: 12_000, highW: 12_000 }));
    const input = { problem: one, forecast: { ...forecast, load } };
    return { problem: one, outlook: await planSite(input, solver, 5_000) };
  };
  const [mine, twin] = [await plan(5_000), await plan(0)];
  const measured = (fromMs: number) => ({
    pvW: fromMs < 4 * QUARTER ? 10_000 : undefined,
    loadW: 12_000,
    curtailed: false,
  });
  const found = hindsight(mine, twin, STEPS * QUARTER, measured);
  expect(found?.steps).toBe(4);
  // A reserve that nobody needed: it bought 2 kW for a dear hour that the battery could have given.
  expect(found?.mineNano).toBeGreaterThan(found?.twinNano ?? Number.NaN);
  expect(hindsight(twin, twin, STEPS * QUARTER, measured)).toMatchObject({
    mineNano: found?.twinNano,
  });
  const nothing = () => ({ pvW: undefined, loadW: undefined, curtailed: false });
  expect(hindsight(mine, twin, STEPS * QUARTER, nothing)).toBeUndefined();
});
