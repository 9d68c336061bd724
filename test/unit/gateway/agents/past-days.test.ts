import { expect, it, vi } from 'vitest';
import { openStore } from '../../../../cloud/adapters/sqlite.ts';
import { forecastingAgent } from '../../../../cloud/agents/forecasting/agent.ts';
import type { ForecastZone } from '../../../../cloud/agents/forecasting/forecasting.ts';
import { ForecastSide } from '../../../../cloud/compose-forecast.ts';
import { PriceOutlook } from '../../../../gateway/agents/forecasting/price/outlook.ts';
import { localSlot } from '../../../../gateway/agents/forecasting/site-series.ts';
import { askPastDays, type PastDaysDeps } from '../../../../gateway/agents/past-days.ts';
import type { A2aTask } from '../../../../gateway/contracts/messages.ts';
import { priceSource, weatherSource } from '../../../../gateway/contracts/sources.ts';
import type { Http } from '../../../../gateway/ports.ts';
import { createVirtualClock, type VirtualClock } from '../../../../simulators/clock.ts';
import { SUNFIELD } from '../../../../simulators/sites/sunfield.ts';
import { createSources } from '../../../../simulators/sources/answer.ts';
import { dayAheadPrice } from '../../../../simulators/sources/prices.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time

const START = Date.UTC(2026, 10, 20, 6, 3);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONE = 'Europe/Berlin';
const DAYS = 60;
const climate = { seed: 5, latitudeDeg: 47.66, longitudeDeg: 9.17 };
const log = { info: () => {}, warn: () => {}, error: () => {} };
const today = localSlot(START, ZONE).day;

/** The simulated suppliers, and what they were asked. @param fails  whether prices are refused */
function suppliers(clock: VirtualClock, fails: () => boolean = () => false) {
  const side = createSources(climate, () => clock.wallMs());
  const asked: { query: URLSearchParams; path: string; atMs: number }[] = [];
  const get: Http['get'] = async (url, _timeoutMs, headers = {}) => {
    const { pathname: path, searchParams: query } = new URL(url);
    asked.push({ query, path, atMs: clock.wallMs() });
    if (path === '/price' && fails()) return { status: 503, body: '', headers: {} };
    return side.ask({ path, query, headers });
  };
  const http: Http = { get, post: () => Promise.reject(new Error('nobody posts here')) };
  const past = () =>
    asked.filter(({ query }) => {
      const from = query.get('start');
      return from !== null && Date.parse(`${from}T12:00Z`) < START - 36 * HOUR;
    });
  return { http, asked, past };
}

const prices = priceSource.parse({
  ...{ source: 'energy-charts', url: 'http://s/price', biddingZone: 'DE-LU' },
});
const weather = weatherSource.parse({ source: 'open-meteo', url: 'http://s/v1/forecast' });

const zone: ForecastZone = {
  ...{ id: 'z1', currency: 'EUR', latitudeDeg: 47.66, longitudeDeg: 9.17, timeZone: ZONE },
  ...{ everyMs: 900_000, prices, historyDays: DAYS },
};

/** A gateway's mind as far as prices of old go. */
function gateway(clock: VirtualClock, more: Partial<PastDaysDeps>) {
  const outlook = new PriceOutlook(ZONE);
  const kept: unknown[] = [];
  const tariff = { components: [{ kind: 'market-import' }] };
  const sky = { wanted: true, told: 0 };
  const foresight = {
    lacksPastWeather: () => sky.wanted,
    pastWeather: (told: { ghiWPerM2: unknown[] }) => (sky.told = told.ghiWPerM2.length),
  };
  const mind = {
    prices: { outlook, timeZone: ZONE },
    foresight,
    places: { connection: { tariff } },
  };
  const deps = { site: { ...SUNFIELD, currency: 'EUR' }, clock, log, mind };
  const diary = { priceDays: (days: readonly unknown[]) => kept.push(...days) };
  const whole = { ...deps, diary, historyDays: DAYS, ...more } as unknown as PastDaysDeps;
  return { outlook, kept, sky, end: askPastDays(whole) };
}

