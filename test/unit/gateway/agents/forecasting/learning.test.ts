import { expect, it, vi } from 'vitest';
import { Forecaster } from '../../../../../gateway/agents/forecasting/forecaster.ts';
import { shiftSentence } from '../../../../../gateway/agents/forecasting/level-watch.ts';
import { forecastLoad } from '../../../../../gateway/agents/forecasting/load.ts';
import { seededStream } from '../../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { localSlot } from '../../../../../gateway/agents/forecasting/site-series.ts';
import { clearSkyGhi, sunPosition } from '../../../../../gateway/agents/forecasting/sun.ts';
import type { Band } from '../../../../../gateway/contracts/values/outlook.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time
const QUARTER = 900_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const MONDAY = Date.UTC(2026, 0, 4, 23); // midnight in Berlin
const timeZone = 'Europe/Berlin';
const setup = { latitudeDeg: 52.4, longitudeDeg: 13.05, timeZone, pvRatedW: 0, loadRatedW: 20_000 };

interface Site {
  readonly loadW: (atMs: number) => number | undefined;
  readonly pvW?: (atMs: number) => number;
}

function observe(forecaster: Forecaster, { loadW, pvW }: Site, fromMs: number): void {
  forecaster.observe({ fromMs, pvW: pvW?.(fromMs), loadW: loadW(fromMs), curtailed: false });
}

/** Lives through a time as the agent does: learns in steps; forecasts every hour under the sun. */
function live(forecaster: Forecaster, site: Site, fromMs: number, untilMs: number): void {
  for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER) {
    if (site.pvW !== undefined && atMs % HOUR === 0) forecaster.issue(atMs, 96);
    observe(forecaster, site, atMs);
    while (forecaster.work());
  }
}

const isRest = (day: number): boolean => [2, 3].includes(day % 7); // day 0 was a Thursday

/** Two shifts a day but not at weekends, a swing of days, and a machine that runs now and then. */
function works(seed: number): (atMs: number) => number {
  const random = seededStream(seed);
  const values = new Map<number, number>();
  let [swing, level] = [0, 1];
  for (let atMs = MONDAY; atMs < MONDAY + 60 * DAY; atMs += QUARTER) {
    const { day, slot } = localSlot(atMs, timeZone);
    if (slot === 0) level = 0.7 * level + 0.3 * (0.7 + 0.6 * random());
    swing = 0.95 * swing + 300 * (random() - 0.5);
    const shift = slot >= 28 && slot < 76 && !isRest(day) ? 4_000 : 0;
    const burst = random() < 0.05 ? 6_000 : 0;
    values.set(atMs, Math.max(0, level * (1_500 + shift) + swing + burst));
  }
  return (atMs) => values.get(atMs) ?? 0;
}

const errorOf = (said: readonly number[], fromMs: number, actual: (atMs: number) => number) =>
  said.reduce((sum, value, i) => sum + Math.abs(value - actual(fromMs + i * QUARTER)), 0);
const mids = (bands: readonly Band[]): number[] => bands.map(({ midW }) => midW);

it('is of use on day one, and after two weeks better than the weeks before', () => {
  const loadW = works(3);
  const forecaster = new Forecaster(setup);
  expect(mids(forecaster.issue(MONDAY, 2, { loadW: 700 }).load)).toEqual([700, 700]);
  live(forecaster, { loadW }, MONDAY, MONDAY + DAY);
  const known = new Map<number, number>();
  const naive = (atMs: number): number[] => {
    for (let t = MONDAY; t < atMs; t += QUARTER) known.set(t, loadW(t));
    const startsMs = Array.from({ length: 96 }, (_, i) => atMs + i * QUARTER);
    return forecastLoad(known, atMs, startsMs, timeZone).map((watts) => watts ?? 0);
  };
  const second = MONDAY + DAY;
  expect(mids(forecaster.issue(second, 96).load)).toEqual(naive(second));

  const sums = { learnt: 0, naive: 0, inside: 0, quarters: 0 };
  for (let day = 1; day < 35; day += 1) {
    const atMs = MONDAY + day * DAY;
    const { load } = forecaster.issue(atMs, 96);
    if (day >= 14) {
      sums.learnt += errorOf(mids(load), atMs, loadW);
      sums.naive += errorOf(naive(atMs), atMs, loadW);
      for (const [i, { lowW, highW }] of load.entries()) {
        const watts = loadW(atMs + i * QUARTER);
        sums.quarters += 1;
        if (lowW <= watts && watts <= highW) sums.inside += 1;
      }
    }
    live(forecaster, { loadW }, atMs, atMs + DAY);
  }
  expect(sums.learnt).toBeLessThan(0.95 * sums.naive);
  expect(sums.inside / sums.quarters).toBeGreaterThan(0.74);
  expect(sums.inside / sums.quarters).toBeLessThan(0.88);
  expect(forecaster.levelShifts()).toEqual([]); // nothing has changed for good
});

it('reads a history in steps: until then the last weeks stand for it', () => {
  const site = { loadW: works(4) };
  const [read, lived] = [new Forecaster(setup), new Forecaster(setup)];
  const now = MONDAY + 20 * DAY;
  for (let atMs = MONDAY; atMs < now; atMs += QUARTER) {
    observe(read, site, atMs);
    observe(lived, site, atMs);
    while (lived.work());
  }
  const atOnce = mids(read.issue(now, 96).load);
  let steps = 0;
  while (read.work()) steps += 1;
  expect(steps).toBeGreaterThan(80); // half a day each, then the lessons
  const learnt = mids(read.issue(now, 96).load);
  expect(learnt).not.toEqual(atOnce);
  const truth = (said: readonly number[]): number => errorOf(said, now, site.loadW);
  expect(truth(learnt)).toBeLessThan(1.1 * truth(mids(lived.issue(now, 96).load)));
});

