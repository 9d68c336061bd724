import { describe, expect, it } from 'vitest';
import { scoreDay, scoreSentence } from '../../../../../gateway/agents/forecasting/day-score.ts';
import type { Quarter } from '../../../../../gateway/agents/forecasting/forecaster.ts';
import type { SiteForecast } from '../../../../../gateway/contracts/values/outlook.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const FROM = Date.UTC(2027, 5, 1);
const UNTIL = FROM + DAY_MS;
const band = (midW: number) => ({ lowW: 0, midW, highW: 2 * midW });

const forecast = (issuedAtMs: number, pvW: number, loadW: number): SiteForecast => ({
  issuedAtMs,
  fromMs: FROM - QUARTER_MS,
  stepMs: QUARTER_MS,
  sky: 'forecast',
  pv: Array.from({ length: 97 }, () => band(pvW)),
  load: Array.from({ length: 97 }, () => band(loadW)),
});
const quarter = (fromMs: number, more: Partial<Quarter> = {}): Quarter => ({
  fromMs,
  pvW: 1_000,
  loadW: 500,
  curtailed: false,
  ...more,
});

describe("a day's forecast", () => {
  const known = [
    forecast(FROM - 20_000_000, 1, 1),
    forecast(FROM - 1_000, 900, 600), // the one that counts
    forecast(FROM + 1_000, 1_000, 500), // came when the day had begun
  ];

  it('is scored by what was known when the day began, beside an earlier day', () => {
    const measured = (atMs: number) =>
      quarter(atMs, atMs < FROM ? { pvW: 700, loadW: 500 } : undefined);
    expect(scoreDay(known, measured, FROM, UNTIL)).toEqual([
      { what: 'pv', errorPct: 10, naivePct: 30, inBandPct: 100, quarters: 96 },
      { what: 'load', errorPct: 20, naivePct: 0, inBandPct: 100, quarters: 96 },
    ]);
  });

  it('is not judged by curtailed sun, by gaps, or by half a day', () => {
    const curtailed = (atMs: number) => quarter(atMs, { curtailed: true, loadW: undefined });
    expect(scoreDay(known, curtailed, FROM, UNTIL)).toEqual([]);
    const short = (atMs: number) =>
      quarter(atMs, atMs < FROM + DAY_MS / 2 - QUARTER_MS ? {} : { pvW: undefined });
    expect(scoreDay(known, short, FROM, UNTIL).map(({ what }) => what)).toEqual(['load']);
    const dark = (atMs: number) => quarter(atMs, { pvW: 0 });
    expect(scoreDay(known, dark, FROM, UNTIL).map(({ what }) => what)).toEqual(['load']);
    expect(scoreDay([], quarter, FROM, UNTIL)).toEqual([]);
  });

  it('has no earlier day to compare with in the first week', () => {
    const measured = (atMs: number) =>
      quarter(atMs, atMs < FROM ? { pvW: undefined, loadW: undefined } : undefined);
    const scores = scoreDay(known, measured, FROM, UNTIL);
    expect(scores.map(({ naivePct }) => naivePct)).toEqual([undefined, undefined]);
    expect(scoreSentence(scores)).toBe(
      "Yesterday's forecast was 10 % off for sun, 20 % off for consumption.",
    );
  });
});
