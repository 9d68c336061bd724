import { expect, test } from 'vitest';
import type { EnergyRecord } from '../../../../gateway/contracts/values/record.ts';
import type { Tariff } from '../../../../gateway/contracts/values/tariff.ts';
import { balanceErrorW } from '../../../../simulators/checkers/balance.ts';
import { costOf, type MarketLine } from '../../../../simulators/checkers/cost.ts';
import { createQuarters, type Piece, truthError } from '../../../../simulators/checkers/energy.ts';
import type { Truth } from '../../../../simulators/checkers/types.ts';
import { startPlant, stepPlant } from '../../../../simulators/plant/plant.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { FEED_IN, HOUSEHOLD, INDUSTRY } from '../../../../simulators/sites/tariffs.ts';
import { bench } from '../../../fixtures/checkers/bench.ts';

const monday = Date.UTC(2026, 5, 15, 8);
const QUARTER = 900_000;
const [field, factory] = demoSites(1);

function hourOf(stepMs: number) {
  const quarters = createQuarters('grid', monday);
  let state = startPlant(factory.plant, monday);
  while (state.atMs < monday + 4 * QUARTER + 100_000) {
    const commands = { battery1: { setW: 5_000 } };
    const after = stepPlant(factory.plant, state, commands, undefined, stepMs);
    state = after.state;
    quarters.seen(after.truth);
  }
  return { quarters, state };
}

test('quarter-hours are booked right although the turns do not end at their edges', () => {
  const { quarters, state } = hourOf(7_000);
  const exact = hourOf(1_000).quarters;
  expect(quarters.starts()).toEqual([0, 1, 2, 3].map((n) => monday + n * QUARTER));
  for (const fromMs of quarters.starts()) {
    const ours = quarters.quarter('grid', fromMs)!;
    expect(Math.abs(ours.inWh - exact.quarter('grid', fromMs)!.inWh)).toBeLessThan(20);
    const load =
      quarters.quarter('rest', fromMs)!.outWh + quarters.quarter('compressor1', fromMs)!.outWh;
    const battery = quarters.quarter('battery1', fromMs)!;
    expect(ours.inWh + battery.inWh).toBeCloseTo(load, 3);
    expect(battery.inWh).toBeLessThanOrEqual(1_250);
    expect(quarters.alone(fromMs)!.inWh).toBeCloseTo(load, 3);
  }
  const sum = quarters.pieces().reduce((wh, piece) => wh + piece.connection.inWh, 0);
  expect(sum).toBeCloseTo(state.grid.inWh, 6);
  expect(quarters.total().import).toBeCloseTo(state.grid.inWh, 6);
  expect(quarters.total().discharge).toBeGreaterThan(4_900);
  expect(quarters.pieces()).toHaveLength(5);
});

const record = (
  place: string,
  fromMs: number,
  inWh: number,
  outWh: number,
  more: Partial<EnergyRecord> = {},
): EnergyRecord => ({
  kind: 'energy',
  place,
  fromMs,
  durationMs: QUARTER,
  inWh,
  outWh,
  coveragePct: 100,
  source: 'counter',
  quality: 'measured',
  version: 1,
  ...more,
});

test('booked energies against the truth: right is near 0 %, a planted error shows', () => {
  const { quarters } = hourOf(1_000);
  const right = quarters.starts().map((fromMs) => {
    const { inWh, outWh } = quarters.quarter('grid', fromMs)!;
    return record('grid', fromMs, Math.round(inWh), Math.round(outWh));
  });
  const good = truthError(quarters, right);
  expect(good.records).toBe(4);
  expect(good.pct).toBeLessThan(0.01);
  const wrong = truthError(quarters, [
    ...right.slice(1),
    { ...right[0]!, inWh: right[0]!.inWh + 2_000 },
  ]);
  expect(wrong.pct).toBeGreaterThan(1);
  expect(wrong.worst).toMatchObject({ place: 'grid', fromMs: monday });
  // A swapped direction, a corrected version, a record of half an interval.
  expect(
    truthError(
      quarters,
      right.map((r) => ({ ...r, inWh: r.outWh, outWh: r.inWh })),
    ).pct,
  ).toBeGreaterThan(100);
  expect(
    truthError(quarters, [...right, { ...right[0]!, inWh: 0 }, { ...right[0]!, version: 2 }]).pct,
  ).toBeLessThan(0.01);
  expect(truthError(quarters, [record('grid', monday, 0, 0, { coveragePct: 50 })]).records).toBe(0);
});

