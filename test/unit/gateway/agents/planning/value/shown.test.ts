import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAhead } from '../../../../../../gateway/agents/planning/value/ahead.ts';
import type { StepOutlook } from '../../../../../../gateway/agents/planning/value/chances.ts';
import { needLevels } from '../../../../../../gateway/agents/planning/value/shown.ts';
import {
  type Levels,
  levelsSeen,
  type NeedLevels,
  type ValueStore,
} from '../../../../../../gateway/contracts/values/levels.ts';

const STORE: ValueStore = {
  ...{ minWh: 1_000, maxWh: 9_000, chargeMaxW: 4_000, dischargeMaxW: 4_000 },
  ...{ chargeShare: 0.95, dischargeShare: 0.9, wearNanoPerWh: 0 },
};

/** From noon on: the afternoon's sun decides what is left for a dear evening. */
const outlook = (hasSun: boolean): StepOutlook[] =>
  Array.from({ length: 36 }, (_, n) => {
    const hour = (12 + n) % 24;
    const sunWh = Math.max(0, 4_000 * (1 - ((hour - 12.5) / 6) ** 2));
    const isEvening = hour >= 17 && hour < 22;
    const loadWh = isEvening ? 2_000 : 700;
    return {
      hours: 1,
      importNanoPerWh: isEvening ? 400_000 : 250_000,
      exportNanoPerWh: hour < 14 ? 120_000 : 60_000,
      load: { low: 0.8 * loadWh, mid: loadWh, high: 1.2 * loadWh },
      pv: hasSun ? { low: 0.3 * sunWh, mid: 0.7 * sunWh, high: sunWh } : undefined,
    };
  });

const ahead = (hasSun: boolean) => planAhead({ outlook: outlook(hasSun), dailySteps: 24 }, STORE);
const columns = ({ buyToPct, storeToPct, coverToPct, sellToPct }: NeedLevels) => [
  ...[buyToPct, storeToPct, coverToPct, sellToPct],
];

describe('levels by what the need shows', () => {
  it('a dull noon keeps more for the evening than a clear one', () => {
    const table = ahead(true).needLevels?.(0);
    if (table === undefined) throw new Error('no table');
    const { needW, storeToPct, coverToPct } = table;
    expect([...needW].sort((a, b) => a - b)).toEqual(needW);
    const at = (pct: readonly number[], n: number): number => pct.at(n) ?? Number.NaN;
    expect(at(storeToPct, -1)).toBeGreaterThan(at(storeToPct, 0));
    expect(at(coverToPct, -1)).toBeGreaterThan(at(coverToPct, 0));
    for (const pct of columns(table).flat()) {
      expect(pct).toBeGreaterThanOrEqual(0);
      expect(pct).toBeLessThanOrEqual(100);
    }
    expect(JSON.stringify(table).length).toBeLessThan(400); // of a message of 64 KB
  });

  it('a need beyond the dullest sky counts as the dullest', () => {
    const { levels, needLevels: by } = ahead(true);
    const [planned] = levels;
    const table = by?.(0);
    if (planned === undefined || table === undefined) throw new Error('no levels');
    const at = (needW: number) => levelsSeen(planned, table, { needW, share: 1 }, STORE);
    expect(at(20_000)).toEqual(at(table.needW.at(-1) ?? 0));
    expect(at(20_000)).not.toEqual(planned);
  });

  it('there is none without sun, by night, or where each kind of day has the same levels', () => {
    expect(ahead(false).needLevels?.(0)).toBeUndefined();
    expect(ahead(true).needLevels?.(12)).toBeUndefined();
    const same: Levels = { buyToWh: 1_000, storeToWh: 9_000, coverToWh: 1_000, sellToWh: 9_000 };
    const shown = [0, 1_000].map((needWh) => ({ needWh, spreadWh: 100 }));
    expect(needLevels(shown, [0.5, 0.5], 1, () => same, STORE)).toBeUndefined();
  });

  it('count as far as the step has gone by, between the planned ones and the table', () => {
    const planned = { buyToWh: 1_000, storeToWh: 5_000, coverToWh: 3_000, sellToWh: 9_000 };
    const table: NeedLevels = {
      ...{ needW: [0, 1_000], buyToPct: [0, 0], storeToPct: [50, 100] },
      ...{ coverToPct: [25, 75], sellToPct: [100, 100] },
    };
    const at = (needW: number, share: number) =>
      levelsSeen(planned, table, { needW, share }, STORE);
    expect(at(500, 0)).toEqual(planned);
    expect(at(Number.NaN, 1)).toEqual(planned);
    expect(at(500, 1)).toEqual({ ...planned, storeToWh: 7_000, coverToWh: 5_000 });
    expect(at(500, 0.5)).toEqual({ ...planned, storeToWh: 6_000, coverToWh: 4_000 });
    expect(at(5_000, 1)).toEqual({ ...planned, storeToWh: 9_000, coverToWh: 7_000 });
    expect(at(-5_000, 1)).toEqual({ ...planned, storeToWh: 5_000, coverToWh: 3_000 });
  });

  it('stay in order, and in the band, whatever shows', () => {
    const { levels, needLevels: by } = ahead(true);
    const [planned] = levels;
    const table = by?.(0);
    if (planned === undefined) throw new Error('no levels');
    const need = fc.double({ min: -1e5, max: 1e5, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(need, share, (needW, part) => {
        const seen = levelsSeen(planned, table, { needW, share: part }, STORE);
        const { buyToWh, storeToWh, coverToWh, sellToWh } = seen;
        expect(buyToWh).toBeGreaterThanOrEqual(STORE.minWh - 1e-6);
        expect(sellToWh).toBeLessThanOrEqual(STORE.maxWh + 1e-6);
        expect(buyToWh).toBeLessThanOrEqual(Math.min(storeToWh, coverToWh) + 1e-6);
        expect(coverToWh).toBeLessThanOrEqual(sellToWh + 1e-6);
      }),
      { numRuns: 200 },
    );
  });
});
