import { expect, it, vi } from 'vitest';
import {
  byTheHour,
  likelyMost,
  RegionDemand,
} from '../../../../../cloud/agents/forecasting/demand.ts';
import {
  onDemand,
  onPrices,
  openForecast,
  publish,
} from '../../../../../cloud/agents/forecasting/forecasting.ts';
import { RegionSum } from '../../../../../cloud/agents/forecasting/region-sum.ts';
import type { Row, StoredEnergy, Write } from '../../../../../cloud/ports.ts';
import type { SiteForecast } from '../../../../../gateway/contracts/values/outlook.ts';
import { streamKey, uniformAt } from '../../../../../simulators/random.ts';

vi.setConfig({ testTimeout: 60_000 }); // a busy machine may take its time

const QUARTER = 900_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SETTLED = 300_000;
const START = Date.UTC(2026, 5, 1);
const ZONE = { id: 'z1', latitudeDeg: 52.4, longitudeDeg: 13.05, timeZone: 'Europe/Berlin' };
const SITES = ['works', 'shop', 'home'];
const PLACES = [
  { id: 'use', kind: 'load' as const, ratedW: 40_000 },
  { id: 'roof', kind: 'pv' as const, ratedW: 10_000 },
];

const record = (gateway: string, place: string, fromMs: number, inWh: number, outWh: number) => ({
  ...{ gateway, place, fromMs, durationMs: QUARTER, inWh, outWh },
  ...{ coveragePct: 100, quality: 'measured' as const, version: 1 },
});

/** Works by day on working days, a shop by day, a home in the evening; each with its own noise. */
function world() {
  const useWh = (site: string, atMs: number): number => {
    const hour = ((atMs + 2 * HOUR) % DAY) / HOUR; // Berlin in summer
    const working = (Math.floor((atMs + 2 * HOUR) / DAY) + 3) % 7 < 5;
    const by = {
      works: hour > 6 && hour < 18 && working ? 5_000 : 800,
      shop: hour > 8 && hour < 20 ? 2_000 : 200,
      home: hour > 17 && hour < 23 ? 700 : 150,
    };
    return Math.round(
      (by[site as keyof typeof by] ?? 0) *
        (0.95 + 0.1 * uniformAt(streamKey(7, site), atMs / QUARTER)),
    );
  };
  return (fromMs: number, silent: readonly string[] = []): StoredEnergy[] =>
    SITES.filter((site) => !silent.includes(site)).flatMap((site) => [
      record(site, 'use', fromMs, 0, useWh(site, fromMs)),
      record(
        site,
        'roof',
        fromMs,
        fromMs % DAY > 8 * HOUR && fromMs % DAY < 14 * HOUR ? 900 : 0,
        0,
      ),
    ]);
}

function region(sites: readonly string[] = SITES): RegionDemand {
  const demand = new RegionDemand(ZONE);
  for (const site of sites) demand.places(site, PLACES);
  return demand;
}

const totalWh = (records: readonly StoredEnergy[]): number =>
  records.reduce((sum, { outWh }) => sum + outWh, 0);

it('sums what sites use and make, and lets a silent one count as the day before', () => {
  const sum = new RegionSum();
  for (const site of SITES) sum.places(site, PLACES);
  const energies = world();
  expect(sum.take(record('stranger', 'use', START, 0, 1))).toBe(false);
  expect(sum.take(record('works', 'battery', START, 0, 1))).toBe(false);
  const first = energies(START + 10 * HOUR);
  for (const one of first) sum.take(one);
  expect(sum.oldestMs()).toBe(START + 10 * HOUR);
  sum.take({ ...record('home', 'use', START + 10 * HOUR, 0, 5_000), version: 2 }); // corrected
  const home = first.find(({ gateway, place }) => gateway === 'home' && place === 'use');
  const loadWh = totalWh(first) - (home?.outWh ?? 0) + 5_000;
  expect(sum.close(START + 10 * HOUR)).toEqual([START + 10 * HOUR, loadWh, 2_700, 3]);
  for (const one of energies(START + 11 * HOUR)) sum.take(one);
  sum.close(START + 11 * HOUR);
  const next = START + DAY + 10 * HOUR;
  const two = energies(next, ['home']);
  for (const one of two) sum.take(one);
  sum.take(record('home', 'roof', next, 900, 0)); // half of it is less than the site
  expect(sum.close(next)).toEqual([next, totalWh(two) + 5_000, 2_700, 3]);
  for (const one of energies(next + QUARTER, ['home', 'shop'])) sum.take(one);
  expect(sum.close(next + QUARTER)).toEqual([next + QUARTER, null, null, 3]); // one of three told
  for (const one of energies(next + 2 * DAY, ['home'])) sum.take(one);
  expect(sum.close(next + 2 * DAY)[3]).toBe(2); // silent for more than a day: it is gone
});

