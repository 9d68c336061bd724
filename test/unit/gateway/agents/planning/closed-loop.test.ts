import { describe, expect, it, vi } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { seededStream } from '../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { makePlan } from '../../../../../gateway/agents/planning/plan.ts';
import type { PlanProblem, Storage } from '../../../../../gateway/agents/planning/problem.ts';
import { planSite } from '../../../../../gateway/agents/planning/site-plan.ts';
import type { SeenNeed } from '../../../../../gateway/contracts/values/levels.ts';
import type {
  Outlook,
  OutlookStep,
  SiteForecast,
} from '../../../../../gateway/contracts/values/outlook.ts';
import { byLevels, storedOf } from '../../../../../gateway/guard/control/plan/led.ts';
import type { TerminalState } from '../../../../../gateway/guard/site/types.ts';

/**
 * Three days of a made house, minute by minute: what a plan each hour and its execution cost. The
 * days are drawn from a seed; no figure of the planner was chosen on them.
 */
vi.setConfig({ testTimeout: 120_000 }); // on a busy machine
const solver = await createSolverInProcess();
const QUARTER = 900_000;
const DAY = 96;
const DAYS = 3;
const PLANNED_EACH = 4; // steps: an hour
const MINUTES = 15;

const BATTERY: Storage = {
  ...{ terminal: 'battery1', usableWh: 10_000, nowWh: 5_000, minWh: 500, maxWh: 9_500 },
  ...{ chargeMaxW: 5_000, dischargeMaxW: 5_000, chargeShare: 0.95, dischargeShare: 0.95 },
  ...{ wearNanoPerWh: 10_000, endNanoPerWh: 150_000, converter: undefined },
};

const hourOf = (t: number): number => ((t % DAY) / DAY) * 24;
const usualLoadW = (t: number): number => {
  const hour = hourOf(t);
  if (hour >= 17.5 && hour < 22) return 2_200;
  return hour >= 6.5 && hour < 9 ? 1_400 : 450;
};
const clearW = (t: number): number => Math.max(0, 6_500 * (1 - ((hourOf(t) - 12.5) / 6.5) ** 2));

interface House {
  readonly needW: readonly (readonly number[])[]; // by step and minute, + deficit
  readonly importNano: readonly number[];
  readonly exportNano: number;
}

/** Skies from dull to clear, an evening with guests, prices with a new shape every day. */
function houseOf(seed: number): House {
  const random = seededStream(seed);
  const skies = Array.from({ length: DAYS + 2 }, () => 0.15 + 0.85 * random());
  const busy = Array.from({ length: DAYS + 2 }, () => 0.7 + 0.6 * random());
  const dear = Array.from({ length: DAYS + 2 }, () => 0.7 + 0.8 * random());
  const steps = (DAYS + 2) * DAY;
  const needW = Array.from({ length: steps }, (_, t) => {
    const day = Math.floor(t / DAY);
    const cloud = (skies[day] ?? 0) * (0.7 + 0.6 * random());
    const load = usualLoadW(t) * (busy[day] ?? 1) * (0.6 + 0.8 * random());
    return Array.from({ length: MINUTES }, () => {
      const burst = random() < 0.1 ? 2_000 : 0;
      return load + burst - 200 - Math.min(1, cloud) * clearW(t) * (0.8 + 0.4 * random());
    });
  });
  const importNano = Array.from({ length: steps }, (_, t) => {
    const hour = hourOf(t);
    const spread = dear[Math.floor(t / DAY)] ?? 1;
    const evening = hour >= 17 && hour < 21 ? 160_000 * spread : 0;
    return 240_000 + evening - (hour < 5 ? 90_000 * spread : 0);
  });
  return { needW, importNano, exportNano: 75_000 };
}

/** What anybody could know: the usual load, and a sun that is as often duller as it is brighter. */
function forecastOf(from: number): SiteForecast {
  const band = (low: number, mid: number, high: number) => ({ lowW: low, midW: mid, highW: high });
  const steps = Array.from({ length: 144 }, (_, n) => from + n);
  return {
    ...{ issuedAtMs: from * QUARTER, fromMs: from * QUARTER, stepMs: QUARTER, sky: 'forecast' },
    pv: steps.map((t) => band(0.2 * clearW(t), 0.57 * clearW(t), 0.95 * clearW(t))),
    load: steps.map((t) => band(0.6 * usualLoadW(t), usualLoadW(t), 1.5 * usualLoadW(t))),
  };
}

function problemOf(house: House, from: number, nowWh: number): PlanProblem {
  const steps = Array.from({ length: DAY }, (_, n) => from + n);
  return {
    issuedAtMs: from * QUARTER,
    steps: steps.map((t) => ({
      ...{ fromMs: t * QUARTER, durationMs: QUARTER, loadW: usualLoadW(t), marginW: 0 },
      ...{ importNanoPerWh: house.importNano[t] ?? 0, exportNanoPerWh: house.exportNano },
      ...{ importLimitW: 20_000, exportLimitW: 20_000, softImportW: Infinity, soldWh: 0 },
    })),
    sources: [
      {
        ...{ terminal: 'pv1', curtailable: true, converter: undefined },
        powerW: steps.map((t) => 0.57 * clearW(t)),
      },
    ],
    storages: [{ ...BATTERY, nowWh }],
    ...{ switched: [], cars: [], converters: [], demand: undefined },
  };
}

