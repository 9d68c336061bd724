import { describe, expect, it, vi } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import { ours } from '../../../../../gateway/agents/planning/backtest/ours.ts';
import type { Recording } from '../../../../../gateway/agents/planning/backtest/recording.ts';
import { planSteps } from '../../../../../gateway/agents/planning/execute.ts';
import { liveRun } from '../../../../../gateway/agents/planning/live.ts';
import type { PlanProblem, Storage } from '../../../../../gateway/agents/planning/problem.ts';
import { planSite } from '../../../../../gateway/agents/planning/site-plan.ts';
import type { SiteForecast } from '../../../../../gateway/contracts/values/outlook.ts';
import type { TerminalStep } from '../../../../../gateway/contracts/values/plan.ts';
import { byLevels, type Shown, storedOf } from '../../../../../gateway/guard/control/plan/led.ts';
import type { TerminalState } from '../../../../../gateway/guard/site/types.ts';
import type { Solver } from '../../../../../gateway/ports.ts';

vi.setConfig({ testTimeout: 120_000 }); // on a busy machine
const solver = await createSolverInProcess();
const broken: Solver = {
  solve: () => Promise.resolve({ status: 'time-limit', detail: 'the child is gone' }),
};

const QUARTER = 900_000;
const DAILY = 96;
const STEPS = 144;
const USABLE_WH = 10_000;

const BATTERY: Storage = {
  ...{ terminal: 'battery1', usableWh: USABLE_WH, nowWh: 5_000, minWh: 1_000, maxWh: 9_500 },
  ...{ chargeMaxW: 4_000, dischargeMaxW: 5_000, chargeShare: 0.95, dischargeShare: 0.93 },
  ...{ wearNanoPerWh: 8_000, endNanoPerWh: 150_000, converter: undefined },
};

/** A made day and a half: a house with sun, dear evenings, cheap nights. */
const at = (t: number) => {
  const hour = ((t % DAILY) / DAILY) * 24;
  const isEvening = hour >= 17 && hour < 21;
  return {
    loadW: isEvening ? 2_500 : 600,
    pvW: Math.max(0, 5_000 * (1 - ((hour - 12.5) / 6) ** 2)),
    importNanoPerWh: isEvening ? 380_000 : hour < 6 ? 180_000 : 290_000,
    exportNanoPerWh: 70_000,
  };
};
const band = (midW: number) => ({ lowW: 0.7 * midW, midW, highW: 1.4 * midW });

const forecast: SiteForecast = {
  ...{ issuedAtMs: 0, fromMs: 0, stepMs: QUARTER, sky: 'forecast' },
  pv: Array.from({ length: STEPS }, (_, t) => band(at(t).pvW)),
  load: Array.from({ length: STEPS }, (_, t) => band(at(t).loadW)),
};
const later = Array.from({ length: STEPS - DAILY }, (_, n) => at(DAILY + n));

function problemOf(more: Partial<PlanProblem> = {}, store: Partial<Storage> = {}): PlanProblem {
  return {
    issuedAtMs: 0,
    steps: Array.from({ length: DAILY }, (_, t) => ({
      ...{ fromMs: t * QUARTER, durationMs: QUARTER, loadW: at(t).loadW, marginW: 0 },
      ...{ importNanoPerWh: at(t).importNanoPerWh, exportNanoPerWh: at(t).exportNanoPerWh },
      ...{ importLimitW: 20_000, exportLimitW: 20_000, softImportW: Infinity, soldWh: 0 },
    })),
    sources: [
      {
        ...{ terminal: 'pv1', curtailable: true, converter: undefined },
        powerW: Array.from({ length: DAILY }, (_, t) => at(t).pvW),
      },
    ],
    storages: [{ ...BATTERY, ...store }],
    ...{ switched: [], cars: [], converters: [], demand: undefined },
    ...more,
  };
}

/** What the guard does of the plan's first step: a power for a need, at a charge. */
function guardW(step: TerminalStep, shown: Shown, needW: number, nowWh: number): number {
  const pct = (100 * nowWh) / USABLE_WH;
  const terminal = {
    store: { usableWh: USABLE_WH, chargeEfficiencyPct: 95, dischargeEfficiencyPct: 93 },
    capability: { socLowPct: pct, socHighPct: pct },
  } as unknown as TerminalState;
  const stored = storedOf(terminal, step, shown);
  if (stored === undefined) throw new Error('not led by levels');
  return byLevels([stored], needW, { nowW: Infinity, meanW: Infinity }, 0.05).givesW;
}

