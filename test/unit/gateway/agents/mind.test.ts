import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { Mind } from '../../../../gateway/agents/mind.ts';
import { Trading } from '../../../../gateway/agents/trading.ts';
import { parseSite } from '../../../../gateway/config/load.ts';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import { NOON } from '../../../fixtures/agent/bench.ts';

const barn = new URL('../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');

const mind = (of = site): Mind => {
  const times = { leadMs: 360_000, aheadMs: 3_600_000 };
  return new Mind(of, new Trading({ site: of.id, zone: of.zone, epoch: 1, ...times }));
};
const leastWh = (of: Mind): number | undefined => of.problem(NOON).problem.storages[0]?.minWh;

describe("an operator's settings in the plan", () => {
  it('keep back what was set, never less than the site does', () => {
    const one = mind();
    const ownWh = leastWh(one);
    expect(ownWh).toBe(1_000); // 5 % of 20 kWh
    expect(one.settings({ reservePct: 40 })).toBe(true);
    expect(leastWh(one)).toBe(8_000);
    expect(one.settings({ reservePct: 40, marketEnabled: false })).toBe(false); // same plan
    one.settings({ reservePct: 1 });
    expect(leastWh(one)).toBe(ownWh);
    one.settings({});
    expect(leastWh(one)).toBe(ownWh);
  });

  it('plans no charge below what the battery can do, as the guard rounds it to nothing', () => {
    expect(mind().problem(NOON).problem.storages[0]?.chargeMinW).toBeUndefined();
    const storeOf = site.stores[0]?.terminal;
    const terminals = site.terminals.map((one) =>
      one.id === storeOf ? { ...one, minPowerW: 500 } : one,
    );
    const of = mind({ ...site, terminals });
    expect(of.problem(NOON).problem.storages[0]?.chargeMinW).toBe(500);
  });

  it('pays a highest import of the month or of the day, whichever its tariff has', () => {
    const soFarW = (period: 'month' | 'day'): number | undefined => {
      const [connection, ...others] = site.connections;
      if (connection === undefined) throw new Error('the barn has no connection');
      const charge = { id: 'peak', kind: 'demand' as const, validFromMs: 0, period };
      const demand = { ...charge, nanoPerW: 5_000_000n, windowMs: 900_000 };
      const components = [
        ...connection.tariff.components.filter(({ kind }) => kind !== 'demand'),
        demand,
      ];
      const tariff = { ...connection.tariff, components };
      const of = mind({ ...site, connections: [{ ...connection, tariff }, ...others] });
      const imported = (fromMs: number, inWh: number) => ({
        ...{ kind: 'energy' as const, place: connection.id, fromMs, durationMs: 900_000 },
        ...{ inWh, outWh: 0, coveragePct: 100, source: 'counter' as const },
        ...{ quality: 'measured' as const, version: 1 },
      });
      const dayMs = 86_400_000;
      of.records([imported(NOON - dayMs, 3_000), imported(NOON - 3_600_000, 1_000)]);
      return of.problem(NOON).problem.demand?.soFarW;
    };
    expect(soFarW('month')).toBe(12_000);
    expect(soFarW('day')).toBe(4_000);
  });

  it('sells nothing for an instant while nobody knows what time it is', () => {
    const one = mind();
    const image = { wallMs: NOON, points: {}, decisions: [], asks: [], flags: ['untimed'] };
    one.see(image as unknown as Image);
    expect(one.marketEnabled).toBe(false);
    one.see({ ...image, flags: [] } as unknown as Image);
    expect(one.marketEnabled).toBe(true);
  });

  it('may pause trading, not allow it', () => {
    const one = mind();
    expect(one.marketEnabled).toBe(true);
    one.settings({ marketEnabled: false });
    expect(one.marketEnabled).toBe(false);
    const closed = mind({ ...site, control: { ...site.control, marketEnabled: false } });
    closed.settings({ marketEnabled: true });
    expect(closed.marketEnabled).toBe(false);
  });
});
