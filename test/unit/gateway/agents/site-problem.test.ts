import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { placesOf } from '../../../../gateway/agents/places.ts';
import { PriceBook } from '../../../../gateway/agents/prices.ts';
import { problemOf } from '../../../../gateway/agents/site-problem.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import type { Duty, Site, StoreSpec, Terminal } from '../../../../gateway/contracts/values/site.ts';
import type { TariffComponent } from '../../../../gateway/contracts/values/tariff.ts';

const barn = new URL('../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');
const own: Site = site;

const QUARTER = 900_000;
/** A Wednesday, 10:00 in Berlin. */
const NOW = Date.parse('2026-06-17T08:00:00Z');
const NOTHING = { lowW: 0, midW: 0, highW: 0 };

function problem(of: Site, usedTodayWh = 0) {
  const places = placesOf(of);
  const band = Array.from({ length: 96 }, () => NOTHING);
  return problemOf({
    ...{ site: of, places, nowMs: NOW, image: undefined, directives: [] },
    forecast: {
      ...{ issuedAtMs: NOW, fromMs: NOW, stepMs: QUARTER, sky: 'clear-sky' },
      ...{ pv: band, load: band },
    },
    prices: new PriceBook(places.connection.tariff),
    soldWhOf: () => 0,
    plannedSteps: 96,
    ...{ netSoFarWh: 0, peakSoFarW: 0 },
    dailyWhOf: () => 0,
    usedTodayWhOf: () => usedTodayWh,
  });
}

const withStore = (change: Partial<StoreSpec>): Site => ({
  ...own,
  stores: own.stores.map((one) => ({ ...one, ...change })),
});
const PUMP: Terminal = {
  ...{ id: 'pump1', name: 'Pump', node: 'main', kind: 'load', phases: 3, control: 'on-off' },
  ...{ ratedInW: 0, ratedOutW: 2_000, minPowerW: 0, minRunMs: 5_400_000, minRestMs: 0 },
  ...{ responseMs: 1_000, priority: 50, safeState: { kind: 'own-mode' } },
};
const withPump = (duty: Duty): Site => ({
  ...own,
  terminals: [...own.terminals, { ...PUMP, duty }],
});

/** A contract that allows more than its fuse carries. */
const withFuse = (fuseA: number): Site => ({
  ...own,
  connections: own.connections.map((one) => ({
    ...{ ...one, fuseA, contractedImportW: 1e6, contractedExportW: 1e6 },
    ...{ defaultImportLimitW: 1e6, defaultExportLimitW: 1e6 },
  })),
});

it.each([10, 63])('S2: nothing is planned above 95 %% of a fuse of %i A', (fuseA) => {
  const mostW = 0.95 * fuseA * 230 * 3;
  for (const { importLimitW, exportLimitW } of problem(withFuse(fuseA)).steps) {
    expect(importLimitW).toBeCloseTo(mostW, 6);
    expect(exportLimitW).toBeCloseTo(mostW, 6);
  }
});

describe("a site file's terms in the plan's problem", () => {
  it('are those of its stores: origin, use, end value, the charge at a time of the day', () => {
    const plain = problem(own).storages[0];
    expect([plain?.mayChargeFromGrid, plain?.mayExport, plain?.goals]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const set = problem(
      withStore({
        ...{ mayChargeFromGrid: false, mayExport: false, endValueNanoPerWh: 77_000 },
        ...{ ready: { minuteOfDay: 17 * 60, socPct: 80 } },
        chargeCurve: [{ powerW: 500, efficiencyPct: 80 }],
      }),
    ).storages[0];
    expect(set).toMatchObject({ mayChargeFromGrid: false, mayExport: false, endNanoPerWh: 77_000 });
    // Seven hours from ten: the step that ends at 17:00.
    expect(set?.goals).toEqual([{ atStep: 27, minWh: 16_000, maxWh: Number.POSITIVE_INFINITY }]);
    expect(set?.chargeCurve).toEqual({ terminalW: [0, 500], storeW: [0, 400] });
  });

  it('are the hours of a load, less what it ran today; a run is as long as it must be', () => {
    const duty = { minutesPerDay: 90, fromMinute: 12 * 60, untilMinute: 16 * 60 };
    const [pump] = problem(withPump(duty)).switched;
    expect(pump?.minRunSteps).toBe(6);
    expect(pump?.quotas).toEqual([{ fromStep: 8, untilStep: 24, energyWh: 3_000 }]);
    expect(problem(withPump(duty), 1_000).switched[0]?.quotas[0]?.energyWh).toBe(2_000);
    const thursdays = problem(
      withPump({ ...duty, weekdays: [4], untilMinute: 600, fromMinute: 0 }),
    );
    expect(thursdays.switched[0]?.quotas).toEqual([
      { fromStep: 56, untilStep: 96, energyWh: 3_000 },
    ]);
    // Of tomorrow's hours the plan sees a part: they are the next plan's.
    expect(problem(withPump({ ...duty, weekdays: [4] })).switched[0]?.quotas).toEqual([]);
  });

  it('are a premium of the sun, and what energy beyond a power costs', () => {
    const excess: TariffComponent = {
      ...{ id: 'x', kind: 'excess', on: 'import', beyondW: 8_000, priceNanoPerWh: 500_000 },
      validFromMs: 0,
    };
    const of: Site = {
      ...own,
      terminals: own.terminals.map((one) =>
        one.kind === 'pv' ? { ...one, premiumNanoPerWh: 20_000 } : one,
      ),
      connections: own.connections.map((one) => ({
        ...one,
        tariff: { ...one.tariff, components: [...one.tariff.components, excess] },
      })),
    };
    const found = problem(of);
    expect(found.sources[0]?.curtailNanoPerWh).toBe(20_000);
    expect(found.commitments).toEqual([{ side: 'import', beyondW: 8_000, eachNanoPerWh: 500_000 }]);
    expect(problem(own).commitments).toEqual([]);
  });
});