describe('one way from forecast to answer', () => {
  it.each([0, 30, 50, 70])(
    'the backtest and the gateway do the same (step %i of a day)',
    async (from) => {
      const shifted = <T>(of: (t: number) => T): T[] =>
        Array.from({ length: STEPS }, (_, t) => of(from + t));
      const base = problemOf();
      const steps = base.steps.map((step, t) => ({ ...step, ...at(from + t), marginW: 0 }));
      const outlook = await planSite(
        {
          problem: {
            ...base,
            steps: steps.map(({ pvW: _, ...step }) => step) as never,
            sources: base.sources.map((one) => ({
              ...one,
              powerW: base.steps.map((_, t) => at(from + t).pvW),
            })),
          },
          forecast: {
            ...forecast,
            pv: shifted((t) => band(at(t).pvW)),
            load: shifted((t) => band(at(t).loadW)),
          },
          later: later.map((_, n) => at(from + DAILY + n)),
        },
        solver,
        5_000,
      );
      const words = { timeZone: 'UTC', currency: 'EUR' };
      const [step] = planSteps(base, outlook, words, 1);
      const [terminal] = step?.terminals ?? [];
      if (step === undefined || terminal === undefined) throw new Error('no step');
      expect(step.byNeed !== undefined).toBe(at(from).pvW > 100); // by night it says nothing
      const hours = 0.25;
      const energies = ({ lowW, midW, highW }: ReturnType<typeof band>) => ({
        ...{ low: lowW * hours, mid: midW * hours, high: highW * hours },
      });
      const recording: Recording = {
        stepMs: QUARTER,
        clockMs: shifted((t) => t * QUARTER),
        loadWh: shifted((t) => at(t).loadW * hours),
        pvWh: shifted((t) => at(t).pvW * hours),
        importNanoPerWh: shifted((t) => at(t).importNanoPerWh),
        exportNanoPerWh: shifted((t) => at(t).exportNanoPerWh),
      };
      const controller = ours({
        recording,
        rules: {
          ...{ store: BATTERY, capacityWh: USABLE_WH, startWh: 5_000, endWh: 5_000 },
          ...{ demandNanoPerW: 0, publishedHour: undefined },
        },
        losses: { isMeterLost: () => false, feedLostFrom: () => Infinity },
        foretell: () => ({
          load: shifted((t) => energies(band(at(t).loadW))),
          pv: shifted((t) => energies(band(at(t).pvW))),
        }),
        onFallback: () => undefined,
      });
      const answer = controller({ index: 0, nowWh: 5_000, peakW: 0, daysLeft: 0 });
      for (const nowWh of [1_000, 2_500, 5_000, 7_500, 9_500]) {
        for (const needW of [-6_000, -1_500, 0, 900, 4_500]) {
          // Three minutes of the quarter-hour; 5 W is what levels in hundredths of a percent leave.
          const part = { nowWh, share: 1 / 5, before: { needWh: 0, share: 0 } };
          const oursW = answer((needW * hours) / 5, part) / (hours / 5);
          const shown = { byNeed: step.byNeed, seen: { needW, share: 1 / 5 } };
          expect(Math.abs(oursW - guardW(terminal, shown, needW, nowWh))).toBeLessThan(25);
        }
      }
    },
  );
});

const planned = (problem: PlanProblem, by = solver) =>
  planSite({ problem, forecast, later }, by, 5_000);

