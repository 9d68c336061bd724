import { describe, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../../gateway/adapters/solver/solver.ts';
import { seededStream } from '../../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { foresightNano } from '../../../../../../gateway/agents/planning/backtest/foresight.ts';
import { minutesOf } from '../../../../../../gateway/agents/planning/backtest/minutes.ts';
import { ours } from '../../../../../../gateway/agents/planning/backtest/ours.ts';
import { pricesAhead } from '../../../../../../gateway/agents/planning/backtest/prices.ts';
import type {
  Losses,
  Recording,
  SiteRules,
} from '../../../../../../gateway/agents/planning/backtest/recording.ts';
import {
  none,
  priceRule,
  selfConsumption,
} from '../../../../../../gateway/agents/planning/backtest/rules.ts';
import {
  type Controller,
  simulate,
} from '../../../../../../gateway/agents/planning/backtest/simulate.ts';
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
const SOUND: Losses = {
  isMeterLost: () => false,
  feedLostFrom: () => Number.POSITIVE_INFINITY,
};

const recordingOf = (needsWh: readonly number[], prices: readonly number[]): Recording => ({
  stepMs: HOUR_MS,
  clockMs: needsWh.map((_, n) => n * HOUR_MS),
  loadWh: needsWh.map((wh) => (wh > 0 ? wh : 0)),
  pvWh: needsWh.map((wh) => (wh < 0 ? -wh : 0)),
  importNanoPerWh: prices,
  exportNanoPerWh: prices.map(() => 50_000),
});

describe('a window', () => {
  const recording = recordingOf([-10_000, 3_000, 20_000], [200_000, 400_000, 300_000]);
  const span = { fromIndex: 0, untilIndex: 3 };

  it('is charged by the rules: losses, bounds, export, what lacks at the end', () => {
    const run = simulate(recording, RULES, span, SOUND, selfConsumption);
    // 5 kW for an hour fill 4.0 of 4.5 kWh: 4,444 Wh are taken, 5,556 sold; then 3 kWh take
    // 3,750 from 9,000; then 4,250 are left above the floor and give 3,400, below the power.
    expect(run.storedWh).toEqual([9_000, 5_250, 1_000]);
    const soldWh = 10_000 - 4_000 / 0.9;
    const shortNano = (4_000 * 300_000) / 0.9;
    expect(run.costNano).toBeCloseTo(-soldWh * 50_000 + 16_600 * 300_000 + shortNano, -3);
    expect(run.throughputWh).toBe(4_000);
    expect(run.peakW).toBe(16_600);
    expect(run.grossNano).toBe(3_000 * 400_000 + 20_000 * 300_000);
  });

  it('adds the demand charge, and counts no step that nobody measured', () => {
    const charged = { ...RULES, demandNanoPerW: 1_000_000 };
    const plain = simulate(recording, RULES, span, SOUND, none).costNano;
    const run = simulate(recording, charged, span, SOUND, none);
    expect(run.costNano - plain).toBeCloseTo(20_000 * 1_000_000, -3);
    const gap = { ...recording, loadWh: [0, 3_000, Number.NaN] };
    expect(simulate(gap, charged, span, SOUND, none).peakW).toBe(3_000);
  });

  it('moves nothing while the meter is lost', () => {
    const losses = { ...SOUND, isMeterLost: (index: number) => index === 1 };
    const run = simulate(recording, RULES, span, losses, selfConsumption);
    expect(run.storedWh.slice(0, 2)).toEqual([9_000, 9_000]);
  });
});

describe('prices', () => {
  const hours = 24 * 10;
  const prices = Array.from({ length: hours }, (_, n) => 1_000 * Math.floor(n / 24) + (n % 24));
  const recording = recordingOf(
    prices.map(() => 1),
    prices,
  );
  const seen = (publishedHour: number | undefined, index: number, losses = SOUND): number[] =>
    pricesAhead(recording, { publishedHour }, losses, index, 36).map((one) => one.importNanoPerWh);

  it('are known to the end of the day, and of the next once they are out', () => {
    const at = 24 * 8 + 12;
    expect(seen(undefined, at)).toEqual(prices.slice(at, at + 36));
    const before = seen(13, at);
    expect(before.slice(0, 12)).toEqual(prices.slice(at, at + 12));
    // Day 9 is guessed as the mean of the seven days before it: 5,000 with the same hour.
    expect(before.slice(12, 15)).toEqual([5_000, 5_001, 5_002]);
    expect(seen(13, at + 1).slice(0, 35)).toEqual(prices.slice(at + 1, at + 36));
  });

  it('are guessed from the moment the feed is lost', () => {
    const at = 24 * 8 + 12;
    const lost = { ...SOUND, feedLostFrom: () => at - 2 };
    expect(seen(undefined, at, lost)[0]).toBe(4_012); // days 1 to 7
  });

  it('lead the price rule: cheap hours fill, dear ones are covered', () => {
    const rule = priceRule(recording, RULES, SOUND);
    const part = { nowWh: 5_000, share: 1, before: { needWh: 0, share: 0 } };
    const asked = (index: number, needWh: number): number =>
      rule({ index, nowWh: 5_000, peakW: 0, daysLeft: 0 })(needWh, part);
    expect(asked(24, 500)).toBe(Number.NEGATIVE_INFINITY);
    expect(asked(36, 500)).toBe(0);
    expect(asked(36, -500)).toBe(-500);
    expect(asked(47, 500)).toBe(500);
    const flat = recordingOf([1, 1], [7, 7]);
    expect(
      priceRule(flat, RULES, SOUND)({ index: 0, nowWh: 0, peakW: 0, daysLeft: 0 })(5, part),
    ).toBe(5);
  });
});

describe('ours', { timeout: 60_000 }, () => {
  const random = seededStream(3);
  const days = 12;
  const needsWh = Array.from({ length: 24 * days }, (_, n) =>
    Math.round((n % 24 > 8 && n % 24 < 16 ? -2_500 : 1_200) * (0.5 + random())),
  );
  const prices = needsWh.map((_, n) => 150_000 + (n % 24 > 16 ? 200_000 : 0) + 50_000 * random());
  const recording = recordingOf(needsWh, prices);
  const span = { fromIndex: 24 * 5, untilIndex: 24 * 10 };
  const exactly = (wh: number) => ({ low: wh, mid: wh, high: wh });
  const setup = {
    recording,
    rules: RULES,
    losses: SOUND,
    foretell: (index: number) => ({
      load: recording.loadWh.slice(index, index + 36).map(exactly),
      pv: recording.pvWh.slice(index, index + 36).map(exactly),
    }),
    onFallback: () => undefined,
  };

  it('comes within 1 % of perfect foresight where the forecast is right, never below', async () => {
    const solver = await createSolverInProcess();
    const limitNano = await foresightNano(recording, RULES, span, solver);
    const plainNano = simulate(recording, RULES, span, SOUND, none).costNano;
    const { costNano } = simulate(recording, RULES, span, SOUND, ours(setup));
    if (limitNano === undefined) throw new Error('no limit');
    expect(costNano).toBeGreaterThanOrEqual(limitNano - 1);
    expect((plainNano - costNano) / (plainNano - limitNano)).toBeGreaterThan(0.985);
    for (const rule of [none, selfConsumption, priceRule(recording, RULES, SOUND)]) {
      expect(simulate(recording, RULES, span, SOUND, rule).costNano).toBeGreaterThan(costNano);
    }
    // Told exactly what comes, a frozen power does the same.
    const frozen = simulate(recording, RULES, span, SOUND, ours(setup, true));
    expect(frozen.costNano).toBeCloseTo(costNano, -3);
  });

  it('pays for each minute, where the meter is followed by the minute', () => {
    const partsOf = minutesOf(recording, (index) => seededStream(index * 7_919));
    const parts = partsOf(span.fromIndex + 12);
    expect(parts.length).toBe(60);
    const sum = (of: 'loadWh' | 'pvWh'): number => parts.reduce((wh, part) => wh + part[of], 0);
    expect(sum('loadWh')).toBeCloseTo(recording.loadWh[span.fromIndex + 12] ?? 0, 9);
    expect(sum('pvWh')).toBeCloseTo(recording.pvWh[span.fromIndex + 12] ?? 0, 9);
    expect(new Set(parts.map(({ pvWh }) => Math.round(pvWh))).size).toBeGreaterThan(2);
    const run = (rule: Controller, by = partsOf) =>
      simulate(recording, RULES, span, SOUND, rule, by);
    const whole = simulate(recording, RULES, span, SOUND, ours(setup));
    const byMinute = run(ours(setup));
    expect(byMinute.costNano).toBeGreaterThan(whole.costNano);
    expect(byMinute.costNano).toBeLessThan(run(none).costNano);
    expect(byMinute.costNano).toBeLessThan(run(ours(setup, true)).costNano);
    expect(run(none).gridWh[12]).toBeCloseTo(needsWh[span.fromIndex + 12] ?? 0, 9);
  });

  it('falls back to self-consumption where nothing is foretold, and says so', () => {
    let fallbacks = 0;
    const blind = {
      ...setup,
      foretell: () => undefined,
      onFallback: () => {
        fallbacks += 1;
      },
    };
    const run = simulate(recording, RULES, span, SOUND, ours(blind));
    expect(run.costNano).toBe(simulate(recording, RULES, span, SOUND, selfConsumption).costNano);
    expect(fallbacks).toBe(120);
  });

  it('keeps the import at the cap that the last weeks allowed, where the highest costs', () => {
    const spiky = needsWh.map((wh, n) => (n % 24 === 18 ? 6_000 : Math.max(800, wh)));
    const site = recordingOf(spiky, prices);
    const rules = { ...RULES, demandNanoPerW: 10_000_000 };
    const spikySetup = {
      ...setup,
      recording: site,
      rules,
      foretell: (index: number) => ({
        load: site.loadWh.slice(index, index + 36).map(exactly),
        pv: undefined,
      }),
    };
    const run = simulate(site, rules, span, SOUND, ours(spikySetup));
    expect(run.peakW).toBeLessThan(3_000);
    expect(simulate(site, rules, span, SOUND, none).peakW).toBe(6_000);
  });
});