test('a fully metered node sums to zero but for rounding, and a wrong meter shows', () => {
  const a = bench(field.site, field.plant, monday);
  a.run(20);
  a.battery('inverter2', -17_333);
  a.run(20);
  expect(balanceErrorW(field.site, a.images)).toBeLessThan(20);
  const turned = a.images['meter1']!.take('powerW')!;
  a.images['meter1']!.put('powerW', -turned);
  expect(balanceErrorW(field.site, a.images)).toBeGreaterThan(10_000);
  a.images['meter1']!.put('powerW', undefined);
  expect(balanceErrorW(field.site, a.images)).toBeUndefined();
  const b = bench(factory.site, factory.plant, monday);
  b.run(2);
  expect(balanceErrorW(factory.site, b.images)).toBeUndefined(); // a residual proves nothing
});

const piece = (n: number, inWh: number, outWh: number, alone = { inWh, outWh }): Piece => ({
  fromMs: monday + n * QUARTER,
  untilMs: monday + (n + 1) * QUARTER,
  connection: { inWh, outWh },
  alone,
});

test('a bill by hand: industry on a Monday morning', () => {
  // 10:00 local: 284 000 nano/Wh in, 52 000 out; demand 11 000 000 nano per W of the highest
  // quarter-hour.
  const pieces = [piece(0, 10_000, 0, { inWh: 12_500, outWh: 0 }), piece(1, 8_000, 500)];
  const cost = costOf(INDUSTRY, pieces, 'connection');
  expect(cost.energyNano).toBe(18_000n * 284_000n - 500n * 52_000n);
  expect(cost.demandNano).toBe(40_000n * 11_000_000n);
  expect(cost.fixedNano).toBe((1_650_000_000n * 2n) / 96n);
  expect(cost.nano).toBe(cost.energyNano + cost.demandNano + cost.fixedNano);
  expect(cost.unpricedWh).toBe(0);
  const alone = costOf(INDUSTRY, pieces, 'alone');
  expect(alone.demandNano).toBe(50_000n * 11_000_000n);
  expect(alone.energyNano).toBe(20_500n * 284_000n - 500n * 52_000n);
});

test('what goes beyond a power costs more, by the quarter-hour as metered, in both bills', () => {
  const at = { validFromMs: 0, kind: 'excess' as const, priceNanoPerWh: 1_000_000 };
  const tariff: Tariff = {
    ...INDUSTRY,
    components: [
      ...INDUSTRY.components,
      { ...at, id: 'more', on: 'import', beyondW: 30_000 },
      { ...at, id: 'back', on: 'export', beyondW: 8_000 },
    ],
  };
  // A quarter of 30 kW is 7,500 Wh, of 8 kW 2,000 Wh.
  const pieces = [piece(0, 10_000, 500, { inWh: 7_500, outWh: 0 }), piece(1, 0, 2_100)];
  const paid = costOf(tariff, pieces, 'connection');
  expect(paid.excessNano).toBe(2_000n * 1_000_000n + 100n * 1_000_000n);
  expect(paid.nano).toBe(costOf(INDUSTRY, pieces, 'connection').nano + paid.excessNano);
  expect(costOf(tariff, pieces, 'alone').excessNano).toBe(100n * 1_000_000n);
  // Cut in two it is one quarter-hour still.
  const half = monday + QUARTER / 2;
  const [first, second] = [piece(0, 4_000, 0), { ...piece(0, 6_000, 500), fromMs: half }];
  const cut = [{ ...first, untilMs: half }, second];
  expect(costOf(tariff, cut, 'connection').excessNano).toBe(2_000n * 1_000_000n);
});