/** High from 8 to 10 on the local clock, otherwise low. */
const clocked = (atMs: number): number => {
  const { slot } = localSlot(atMs, timeZone);
  return slot >= 32 && slot < 40 ? 6_000 : 1_000;
};

it('keeps to the local clock when it changes, and lives through a gap', () => {
  const spring = Date.UTC(2026, 2, 29, 1);
  const forecaster = new Forecaster(setup);
  live(forecaster, { loadW: clocked }, spring - 21 * DAY, spring - 4 * DAY);
  const silence = { loadW: () => undefined };
  live(forecaster, silence, spring - 4 * DAY, spring - 3 * DAY);
  live(forecaster, { loadW: clocked }, spring - 3 * DAY, spring - 12 * HOUR);
  const said = mids(forecaster.issue(spring - 12 * HOUR, 96).load);
  expect(said).toHaveLength(96);
  for (const [i, watts] of said.entries()) {
    const actual = clocked(spring - 12 * HOUR + i * QUARTER);
    expect(Math.abs(watts - actual)).toBeLessThan(100);
  }
  const autumn = Date.UTC(2026, 9, 25, 1); // from here on the hour from 2:00 comes again
  const again = new Forecaster(setup);
  live(again, { loadW: clocked }, autumn - 18 * DAY, autumn);
  for (const atMs of [autumn, autumn + 2 * QUARTER]) {
    for (const [i, watts] of mids(again.issue(atMs, 96).load).entries()) {
      expect(Math.abs(watts - clocked(atMs + i * QUARTER))).toBeLessThan(100);
    }
    live(again, { loadW: clocked }, atMs, atMs + 2 * QUARTER);
  }
});

it('a holiday is forecast as a Sunday', () => {
  const holiday = MONDAY + 23 * DAY; // a Wednesday
  const { day: holidayDay } = localSlot(holiday, timeZone);
  const loadW = (atMs: number): number => {
    const { day, slot } = localSlot(atMs, timeZone);
    return isRest(day) || day === holidayDay || slot < 28 ? 1_000 : 5_000;
  };
  const errors = [['2026-01-28'], []].map((holidays) => {
    const forecaster = new Forecaster({ ...setup, holidays });
    live(forecaster, { loadW }, MONDAY, holiday);
    return errorOf(mids(forecaster.issue(holiday, 96).load), holiday, loadW) / 96;
  });
  expect(errors[0]).toBeLessThan(400);
  expect(errors[1]).toBeGreaterThan(2_000);
});

it('notices a new machine, says since when, and follows it', () => {
  const usual = works(5);
  const from = MONDAY + 30 * DAY;
  const loadW = (atMs: number): number => usual(atMs) + (atMs >= from ? 3_000 : 0);
  const forecaster = new Forecaster(setup);
  for (let atMs = MONDAY; atMs < from + 5 * DAY; atMs += QUARTER) {
    observe(forecaster, { loadW }, atMs);
    while (forecaster.work());
  }
  const [shift, more] = forecaster.levelShifts();
  expect(more).toBeUndefined();
  expect(shift?.fromDay).toBe(localSlot(from, timeZone).day);
  expect((shift?.foundDay ?? 0) - (shift?.fromDay ?? 0)).toBeLessThan(5);
  expect((shift?.meanW ?? 0) - (shift?.usualW ?? 0)).toBeGreaterThan(2_000);
  const sentence = shift ? shiftSentence(shift) : '';
  expect(sentence).toMatch(/^Consumption has been \S+\skW \(\d+\s%\) higher since 2026-02-04: /u);
  expect(forecaster.levelShifts()).toEqual([]); // told once
  const nowMs = from + 5 * DAY;
  const said = mids(forecaster.issue(nowMs, 96).load);
  const mean = said.reduce((sum, watts) => sum + watts, 0) / 96;
  let actual = 0;
  for (let i = 0; i < 96; i += 1) actual += loadW(nowMs + i * QUARTER) / 96;
  expect(Math.abs(mean - actual)).toBeLessThan(1_200);
});

it('the sun of a roof that no model knows is told from its history', () => {
  const random = seededStream(8);
  const clouds = Array.from({ length: 40 }, () => 0.5 + 0.5 * random());
  const start = Date.UTC(2026, 4, 31, 22);
  /** A west roof behind a hill: nothing before two in the afternoon. */
  const pvW = (atMs: number): number => {
    const sun = sunPosition(setup.latitudeDeg, setup.longitudeDeg, atMs + QUARTER / 2);
    const cloud = clouds[Math.floor((atMs - start) / DAY)] ?? 0.7;
    return sun.azimuthDeg < 220 ? 0 : 8 * cloud * clearSkyGhi(sun.elevationDeg);
  };
  const site = { loadW: () => 500, pvW };
  const forecaster = new Forecaster({ ...setup, pvRatedW: 10_000 });
  live(forecaster, site, start, start + 18 * DAY);
  let [inside, counted, error, came] = [0, 0, 0, 0];
  for (let day = 18; day < 28; day += 1) {
    const atMs = start + day * DAY;
    const { pv } = forecaster.issue(atMs, 96);
    for (const [i, { lowW, midW, highW }] of pv.entries()) {
      const watts = pvW(atMs + i * QUARTER);
      error += Math.abs(midW - watts);
      came += watts;
      if (watts === 0) continue;
      counted += 1;
      if (lowW <= watts && watts <= highW) inside += 1;
    }
    live(forecaster, site, atMs, atMs + DAY);
  }
  expect(error / came).toBeLessThan(0.25);
  expect(inside / counted).toBeGreaterThan(0.65);
  expect(inside / counted).toBeLessThan(0.95);
});
