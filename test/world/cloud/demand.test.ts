import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { demandTable } from '../../../cloud/cli/demand.ts';
import { zoneForecast } from '../../../gateway/contracts/messages.ts';
import { CONFIG, Gateway, QUARTER, T0, type World, world } from './fixture.ts';

const MINUTE = 60_000;
const DAY = 96 * QUARTER;
const FORECAST = 'ew/v1/demo/zone-z1/forecast';
const page = readFileSync(new URL('../../../docs/forecasting.md', import.meta.url), 'utf8');
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'demand-'));
  writeFileSync(join(dir, 'cloud.yaml'), JSON.stringify({ ...CONFIG, database: 'cloud.db' }));
});
afterAll(() => rmSync(dir, { recursive: true }));

const withHome = (config: typeof CONFIG): void => {
  const gateways = [{ id: 'gw-home', contractedImportW: 20_000, contractedExportW: 10_000 }];
  config.zones[0]?.participants.push({ id: 'home', gateways });
};

function gatewaysOf({ hub }: World): Gateway[] {
  return ['gw-sun', 'gw-works', 'gw-home'].map((id) => new Gateway(id, hub));
}

function greet(gateway: Gateway): void {
  const participant = gateway.id.slice(3);
  const places = [
    { id: 'use', kind: 'load', ratedW: 30_000 },
    { id: 'roof', kind: 'pv', ratedW: 5_000 },
  ];
  const names = { site: participant, participant, zone: 'z1', mode: 'rules' };
  void gateway.say(gateway.topics.status, { v: 1, state: 'online', ...names, places });
}

/** 2 kW each by night, 6 kW by day. */
const useWh = (fromMs: number): number => (fromMs % DAY < DAY / 2 ? 500 : 1_500);

it('a day of what sites meter becomes a forecast of their zone, over a restart too', async () => {
  const store = openStore(':memory:');
  const first = world({ change: withHome, store });
  const gateways = gatewaysOf(first);
  await first.clock.advance(MINUTE);
  for (const gateway of gateways) greet(gateway);
  let seq = 0;
  const meter = (fromMs: number): void => {
    seq += 2;
    for (const gateway of gateways) {
      void gateway.energy(seq, fromMs, 0, useWh(fromMs), { place: 'use' });
      void gateway.energy(seq + 1, fromMs, 0, 0, { place: 'roof' });
    }
  };
  for (let fromMs = T0; fromMs < T0 + DAY; fromMs += QUARTER) {
    await first.clock.advance(fromMs + QUARTER + MINUTE - first.clock.wallMs());
    meter(fromMs);
  }
  expect(gateways[0]?.all(FORECAST)).toEqual([]);
  await first.clock.advance(11 * MINUTE);
  const [sun] = gateways;
  const told = zoneForecast.parse(sun?.all(FORECAST).at(-1));
  expect(told.demandForecast).toMatchObject({ fromMs: T0 + DAY, stepMs: 4 * QUARTER, sites: 3 });
  expect(told.demandForecast?.load.midW).toHaveLength(48);
  const [night = 0, noon = 0] = [2, 14].map((hour) => told.demandForecast?.load.midW[hour]);
  expect(noon / night).toBeGreaterThan(1.5); // a young forecast leans on the last hours, too
  expect(noon).toBeGreaterThan(15_000);
  // The grid agent looks ahead with it.
  const grid = JSON.parse(store.rows('grid_metrics', 'transformer').at(-1)?.body ?? '{}');
  expect(grid.likely.importW).toBeGreaterThan(17_000);
  expect(grid.likely.exportW).toBe(0);

  // Whoever asks gets the same, and after a restart it goes on.
  await sun?.request('forecasting', { v: 1, kind: 'get-forecast' });
  await first.clock.advance(1_000);
  const answer = sun?.responses().at(-1)?.task?.artifacts?.[0]?.parts[0];
  expect(answer).toMatchObject({ data: { demandForecast: { sites: 3 } } });
  await first.cloud.stop();
  const { clock, hub } = first;
  const second = world({ change: withHome, store, clock, hub });
  meter(T0 + DAY);
  await clock.advance(4 * QUARTER + 11 * MINUTE);
  const later = zoneForecast.parse(sun?.all(FORECAST).at(-1));
  expect(later.demandForecast?.fromMs).toBe(T0 + DAY + 8 * QUARTER);
  expect([...first.errors, ...second.errors]).toEqual([]);
  await second.cloud.stop();

  // And people read it.
  const disk = openStore(join(dir, 'cloud.db'));
  const rows = store.rows('forecast_data', 'demand-forecast');
  disk.write(rows.map((row) => ({ op: 'put', row })));
  disk.close();
  const command = /^npx edgewatt-cloud demand --config (DIR\/cloud\.yaml) .*$/m.exec(page)?.[1];
  const config = (command ?? '').replace('DIR', dir);
  const table = demandTable({ config });
  expect(table).toMatch(/^z1: 3 sites, issued 2026-01-02T\d\d:\d\d \(UTC\)\nhour \(UTC\) +load kW/);
  expect(table.split('\n').length).toBeGreaterThan(48);
  const { zones } = JSON.parse(demandTable({ config, json: true }));
  expect(zones[0].forecast.load.midW).toHaveLength(192);
  expect(() => demandTable({ config: join(dir, 'none.yaml') })).toThrow(/none\.yaml/);
}, 60_000);