describe('the plan of a site', () => {
  it('without the solver: loads by rules, batteries by what stored energy is worth', async () => {
    const best = await planned(problemOf());
    const alone = await planned(problemOf(), broken);
    expect(best.source).toBe('optimal');
    expect(alone).toMatchObject({
      source: 'levels',
      detail: 'no plan: time-limit, the child is gone',
    });
    expect(alone.steps.map(({ levels }) => levels)).toEqual(best.steps.map(({ levels }) => levels));
  });

  it('where nothing is known of the load: the rules, and why', async () => {
    const blind = { problem: problemOf(), forecast, isBlind: true };
    const outlook = await planSite(blind, solver, 5_000);
    expect(outlook).toMatchObject({ source: 'rules', detail: 'nothing is known of the load yet' });
    expect(outlook.steps.every(({ levels }) => levels === undefined)).toBe(true);
  });

  it('keeps the reserve, and sells nothing of a battery that may not', async () => {
    const kept = await planned(problemOf({}, { minWh: 4_000, mayExport: false }));
    for (const { levels } of kept.steps) {
      expect(levels?.['battery1']).toMatchObject({ leastPct: 40, sellToPct: 95 });
      expect(levels?.['battery1']?.coverToPct).toBeGreaterThanOrEqual(40);
    }
    expect(Math.min(...kept.steps.map(({ socWh }) => socWh['battery1'] ?? 0))).toBeGreaterThan(
      3_999,
    );
  });

  it('of a field without load counts what is sold, not what nobody there would buy', async () => {
    const steps = problemOf().steps.map((step) => ({ ...step, loadW: 0 }));
    const nothing = { ...forecast, load: forecast.load.map(() => band(0)) };
    const input = { problem: problemOf({ steps }), forecast: nothing, later };
    const outlook = await planSite(input, solver, 5_000);
    for (const { worthNanoPerWh } of outlook.steps) {
      expect(worthNanoPerWh['battery1']).toBeLessThan(70_001);
    }
  });

  it("an owner's own peak that cannot be kept is no demand charge in every step", async () => {
    const demand = { nanoPerW: 10_000_000, soFarW: 5_000 };
    const steps = problemOf().steps.map((step) => ({ ...step, softImportW: 500 }));
    const outlook = await planned(problemOf({ demand, steps }));
    for (const { worthNanoPerWh } of outlook.steps) {
      expect(worthNanoPerWh['battery1']).toBeLessThan(5 * 380_000);
    }
  });

  it('buys ahead of what was sold, and gives it then', async () => {
    const steps = problemOf().steps.map((step, t) => ({ ...step, soldWh: t === 8 ? 1_000 : 0 }));
    const outlook = await planned(problemOf({ steps }));
    expect(outlook.steps[8]?.gridW).toBeLessThan(-3_900);
  });

  it('is full when a full charge is due, and at the time that a site file asks for', async () => {
    const filling = await planned(
      problemOf({}, { isFilling: true, endNanoPerWh: 500_000, maxWh: 10_000 }),
    );
    expect(filling.steps.at(-1)?.socWh['battery1']).toBeGreaterThan(9_900);
    const goals = [{ atStep: 26, minWh: 9_000, maxWh: Infinity }];
    const ready = await planned(problemOf({}, { goals }));
    expect(ready.steps[26]?.socWh['battery1']).toBeGreaterThan(8_900);
    expect((await planned(problemOf())).steps[26]?.socWh['battery1']).toBeLessThan(8_000);
  });

  it('negative prices: sells nothing, buys where that is paid, holds the sun back', async () => {
    const steps = problemOf().steps.map((step, t) => {
      const isPaid = t >= 48 && t < 56;
      return { ...step, ...(isPaid && { importNanoPerWh: -20_000, exportNanoPerWh: -90_000 }) };
    });
    const outlook = await planned(problemOf({ steps }));
    const paid = outlook.steps.slice(48, 56);
    expect(paid.every(({ gridW }) => gridW > -1)).toBe(true);
    expect(paid[0]?.batteryW).toBeLessThan(-3_900);
    expect(paid[0]?.pvW).toBeLessThan(1);
    // Room is made for it before.
    expect(outlook.steps[47]?.socWh['battery1']).toBeLessThan(6_000);
  });

  it('a demand charge: what was reached counts, batteries keep it, and say so', async () => {
    const demand = { nanoPerW: 10_000_000, soFarW: 1_800 };
    const outlook = await planned(problemOf({ demand }));
    expect(outlook.steps.every(({ mostImportW = 0 }) => mostImportW >= 1_800)).toBe(true);
    expect(Math.max(...outlook.steps.map(({ gridW }) => gridW))).toBeLessThan(2_300);
  });

  it('keeps no peak that later days of the month reach anyway, and every other', async () => {
    const problem = problemOf({ demand: { nanoPerW: 10_000_000, soFarW: 1_800 } });
    const kept = async (usualW: number, daysLeft: number) => {
      const needWh = (): number => usualW * 0.25;
      const days = { dailySteps: 96, days: 28, needWh, todayWh: [] };
      const past = { days, lowestW: 0, daysLeft, midnightMs: forecast.fromMs };
      const { steps } = await planSite({ problem, forecast, later, past }, solver, 5_000);
      return Math.min(...steps.map(({ mostImportW = 0 }) => mostImportW));
    };
    expect(await kept(1_000, 20)).toBe(1_800);
    expect(await kept(6_000, 20)).toBeGreaterThan(5_000);
  });

  it('takes a surplus that nobody expected', async () => {
    const problem = problemOf();
    const outlook = await planned(problem);
    const sunny = {
      ...problem,
      sources: problem.sources.map((one) => ({ ...one, powerW: one.powerW.map((w) => 1.3 * w) })),
    };
    const run = liveRun({ problem, outlook }, sunny);
    const sum = (rows: readonly (readonly number[])[]): number =>
      (rows[0] ?? []).reduce((all, one) => all + one, 0);
    expect(sum(run.chargeW)).toBeGreaterThan(0);
    expect(sum(run.curtailW)).toBe(0);
  });
});