test('tax is on what is bought, and day-ahead prices that nobody knows are not free', () => {
  const house = costOf(HOUSEHOLD, [piece(0, 1_000, 200)], 'connection');
  expect(house.energyNano).toBe(1_000n * 318_920n - 200n * 77_800n); // 268 000 * 1.19
  const unknown = costOf(FEED_IN, [piece(0, 1_000, 200)], 'connection');
  expect(unknown.unpricedWh).toBe(1_000);
  expect(unknown.energyNano).toBe(-200n * 79_400n);
  const dayAhead = { fromMs: monday, stepMs: QUARTER, priceNanoPerWh: [40_000] };
  expect(costOf(FEED_IN, [piece(0, 1_000, 0)], 'connection', dayAhead).energyNano).toBe(
    1_000n * 135_000n,
  );
});

test('whole Wh with the remainder carried: nothing is lost to rounding', () => {
  const pieces = Array.from({ length: 40 }, (_, n) => piece(n, 0.4, 0));
  const flat: Tariff = {
    ...INDUSTRY,
    components: [
      {
        id: 'e',
        validFromMs: 0,
        kind: 'energy-import',
        windows: [
          { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, untilMinute: 1_440, priceNanoPerWh: 1 },
        ],
      },
    ],
  };
  expect(costOf(flat, pieces, 'connection').energyNano).toBe(16n);
});

test('what the market settled leaves the tariff: sold, oversold, bought, overbought', () => {
  const line = (soldWh: number, boughtWh: number, tradeNano: bigint): MarketLine => ({
    fromMs: monday,
    soldWh,
    boughtWh,
    tradeNano,
    feeNano: -5n,
  });
  const cost = (inWh: number, outWh: number, market: MarketLine) =>
    costOf(INDUSTRY, [piece(0, inWh, outWh)], 'connection', undefined, [market]);
  // Sold 3 kWh and delivered 5: 2 kWh at the export tariff.
  expect(cost(0, 5_000, line(3_000, 0, 450_000_000n)).energyNano).toBe(-2_000n * 52_000n);
  expect(cost(0, 5_000, line(3_000, 0, 450_000_000n)).marketNano).toBe(-450_000_000n + 5n);
  // Sold 3 kWh and delivered 1: 2 kWh short, at the import tariff.
  expect(cost(0, 1_000, line(3_000, 0, 0n)).energyNano).toBe(2_000n * 284_000n);
  expect(cost(6_000, 0, line(0, 4_000, -600_000_000n)).energyNano).toBe(2_000n * 284_000n);
  expect(cost(6_000, 0, line(0, 4_000, -600_000_000n)).marketNano).toBe(600_000_000n + 5n);
  expect(cost(1_000, 0, line(0, 4_000, 0n)).energyNano).toBe(-3_000n * 52_000n);
  // Demand is what the meter saw.
  expect(cost(6_000, 0, line(0, 4_000, 0n)).demandNano).toBe(24_000n * 11_000_000n);
  // A quarter-hour that the run did not cover in full has no position.
  const cut: Piece = { ...piece(0, 1_000, 0), untilMs: monday + 60_000 };
  expect(costOf(INDUSTRY, [cut], 'connection', undefined, [line(0, 4_000, -9n)]).marketNano).toBe(
    0n,
  );
});

test('the truth of a run gives both bills, and a battery that idles changes nothing', () => {
  const b = bench(factory.site, factory.plant, monday);
  b.run(60);
  const pieces = b.quarters.pieces();
  const paid = costOf(INDUSTRY, pieces, 'connection');
  expect(paid.nano).toBe(costOf(INDUSTRY, pieces, 'alone').nano);
  expect(paid.nano).toBeGreaterThan(0n);
  const energy = b.quarters.total();
  expect(energy.import).toBeCloseTo(energy.load, 6);
  const seen: Truth = b.truth();
  expect(seen.withoutBattery.inWh).toBeCloseTo(seen.places['grid']!.inWh, 9);
});