/** Power of the battery for a need, W, + discharge. */
type Follows = (needW: number, nowWh: number, leftMinutes: number, seen: SeenNeed) => number;
/** What it follows in a step of a plan that was made at `from`. */
type Controller = (house: House, from: number, nowWh: number) => Promise<(t: number) => Follows>;

const self: Controller = async () => () => (needW) => needW;

/** By the levels that the plan hands to the guard, as the guard follows them. */
const byWorth: Controller = async (house, from, nowWh) => {
  const problem = problemOf(house, from, nowWh);
  const later = Array.from({ length: 48 }, (_, n) => ({
    importNanoPerWh: house.importNano[from + DAY + n] ?? 0,
    exportNanoPerWh: house.exportNano,
  }));
  const outlook = await planSite({ problem, forecast: forecastOf(from), later }, solver, 5_000);
  return (t) => (needW, storedWh, leftMinutes, seen) => {
    const { byNeed, levels: all } = outlook.steps[t - from] ?? {};
    const levels = all?.['battery1'];
    if (levels === undefined) throw new Error('no levels');
    const pct = storedWh / 100;
    const terminal = {
      capability: { socLowPct: pct, socHighPct: pct },
      store: { usableWh: 10_000, chargeEfficiencyPct: 95, dischargeEfficiencyPct: 95 },
    } as unknown as TerminalState;
    const step = { terminal: 'battery1', follow: 'levels', powerW: 0, gridW: 0, levels } as const;
    const range = { minW: -5_000, maxW: 5_000 };
    const stored = storedOf(terminal, { ...step, ...range }, { byNeed, seen });
    if (stored === undefined) throw new Error('no charge');
    const most = { nowW: Infinity, meanW: Infinity };
    return byLevels([stored], needW, most, Math.max(3, leftMinutes) / 60).givesW;
  };
};

/** The linear programme alone, followed in its sense: what it means to buy or sell is fixed. */
const byProgram: Controller = async (house, from, nowWh) => {
  const problem = problemOf(house, from, nowWh);
  const outlook = await makePlan(problem, solver, 5_000);
  return (t) => (needW) => inItsSense(outlook, t - from, needW);
};

function inItsSense({ steps, source }: Outlook, t: number, needW: number): number {
  const step = steps[t];
  if (step === undefined || source === 'rules') return needW;
  const meantW = step.gridW + step.batteryW;
  if (step.batteryW < -100 && -step.batteryW > Math.max(0, -meantW) + 100) return step.batteryW;
  if (step.batteryW > 100 && step.batteryW > Math.max(0, meantW) + 100) return step.batteryW;
  const { absorbs, covers } = worthwhile(step);
  const least = absorbs ? -5_000 : Math.min(0, step.batteryW);
  const most = covers ? 5_000 : Math.max(0, step.batteryW);
  return Math.max(least, Math.min(most, needW));
}

function worthwhile(step: OutlookStep) {
  const worth = step.worthNanoPerWh['battery1'] ?? 0;
  return {
    absorbs: 0.95 * (worth - BATTERY.wearNanoPerWh) >= step.exportNanoPerWh - 1_000,
    covers: (worth + BATTERY.wearNanoPerWh) / 0.95 <= step.importNanoPerWh + 1_000,
  };
}

/** Cost of the days, nano; wear included, what is left at the end at the mean price. */
async function costOf(house: House, controller: Controller): Promise<number> {
  let nowWh = BATTERY.nowWh;
  let nano = 0;
  let follows: ((t: number) => Follows) | undefined;
  for (let t = 0; t < DAYS * DAY; t += 1) {
    if (t % PLANNED_EACH === 0) follows = await controller(house, t, nowWh);
    const follow = follows?.(t);
    let gridWh = 0;
    let needWm = 0;
    house.needW[t]?.forEach((needW, minute) => {
      needWm += needW;
      const seen = { needW: needWm / (minute + 1), share: (minute + 1) / MINUTES };
      const askedWh = (follow?.(needW, nowWh, MINUTES - minute, seen) ?? 0) / 60;
      const mostWh = Math.min(5_000 / 60, (nowWh - BATTERY.minWh) * 0.95);
      const leastWh = Math.min(5_000 / 60, (BATTERY.maxWh - nowWh) / 0.95);
      const givesWh = Math.max(-leastWh, Math.min(mostWh, askedWh));
      const movedWh = givesWh > 0 ? givesWh / 0.95 : givesWh * 0.95;
      nowWh -= movedWh;
      nano += Math.abs(movedWh) * BATTERY.wearNanoPerWh;
      gridWh += needW / 60 - givesWh;
    });
    nano += gridWh * (gridWh > 0 ? (house.importNano[t] ?? 0) : house.exportNano);
  }
  return nano - nowWh * 0.95 * 240_000;
}

describe('three days in closed loop', () => {
  it.each([3, 8])(
    'by worth costs less than the programme alone, and than rules (seed %i)',
    async (seed) => {
      const house = houseOf(seed);
      const worth = await costOf(house, byWorth);
      const program = await costOf(house, byProgram);
      const rules = await costOf(house, self);
      expect(worth).toBeLessThan(program);
      expect(worth).toBeLessThan(rules);
    },
  );
});