it('forecasts the region, keeps it as issued, scores it, and goes on after a restart', () => {
  const energies = world();
  const demand = region();
  const rows = new Map<string, Row>();
  const stored: StoredEnergy[] = [];
  const keep = (writes: readonly Write[]): void => {
    for (const one of writes) if (one.op === 'put') rows.set(one.row.key, one.row);
  };
  const until = START + 17 * DAY;
  let [errorWh, seenWh, inBand, hours] = [0, 0, 0, 0];
  let ahead: ReturnType<typeof byTheHour> | undefined;
  for (let atMs = START; atMs < until; atMs += QUARTER) {
    const silent = (atMs / DAY) % 5 < 0.2 ? ['home'] : [];
    const records = energies(atMs, silent);
    stored.push(...records);
    demand.take(records);
    if (atMs < START + DAY) expect(demand.forecast).toBeUndefined(); // nobody knows anything yet
    if ((atMs + QUARTER) % HOUR !== 0) continue; // an hour's quarters at once: the test is quicker
    keep(demand.turn(atMs + QUARTER + SETTLED, SETTLED));
    while (demand.work());
    if (atMs > START + 13 * DAY && ahead !== undefined) {
      const hour = Math.floor((atMs - ahead.fromMs) / HOUR);
      const seen = 4 * totalWh(energies(atMs));
      errorWh += Math.abs((ahead.load.midW[hour] ?? 0) - seen);
      seenWh += seen;
      hours += 1;
      if ((ahead.load.lowW[hour] ?? 0) <= seen && seen <= (ahead.load.highW[hour] ?? 0))
        inBand += 1;
    }
    const isMidnight = (atMs + QUARTER) % DAY === 0;
    if (isMidnight && demand.forecast) ahead = byTheHour(demand.forecast);
  }
  expect(hours).toBeGreaterThan(90);
  expect(errorWh / seenWh).toBeLessThan(0.15);
  expect(inBand / hours).toBeGreaterThan(0.6);
  const forecast = demand.forecast;
  expect(forecast).toMatchObject({ sites: 3, stepMs: QUARTER, fromMs: until });
  expect(forecast?.load).toHaveLength(192);
  const most = likelyMost(forecast as SiteForecast);
  expect(most.importW).toBeGreaterThan(25_000);
  expect(most.importW).toBeLessThan(60_000);

  const kinds = Map.groupBy(rows.values(), ({ kind }) => kind);
  expect(kinds.get('demand')).toHaveLength(17);
  const scores = kinds.get('demand-score')?.at(-1);
  const { scores: list } = JSON.parse(scores?.body ?? '{}') as { scores: { what: string }[] };
  expect(list.filter(({ what }) => what === 'load').length).toBeGreaterThan(5);
  expect(list).toContainEqual(expect.objectContaining({ what: 'load', aheadMs: DAY }));

  const again = region();
  const nowMs = until + SETTLED;
  const store = {
    rows: (_table: string, kind: string, sinceMs = 0) =>
      [...rows.values()]
        .filter((row) => row.kind === kind && row.fromMs >= sinceMs)
        .sort((a, b) => a.fromMs - b.fromMs),
    energy: (gateway: string, place: string, sinceMs: number) =>
      stored.filter(
        (one) => one.gateway === gateway && one.place === place && one.fromMs >= sinceMs,
      ),
  };
  again.restore(store, SITES, nowMs);
  while (again.work());
  const records = energies(until);
  for (const one of [demand, again]) one.take(records);
  expect(again.turn(nowMs + QUARTER - 60_000, SETTLED)).toEqual([]); // what waits comes first
  for (const one of [demand, again]) one.turn(nowMs + QUARTER, SETTLED);
  const [said, anew] = [demand.forecast, again.forecast];
  expect(anew?.sites).toBe(3);
  const sumOf = (one: typeof said): number =>
    (one?.load ?? []).slice(0, 96).reduce((sum, { midW }) => sum + midW, 0);
  expect(sumOf(anew) / sumOf(said)).toBeCloseTo(1, 1);
});

it('tells nobody of the demand of two sites', () => {
  const zone = { ...ZONE, currency: 'EUR', everyMs: QUARTER };
  for (const [count, told] of [
    [2, false],
    [3, true],
  ] as const) {
    const state = openForecast(zone);
    const energies = world();
    const sites = SITES.slice(0, count);
    for (const site of sites) state.demand.places(site, PLACES);
    for (let atMs = START; atMs < START + 1.1 * DAY; atMs += QUARTER) {
      state.demand.take(energies(atMs));
      state.demand.turn(atMs + QUARTER + SETTLED, SETTLED);
    }
    expect(state.demand.forecast?.sites).toBe(count);
    expect(onDemand(state)).toBe(told);
    expect(onDemand(state)).toBe(false); // once an hour
    const prices = { fromMs: START, stepMs: HOUR, priceNanoPerWh: [1], currency: 'EUR' };
    onPrices(state, prices, 'p.example');
    publish(state, 'demo', START + 1.1 * DAY);
    expect(state.published?.demandForecast !== undefined).toBe(told);
  }
});
