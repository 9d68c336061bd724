import { describe, expect, it } from 'vitest';
import { placesOf } from '../../../../gateway/agents/places.ts';
import { QuarterBook, QuarterWatch } from '../../../../gateway/agents/quarters.ts';
import type { EnergyRecord } from '../../../../gateway/contracts/values/record.ts';
import { BRIGHTWORKS } from '../../../../simulators/sites/brightworks.ts';
import { MILLHOUSE } from '../../../../simulators/sites/millhouse.ts';
import { image, QUARTER } from '../../../fixtures/agent/bench.ts';

const record = (place: string, inWh: number, outWh: number): EnergyRecord => ({
  kind: 'energy',
  place,
  fromMs: 0,
  durationMs: QUARTER,
  inWh,
  outWh,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
});

describe('quarter-hours as measured', () => {
  it('takes the load from its own record, otherwise from what the sum leaves', () => {
    const book = new QuarterBook(placesOf(MILLHOUSE));
    const others = [record('grid', 500, 0), record('hybrid1', 300, 0), record('ev1', 0, 250)];
    const behind = [record('pv1', 400, 0), record('battery1', 0, 80)];
    book.add([...others, ...behind]);
    expect(book.measured(0)).toMatchObject({ loadWh: 550, pvWh: 400, batteryWh: -80 });
    book.add([record('house', 0, 560)]);
    expect(book.measured(0)).toMatchObject({ loadWh: 560, usedBy: { ev1: 250 } });
  });

  it('knows no load while a part is silent, and teaches nothing from a half-seen interval', () => {
    const book = new QuarterBook(placesOf(MILLHOUSE));
    expect(book.measured(0)).toBeUndefined();
    book.add([record('grid', 500, 0)]);
    expect(book.measured(0)?.loadWh).toBeUndefined();
    book.add([{ ...record('grid', 500, 0), coveragePct: 40, version: 2 }, record('pv1', 400, 0)]);
    expect(book.forForecast(0)).toMatchObject({ pvW: undefined, loadW: undefined });
  });

  it('lets a newer version of a record win', () => {
    const book = new QuarterBook(placesOf(BRIGHTWORKS));
    book.add([{ ...record('grid', 500, 0), version: 2 }, record('rest', 0, 500)]);
    expect(book.add([record('grid', 1, 0)])).toEqual([]);
    expect(book.measured(0)?.inWh).toBe(500);
  });
});

describe('the running quarter-hour', () => {
  const see = (watch: QuarterWatch, atMs: number, gridW: number, batteryW: number) => {
    const point = (value: number) => ({ quality: 'good' as const, value, atMs });
    return watch.see(
      image(1, atMs, atMs, {
        'grid.powerW': point(gridW),
        'battery1.powerW': point(batteryW),
        'battery1.socPct': point(55),
      }),
    );
  };

  it('sums what flowed, and what would have flowed both ways without the battery', () => {
    const watch = new QuarterWatch(placesOf(BRIGHTWORKS));
    for (let atMs = 0; atMs < QUARTER; atMs += 1_000) {
      const surplus = atMs < QUARTER / 2;
      expect(see(watch, atMs, 0, surplus ? -3_600 : 3_600)).toBeUndefined();
    }
    expect(watch.netSoFarWh(0)).toBe(0);
    const note = see(watch, QUARTER, 3_600, 0);
    expect(note).toMatchObject({ fromMs: 0, socPct: { battery1: 55 }, curtailed: false });
    expect(note?.bothWaysWh).toBeGreaterThan(440);
    expect(note?.bothWaysWh).toBeLessThan(460);
  });

  it('never takes the last interval for the running one', () => {
    const watch = new QuarterWatch(placesOf(BRIGHTWORKS));
    for (let atMs = 0; atMs < QUARTER; atMs += 1_000) see(watch, atMs, 36_000, 0);
    expect(watch.netSoFarWh(0)).toBeGreaterThan(8_900);
    expect(watch.netSoFarWh(QUARTER)).toBe(0);
  });
});