it('a new cloud learns past days from its source, and tells a new gateway of them', async () => {
  const clock = createVirtualClock({ wallMs: START });
  const { http, past } = suppliers(clock);
  const store = openStore(':memory:');
  const speaker = { say: () => {} } as never;
  const open = (): ForecastSide =>
    new ForecastSide('demo', [zone], { clock, log, store, http }, speaker, new Map());
  const cloud = open();
  cloud.start((run) => run());
  await clock.advance(MINUTE);
  expect(past()).toEqual([]); // what is asked for now comes first
  await clock.advance(10 * MINUTE);
  const asked = past();
  expect(asked.length).toBe(3); // 60 days, four weeks at a time, the newest first
  expect(asked.map(({ query }) => query.get('start'))).toEqual([
    ...['2026-10-22', '2026-09-24', '2026-09-21'],
  ]);
  for (const [n, one] of asked.entries()) {
    if (n > 0) expect(one.atMs - (asked[n - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(MINUTE);
  }
  const outlook = cloud.zones.get('z1')?.outlook;
  expect(outlook?.lacking(today, DAYS)).toEqual([]);
  expect(outlook?.next()?.midNanoPerWh.length).toBe(48); // learnt at once
  const [oldest] = outlook?.days() ?? [];
  const noonMs = Date.UTC(2026, 8, 21, 10); // 12:00 in Berlin
  expect(oldest).toMatchObject({ day: today - DAYS });
  const quarters = [0, 1, 2, 3].map((n) => dayAheadPrice(climate, noonMs + n * 15 * MINUTE));
  const mean = (1_000 * quarters.reduce((sum, one) => sum + one, 0)) / 4;
  expect(Math.abs((oldest?.hours[12] ?? 0) - mean)).toBeLessThan(2);
  cloud.stop();

  // Started again it has them, and asks nobody.
  const again = open();
  expect(again.zones.get('z1')?.outlook.days()).toHaveLength(outlook?.days().length ?? 0);
  again.start((run) => run());
  await clock.advance(10 * MINUTE);
  expect(past().length).toBe(3);
  again.stop();

  // A gateway asks it first, and then no source.
  const agent = forecastingAgent(again.zones);
  const speaks = { gateway: 'gw', participant: 'p', zone: 'z1' };
  const send = async (_agent: string, data: unknown): Promise<A2aTask> => {
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ data }] };
    const { result } = agent.send(speaks, message, 't', clock.wallMs()) as {
      result?: { parts: { data: unknown }[] };
    };
    const artifacts = [{ artifactId: 'a', parts: result?.parts ?? [] }];
    const status = { state: 'TASK_STATE_COMPLETED' as const, timestamp: '2026-11-20T00:00:00Z' };
    return { id: 't', contextId: 'c', status, artifacts };
  };
  const own = suppliers(clock);
  const sources = { prices, everyMs: 900_000, ports: { http: own.http } };
  const site = gateway(clock, { cloud: { send }, sources });
  await clock.advance(10 * MINUTE);
  expect(site.outlook.lacking(today, DAYS)).toEqual([]);
  expect(site.kept).toHaveLength(DAYS);
  expect(own.past()).toEqual([]);
  while (site.outlook.work());
  expect(site.outlook.next()?.fromMs).toBeDefined();
  site.end();
  store.close();
});

it('a gateway whose cloud is silent asks its own source for the days it was off', async () => {
  const clock = createVirtualClock({ wallMs: START });
  let failures = 2;
  const { http, asked, past } = suppliers(clock, () => failures-- > 0);
  const send = () => Promise.reject(new Error('no answer'));
  const sources = { prices, weather, everyMs: 900_000, ports: { http } };
  const site = gateway(clock, { cloud: { send }, sources });
  const days = Array.from({ length: DAYS }, (_, n) => today - DAYS + n);
  const known = days.filter((day) => day < today - 9 || day >= today - 2);
  site.outlook.remember(known.map((day) => ({ day, hours: new Array(24).fill(50_000) })));
  await clock.advance(50 * MINUTE);
  expect(past()).toEqual([]); // the cloud has an hour
  expect(asked.filter(({ path }) => path === '/v1/forecast')).toHaveLength(1);
  expect(asked[0]?.query.get('past_days')).toBe('29'); // four weeks and the hour of October
  expect(site.sky.told).toBeGreaterThan(28 * 96);
  await clock.advance(20 * MINUTE);
  expect(past().map(({ query }) => `${query.get('start')} ${query.get('end')}`)).toEqual(
    new Array(3).fill('2026-11-11 2026-11-17'), // twice refused, and asked again a minute later
  );
  expect(site.outlook.lacking(today, DAYS)).toEqual([]);
  expect(site.kept).toHaveLength(7);
  const [first] = site.outlook.days();
  expect(first?.day).toBe(today - DAYS);
  site.end();
});

it('nobody is asked who is not to be, and a source that has nothing is left alone', async () => {
  const clock = createVirtualClock({ wallMs: START });
  const { http, asked } = suppliers(clock);
  const sources = { prices, weather, everyMs: 900_000, ports: { http } };
  const silent = gateway(clock, { sources, historyDays: 0 });
  const met = { source: 'met-norway', contact: 'grid@example.org', url: 'http://s/met' } as const;
  const forward = gateway(clock, { sources: { ...sources, prices: undefined, weather: met } });
  await clock.advance(2 * HOUR);
  expect(asked).toEqual([]);
  const down = suppliers(clock, () => true);
  const site = gateway(clock, { sources: { ...sources, ports: { http: down.http } } });
  site.sky.wanted = false;
  await clock.advance(24 * HOUR);
  expect(down.asked).toHaveLength(3);
  expect(site.kept).toEqual([]);
  for (const one of [silent, forward, site]) one.end();
});
