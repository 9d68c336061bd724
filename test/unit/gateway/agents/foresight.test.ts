import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { seededStream } from '../../../../gateway/agents/forecasting/seasonal/sets.ts';
import { localSlot } from '../../../../gateway/agents/forecasting/site-series.ts';
import { Mind } from '../../../../gateway/agents/mind.ts';
import { Trading } from '../../../../gateway/agents/trading.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import type { SiteForecast } from '../../../../gateway/contracts/values/outlook.ts';
import type { EnergyRecord } from '../../../../gateway/contracts/values/record.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { localDayStart } from '../../../../gateway/contracts/values/time.ts';

vi.setConfig({ testTimeout: 120_000 }); // a busy machine may take its time
const QUARTER = 900_000;
const HOUR = 4 * QUARTER;
const ZONE = 'Europe/Berlin';
const dayStart = (month: number, day: number): number =>
  localDayStart(Date.UTC(2026, month - 1, day, 12), ZONE);
const START = dayStart(3, 2); // a Monday
const SILENT = dayStart(3, 12);
const SUMMER = dayStart(3, 29); // has 23 hours
const MACHINE = dayStart(4, 1);
const EASTER = dayStart(4, 6); // a Monday, a holiday
const END = dayStart(4, 8);
const RECENT = END - 3 * 24 * HOUR;

const barn = readFileSync(new URL('../../../fixtures/sites/barn.yaml', import.meta.url), 'utf8');
const holidays = barn.replace('source: test', "source: test\n      holidays: ['2026-04-06']");
const parsed = parseSite(holidays, profileById);
if (parsed.site === undefined) throw new Error('the barn does not load');
const site: Site = parsed.site;

function newMind(): Mind {
  const times = { leadMs: 360_000, aheadMs: 3_600_000 };
  return new Mind(site, new Trading({ site: site.id, zone: site.zone, epoch: 1, ...times }));
}

const random = seededStream(6);
const noises = new Map<number, number>();
let swing = 0;
/** One shift on working days; since April a machine more; slow swings. */
function loadW(atMs: number): number {
  if (!noises.has(atMs)) {
    swing = 0.9 * swing + 200 * (random() - 0.5);
    noises.set(atMs, swing);
  }
  const { day, slot } = localSlot(atMs, ZONE);
  const isRest = [2, 3].includes(day % 7) || localSlot(EASTER, ZONE).day === day;
  const shift = !isRest && slot >= 28 && slot < 68 ? 5_000 : 0;
  return 2_000 + shift + (atMs >= MACHINE ? 2_500 : 0) + (noises.get(atMs) ?? 0);
}

function records(fromMs: number): EnergyRecord[] {
  const usedWh = Math.round(loadW(fromMs) / 4);
  const record = (place: string, inWh: number, outWh: number): EnergyRecord => ({
    ...{ kind: 'energy', place, fromMs, durationMs: QUARTER, inWh, outWh, coveragePct: 100 },
    ...{ source: 'counter', quality: 'measured', version: 1 },
  });
  const still = [record('pv1', 0, 0), record('battery1', 0, 0)];
  return [record('grid', usedWh, 0), record('rest', 0, usedWh), ...still];
}

const image = (wallMs: number): Image =>
  ({
    ...{ wallMs, decisions: [], asks: [], flags: [] },
    points: { 'rest.powerW': { quality: 'good', value: -loadW(wallMs), atMs: wallMs } },
  }) as unknown as Image;

const meanError = ({ load, fromMs }: SiteForecast, steps: number): number => {
  let sum = 0;
  for (let n = 0; n < steps; n += 1) {
    sum += Math.abs((load[n]?.midW ?? 0) - loadW(fromMs + n * QUARTER));
  }
  return sum / steps;
};

it('lives through five weeks: a gap, a clock change, a new machine, a holiday, a restart', () => {
  const mind = newMind();
  const issued: SiteForecast[] = [];
  const news: { atMs: number; text: string }[] = [];
  const [second, third, after] = [dayStart(3, 3), dayStart(3, 17), dayStart(3, 13)];
  const byStart = new Map<number, SiteForecast>();
  for (let atMs = START; atMs < END; atMs += QUARTER) {
    mind.see(image(atMs));
    const { day, slot } = localSlot(atMs, ZONE);
    if (slot % 12 === 0 || (atMs >= RECENT && atMs % HOUR === 0)) {
      const { problem, forecast } = mind.problem(atMs);
      expect([forecast.load.length, forecast.pv.length]).toEqual([192, 192]);
      expect(problem.steps.length).toBeLessThanOrEqual(97);
      byStart.set(atMs, forecast);
      if (atMs >= RECENT) issued.push(forecast);
    }
    while (mind.work());
    const isSilent = day === localSlot(SILENT, ZONE).day;
    if (!isSilent) mind.records(records(atMs));
    if (slot === 16) {
      for (const text of mind.foresight.news(atMs)) news.push({ atMs, text });
    }
  }
  const error = (atMs: number, steps = 96): number => {
    const forecast = byStart.get(atMs);
    return forecast === undefined ? Number.NaN : meanError(forecast, steps);
  };
  expect(error(second)).toBeLessThan(600); // a day is known: the next is like it
  expect(error(third)).toBeLessThan(500); // two weeks, one day of them silent
  expect(error(after)).toBeLessThan(800); // after the silence
  expect(error(SUMMER - 12 * HOUR)).toBeLessThan(500); // over the hour that is skipped
  expect(error(EASTER, 92)).toBeLessThan(900); // no shift, though it is a Monday
  expect(news).toHaveLength(1);
  expect(news[0]?.text).toMatch(/^Consumption has been 2\.\d\skW .* higher since 2026-04-01: /u);
  expect(news[0]?.atMs).toBeLessThan(MACHINE + 6 * 24 * HOUR);

  const yesterday = END - 24 * HOUR;
  mind.problem(END); // what is over by then is learnt from
  const scores = mind.foresight.scoresOf(yesterday).filter(({ what }) => what === 'load');
  const off = new Map(scores.map(({ aheadMs, errorPct }) => [aheadMs / HOUR, errorPct]));
  expect([...off.keys()]).toEqual([0.25, 1, 4, 12, 24, 36, 48]);
  expect(off.get(0.25)).toBeLessThan(off.get(24) ?? 0);

  // After a restart: the history and what was issued are read again.
  const again = newMind();
  for (const forecast of issued) again.foresight.recall(forecast);
  for (let atMs = START; atMs < END; atMs += 7 * 24 * HOUR) {
    const some = Array.from({ length: 672 }, (_, n) => atMs + n * QUARTER);
    again.records(some.filter((one) => one < END).flatMap(records));
  }
  again.problem(END);
  const kept = again.foresight.scoresOf(yesterday).filter(({ what }) => what === 'load');
  expect(kept.map(({ aheadMs, errorPct }) => [aheadMs / HOUR, errorPct])).toEqual([...off]);
});
