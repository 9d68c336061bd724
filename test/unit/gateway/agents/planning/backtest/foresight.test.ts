import { expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../../gateway/adapters/solver/solver.ts';
import { foresightNano } from '../../../../../../gateway/agents/planning/backtest/foresight.ts';
import type {
  Recording,
  SiteRules,
} from '../../../../../../gateway/agents/planning/backtest/recording.ts';
import { HOUR_MS } from '../../../../../../gateway/contracts/values/time.ts';

const RULES: SiteRules = {
  store: {
    minWh: 1_000,
    maxWh: 9_000,
    chargeMaxW: 5_000,
    dischargeMaxW: 5_000,
    chargeShare: 0.9,
    dischargeShare: 0.8,
    wearNanoPerWh: 0,
  },
  capacityWh: 10_000,
  startWh: 5_000,
  endWh: 5_000,
  demandNanoPerW: 0,
  publishedHour: undefined,
};

/** Hours in which the site needs nothing. */
const idle = (hours: number, importNano: number, exportNano: number): Recording => {
  const all = (value: number): number[] => new Array<number>(hours).fill(value);
  return {
    stepMs: HOUR_MS,
    clockMs: all(0).map((_, n) => n * HOUR_MS),
    loadWh: all(0),
    pvWh: all(0),
    importNanoPerWh: all(importNano),
    exportNanoPerWh: all(exportNano),
  };
};

it('perfect foresight does not buy and sell at once, where selling pays more', async () => {
  const solver = await createSolverInProcess();
  const span = { fromIndex: 0, untilIndex: 2 };
  const nano = await foresightNano(idle(2, 200_000, 300_000), RULES, span, solver);
  // Full in the first hour (4,444 Wh bought), 5,000 Wh sold in the second, 2,250 Wh short at
  // the end.
  const best = (4_000 / 0.9) * 200_000 - 5_000 * 300_000 + (2_250 * 200_000) / 0.9;
  expect(Math.abs((nano ?? 0) - best)).toBeLessThan(1e-3 * Math.abs(best));
});

it('nor charge and discharge at once, where taking energy pays', async () => {
  const solver = await createSolverInProcess();
  const span = { fromIndex: 0, untilIndex: 1 };
  const full = { ...RULES, startWh: 9_000, endWh: 1_000 };
  const nano = await foresightNano(idle(1, -100_000, -100_000), full, span, solver);
  expect(Math.abs(nano ?? Number.NaN)).toBeLessThan(1_000);
  // Where the mean price is below zero, what lacks at the end earns; there is no more than that.
  const emptied = await foresightNano(idle(1, -100_000, 0), RULES, span, solver);
  expect(emptied).toBeLessThan((-4_000 * 100_000) / 0.9 + 1);
  expect(emptied).toBeGreaterThan((-8_001 * 100_000) / 0.9);
});
