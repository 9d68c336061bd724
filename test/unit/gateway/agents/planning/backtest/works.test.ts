import { expect, it, vi } from 'vitest';
import { createSolverInProcess } from '../../../../../../gateway/adapters/solver/solver.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { ours } from '../../../../../../gateway/agents/planning/backtest/ours.ts';
import type { Recording } from '../../../../../../gateway/agents/planning/backtest/recording.ts';
import { none } from '../../../../../../gateway/agents/planning/backtest/rules.ts';
import { simulate } from '../../../../../../gateway/agents/planning/backtest/simulate.ts';
import type { PlanStep } from '../../../../../../gateway/contracts/values/plan.ts';
import { HOUR_MS } from '../../../../../../gateway/contracts/values/time.ts';
import { type Works, worksRun } from '../../../../../fixtures/planning/works.ts';

vi.setConfig({ testTimeout: 120_000 }); // on a busy machine
const DAYS = 16;
const FROM_DAY = 13;

const usualWh = (hour: number): number => (hour < 6 ? 60_000 : hour < 16 ? 120_000 : 150_000);

/** Works whose evenings are sometimes long and high; the highest import of three days is paid. */
function worksOf(seed: number): Works {
  const random = seededStream(seed);
  const loadWh = Array.from({ length: DAYS }, () => {
    const highWh = 150_000 + 90_000 * random();
    const untilHour = 19 + Math.floor(5 * random());
    return Array.from({ length: 24 }, (_, hour) => {
      const isHigh = hour >= 17 && hour < untilHour;
      return (isHigh ? highWh : usualWh(hour)) * (0.9 + 0.2 * random());
    });
  }).flat();
  const hours = loadWh.map((_, n) => n);
  const recording: Recording = {
    stepMs: HOUR_MS,
    clockMs: hours.map((n) => n * HOUR_MS),
    loadWh,
    pvWh: hours.map(() => 0),
    importNanoPerWh: hours.map((n) => (n % 24 < 8 ? 100_000 : 200_000)),
    exportNanoPerWh: hours.map(() => 0),
  };
  const store = {
    ...{ minWh: 20_000, maxWh: 220_000, chargeMaxW: 120_000, dischargeMaxW: 120_000 },
    ...{ chargeShare: 0.95, dischargeShare: 0.95, wearNanoPerWh: 0 },
  };
  return {
    recording,
    rules: {
      ...{ store, capacityWh: 240_000, startWh: 120_000, endWh: 120_000 },
      ...{ demandNanoPerW: 8_000_000, publishedHour: undefined },
    },
    losses: { isMeterLost: () => false, feedLostFrom: () => Number.POSITIVE_INFINITY },
    foretell: (index) => ({
      load: Array.from({ length: 36 }, (_, n) => {
        const mid = usualWh((index + n) % 24);
        return { low: 0.85 * mid, mid, high: 1.4 * mid };
      }),
      pv: undefined,
    }),
  };
}

/** A house whose sun, dull or clear for the day, nobody foresees. */
function houseOf(seed: number): Works {
  const random = seededStream(seed);
  const skies = Array.from({ length: DAYS }, () => (random() < 0.5 ? 0.35 : 1));
  const hours = Array.from({ length: DAYS * 24 }, (_, n) => n);
  const clearWh = (hour: number): number => Math.max(0, 5_000 * (1 - ((hour - 12.5) / 6) ** 2));
  const loadWh = (hour: number): number => (hour >= 17 && hour < 22 ? 2_500 : 700);
  const recording: Recording = {
    stepMs: HOUR_MS,
    clockMs: hours.map((n) => n * HOUR_MS),
    loadWh: hours.map((n) => loadWh(n % 24) * (0.9 + 0.2 * random())),
    pvWh: hours.map((n) => (skies[Math.floor(n / 24)] ?? 1) * clearWh(n % 24)),
    importNanoPerWh: hours.map((n) => (n % 24 < 6 ? 180_000 : n % 24 < 17 ? 260_000 : 400_000)),
    exportNanoPerWh: hours.map((n) => (n % 24 < 13 ? 120_000 : 60_000)),
  };
  const store = {
    ...{ minWh: 1_000, maxWh: 11_000, chargeMaxW: 5_000, dischargeMaxW: 5_000 },
    ...{ chargeShare: 0.95, dischargeShare: 0.95, wearNanoPerWh: 0 },
  };
  const band = (low: number, mid: number, high: number) => (wh: number) => ({
    ...{ low: low * wh, mid: mid * wh, high: high * wh },
  });
  return {
    recording,
    rules: {
      ...{ store, capacityWh: 12_000, startWh: 6_000, endWh: 6_000 },
      ...{ demandNanoPerW: 0, publishedHour: undefined },
    },
    losses: { isMeterLost: () => false, feedLostFrom: () => Number.POSITIVE_INFINITY },
    foretell: (index) => {
      const ahead = Array.from({ length: 36 }, (_, n) => (index + n) % 24);
      return {
        load: ahead.map(loadWh).map(band(0.85, 1, 1.2)),
        pv: ahead.map(clearWh).map(band(0.35, 0.7, 1)),
      };
    },
  };
}

const solver = await createSolverInProcess();
const span = { fromIndex: FROM_DAY * 24, untilIndex: DAYS * 24 };

it('the agent and the guard pay what the backtest pays', async () => {
  const works = worksOf(2);
  const { recording, rules, losses } = works;
  const loop = { ...works, onFallback: () => expect.unreachable('there is a forecast') };
  const backtest = simulate(recording, rules, span, losses, ours(loop));
  const without = simulate(recording, rules, span, losses, none);
  const gateway = await worksRun(works, span, solver);
  expect(backtest.peakW).toBeLessThan(0.97 * without.peakW);
  expect(Math.abs(gateway.peakW / backtest.peakW - 1)).toBeLessThan(0.002);
  expect(Math.abs(gateway.costNano / backtest.costNano - 1)).toBeLessThan(0.002);
});

it.each([1, 4])('house %i: what the running step shows saves in the guard, too', async (seed) => {
  const house = houseOf(seed);
  const { recording, rules, losses } = house;
  const loop = { ...house, onFallback: () => expect.unreachable('there is a forecast') };
  const backtest = simulate(recording, rules, span, losses, ours(loop));
  const gateway = await worksRun(house, span, solver);
  const blind = (steps: PlanStep[]): PlanStep[] => steps.map(({ byNeed: _, ...step }) => step);
  const without = await worksRun(house, span, solver, false, blind);
  // The backtest sees the mean of the step as it begins, the guard only as it goes by.
  expect(gateway.costNano).toBeGreaterThan(0.99 * backtest.costNano);
  const couldSaveNano = without.costNano - backtest.costNano;
  expect(couldSaveNano).toBeGreaterThan(0.1 * backtest.costNano);
  expect(without.costNano - gateway.costNano).toBeGreaterThan(0.5 * couldSaveNano);
});
