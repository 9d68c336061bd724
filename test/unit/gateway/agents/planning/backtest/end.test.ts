import { expect, it } from 'vitest';
import { ours } from '../../../../../../gateway/agents/planning/backtest/ours.ts';
import type {
  Recording,
  SiteRules,
} from '../../../../../../gateway/agents/planning/backtest/recording.ts';
import { none } from '../../../../../../gateway/agents/planning/backtest/rules.ts';
import { simulate } from '../../../../../../gateway/agents/planning/backtest/simulate.ts';
import { HOUR_MS } from '../../../../../../gateway/contracts/values/time.ts';

const RULES: SiteRules = {
  store: {
    minWh: 1_000,
    maxWh: 9_000,
    chargeMaxW: 5_000,
    dischargeMaxW: 5_000,
    chargeShare: 0.9,
    dischargeShare: 0.9,
    wearNanoPerWh: 0,
  },
  capacityWh: 10_000,
  startWh: 5_000,
  endWh: 5_000,
  demandNanoPerW: 0,
  publishedHour: undefined,
};
const SOUND = { isMeterLost: () => false, feedLostFrom: () => Number.POSITIVE_INFINITY };
const HOURS = 60;
const each = (of: (n: number) => number): number[] =>
  Array.from({ length: HOURS }, (_, n) => of(n));
const recordingOf = (pvWh: (n: number) => number): Recording => ({
  stepMs: HOUR_MS,
  clockMs: each((n) => n * HOUR_MS),
  loadWh: each(() => 800),
  pvWh: each(pvWh),
  importNanoPerWh: each(() => 300_000),
  exportNanoPerWh: each(() => 50_000),
});
const exactly = (wh = 0) => ({ low: wh, mid: wh, high: wh });

it('the last hours of a window are planned to its end', () => {
  const span = { fromIndex: 6, untilIndex: 12 };
  const run = (recording: Recording, isTold: boolean) => {
    const setup = {
      recording,
      rules: RULES,
      losses: SOUND,
      onFallback: () => undefined,
      ...(isTold && { spans: [span] }),
      foretell: (index: number) => {
        const ahead = (of: readonly number[]) =>
          Array.from({ length: 36 }, (_, n) => exactly(of[index + n] ?? of[n]));
        return { load: ahead(recording.loadWh), pv: ahead(recording.pvWh) };
      },
    };
    return simulate(recording, RULES, span, SOUND, ours(setup));
  };
  // A morning without sun: what the battery gives is bought again at the end, and more.
  const dull = recordingOf(() => 0);
  const idleNano = simulate(dull, RULES, span, SOUND, none).costNano;
  expect(run(dull, false).costNano).toBeGreaterThan(1.05 * idleNano);
  expect(run(dull, true).costNano).toBeCloseTo(idleNano, -3);
  // Too much sun: what nobody needs until the end is sold.
  const bright = recordingOf((n) => (n < 9 ? 4_000 : 0));
  expect(run(bright, true).storedWh.at(-1)).toBeCloseTo(5_000, 0);
  expect(run(bright, true).costNano).toBeLessThan(run(bright, false).costNano);
});
