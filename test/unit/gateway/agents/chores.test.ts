import { expect, test } from 'vitest';
import { createClockedSchedule } from '../../../../gateway/adapters/schedule.ts';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { startChores } from '../../../../gateway/agents/chores.ts';
import { Diary } from '../../../../gateway/agents/diary.ts';
import { forecastLink, newestForecastDay } from '../../../../gateway/agents/forecast-days.ts';
import type { Mind } from '../../../../gateway/agents/mind.ts';
import { placesOf } from '../../../../gateway/agents/places.ts';
import { PriceBook } from '../../../../gateway/agents/prices.ts';
import { Reductions } from '../../../../gateway/agents/reductions.ts';
import type { HorizonScore, SiteForecast } from '../../../../gateway/contracts/values/outlook.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const NOON = Date.UTC(2026, 5, 15, 10); // Monday 12:00 in Berlin
const MIDNIGHT = Date.UTC(2026, 5, 15, 22);

const log = {
  info: () => undefined,
  warn: () => undefined,
  error: (text: string) => {
    throw new Error(text);
  },
};

test('every day the site scores its forecast and forgets what is too old', async () => {
  const [{ site }] = demoSites(1);
  const clock = createVirtualClock({ wallMs: NOON, speed: 96 });
  const store = openStoreInProcess();
  const diary = new Diary(store, log);
  const band = { lowW: 0, midW: 1_100, highW: 2_000 };
  const forecast: SiteForecast = {
    issuedAtMs: MIDNIGHT - QUARTER_MS,
    fromMs: MIDNIGHT - QUARTER_MS,
    stepMs: QUARTER_MS,
    sky: 'forecast',
    pv: Array.from({ length: 97 }, () => band),
    load: Array.from({ length: 97 }, () => band),
  };
  const old = { key: 'site-old', atMs: NOON - 13.5 * DAY_MS, body: {} };
  const issued = { key: 'site-new', atMs: forecast.issuedAtMs, body: forecast };
  const zone = { key: 'zone-new', atMs: forecast.issuedAtMs, body: { issuedAtMs: MIDNIGHT } };
  await store.put('forecast', [old, issued, zone]);
  const measured = (fromMs: number) => ({ fromMs, pvW: 1_000, loadW: 1_000, curtailed: false });
  const news = ['Consumption has been 2 kW higher since 2026-06-13.'];
  const places = placesOf(site);
  const accountInput = () => ({ places, quarters: [], noteOf: () => undefined });
  const checkUp = { alarms: () => [], feed: () => undefined };
  const horizons: HorizonScore[] = [
    { what: 'load', aheadMs: 3_600_000, errorPct: 4.6, inBandPct: 79, quarters: 96 },
    { what: 'load', aheadMs: DAY_MS, errorPct: 9.5, inBandPct: 81.3, quarters: 96 },
  ];
  const past = { accounts: [], reductions: new Reductions(), checkUp, forecastDays: [] };
  const mind = {
    ...{ quarters: { forForecast: measured }, accountInput },
    prices: new PriceBook(places.connection.tariff),
    foresight: { news: () => news.splice(0), scoresOf: () => horizons },
    past,
  } as unknown as Mind;
  const schedule = createClockedSchedule(clock, log);
  const solver = { solve: () => Promise.reject(new Error('nothing to solve')) };
  const parts = { site, clock, schedule, log, mind, diary, solver };
  const end = startChores({ ...parts, cloud: undefined, want: () => {} });

  await clock.advance(DAY_MS); // Tuesday noon: nobody had forecast Monday, and 13.5 days are kept
  const change = 'Consumption has been 2 kW higher since 2026-06-13.'; // told once
  expect(diary.events().map(({ text }) => text)).toEqual([change]);
  await clock.advance(DAY_MS);
  await diary.settled();
  expect(diary.events().map(({ text }) => text)).toEqual([
    change,
    "Yesterday's forecast was 10 % off for sun (the day before: 0 %), " +
      '10 % off for consumption (a week before: 0 %).',
  ]);
  expect(diary.events()[1]?.detail).toContain(
    'Off for consumption, by how far ahead: 1 h 5 %, 24 h 10 %.',
  );
  // By how far ahead they looked: kept, for the page and for the fleet.
  const days = await diary.forecastDays();
  expect(days.map(({ day }) => day)).toEqual(['2026-06-15', '2026-06-16']);
  expect(newestForecastDay(days)).toEqual({ day: '2026-06-16', scores: horizons });
  const [link] = forecastLink(past.forecastDays);
  expect(link?.text).toMatch(
    /^off on 2026-06-16: a day ahead 10\s% for consumption; an hour ahead 5\s% for consumption$/u,
  );
  const kept = await store.list('forecast', 0, 2 * NOON);
  expect(kept.map(({ key }) => key)).toEqual(['site-new', 'zone-new']);
  end();
  await clock.advance(2 * DAY_MS);
  expect(diary.events()).toHaveLength(2);
});
