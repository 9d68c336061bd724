import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  advanceCells,
  bmsLimits,
  socPct,
  startCells,
} from '../../../../simulators/plant/battery.ts';
import { convertedW } from '../../../../simulators/plant/hybrid.ts';
import { type PlantTruth, startPlant, stepPlant } from '../../../../simulators/plant/plant.ts';
import type { Commands } from '../../../../simulators/plant/types.ts';
import { cells, hybrid, plant } from '../../../fixtures/plant/parts.ts';

const midJune = Date.UTC(2026, 5, 15);
const start = fc.integer({ min: 0, max: 365 * 96 }).map((n) => midJune + n * 900_000);
const watts = fc.integer({ min: -70_000, max: 70_000 });
const command: fc.Arbitrary<Commands> = fc.record({
  pv1: fc.record({ limitW: fc.integer({ min: 0, max: 70_000 }) }, { requiredKeys: [] }),
  battery1: fc.record({ setW: watts }, { requiredKeys: [] }),
  cells1: fc.record({ setW: watts }, { requiredKeys: [] }),
  roof1: fc.record({ limitW: fc.integer({ min: 0, max: 12_000 }) }, { requiredKeys: [] }),
  compressor1: fc.record({ enable: fc.boolean() }, { requiredKeys: [] }),
  ev1: fc.record({ currentA: fc.integer({ min: 0, max: 20 }) }, { requiredKeys: [] }),
});
const turns = fc.array(fc.tuple(command, fc.integer({ min: 100, max: 60_000 })), {
  minLength: 1,
  maxLength: 12,
});

function run(
  seed: number,
  fromMs: number,
  steps: readonly (readonly [Commands, number])[],
): PlantTruth[] {
  const config = plant(seed);
  const seen: PlantTruth[] = [];
  let state = startPlant(config, fromMs);
  for (const [commands, dtMs] of steps) {
    state = stepPlant(config, state, commands, undefined, dtMs, (t) => seen.push(t)).state;
  }
  return seen;
}

test('at every instant the ac node sums to zero, and no part exceeds its rating', () => {
  fc.assert(
    fc.property(fc.nat(), start, turns, (seed, fromMs, steps) => {
      for (const { places } of run(seed, fromMs, steps)) {
        const acW = Object.values(places)
          .filter((place) => place.dc !== true)
          .reduce((sum, place) => sum + place.powerW, 0);
        expect(Math.abs(acW)).toBeLessThan(1e-6);
        expect(places['pv1']!.powerW).toBeGreaterThanOrEqual(0);
        expect(places['pv1']!.powerW).toBeLessThanOrEqual(60_000);
        expect(Math.abs(places['battery1']!.powerW)).toBeLessThanOrEqual(8_000);
        expect(places['hybrid1']!.powerW).toBeLessThanOrEqual(8_000.001);
        expect(places['ev1']!.powerW).toBeGreaterThanOrEqual(-11_041);
        const loss = places['roof1']!.powerW + places['cells1']!.powerW - places['hybrid1']!.powerW;
        expect(loss).toBeGreaterThanOrEqual(hybrid.standbyW - 1e-9);
      }
    }),
    { numRuns: 60 },
  );
});

test('counters hold what flowed, and energies at the node close', () => {
  fc.assert(
    fc.property(fc.nat(), start, turns, (seed, fromMs, steps) => {
      const seen = run(seed, fromMs, steps);
      const sums: Record<string, number> = {};
      let beforeMs = fromMs;
      for (const truth of seen) {
        const hours = (truth.atMs - beforeMs) / 3_600_000;
        beforeMs = truth.atMs;
        for (const [id, place] of Object.entries(truth.places)) {
          sums[id] = (sums[id] ?? 0) + place.powerW * hours;
        }
      }
      const last = seen.at(-1)!;
      let node = 0;
      for (const [id, place] of Object.entries(last.places)) {
        expect(place.inWh - place.outWh).toBeCloseTo(sums[id] ?? 0, 6);
        if (place.dc !== true) node += place.inWh - place.outWh;
      }
      expect(Math.abs(node)).toBeLessThan(1e-6);
    }),
    { numRuns: 60 },
  );
});

test('a battery stores what went in times its efficiency, less what came out over it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.tuple(watts, fc.integer({ min: 50, max: 1_000 })), {
        minLength: 1,
        maxLength: 200,
      }),
      (startSocPct, steps) => {
        const config = { ...cells, startSocPct };
        let state = startCells(config);
        const before = state.storedWh;
        for (const [goalW, dtMs] of steps) {
          const allowed = bmsLimits(config, state);
          const lagged = state.lagW;
          const after = advanceCells(config, state, goalW, dtMs);
          state = after.state;
          expect(after.place.powerW).toBeLessThanOrEqual(
            Math.max(allowed.dischargeMaxW, lagged, 0) + 1e-9,
          );
          expect(after.place.powerW).toBeGreaterThanOrEqual(
            Math.min(-allowed.chargeMaxW, lagged, 0) - 1e-9,
          );
        }
        const expected =
          before + state.outWh * config.chargeShare - state.inWh / config.dischargeShare;
        expect(state.storedWh).toBeCloseTo(expected, 6);
        expect(socPct(config, state)).toBeGreaterThanOrEqual(0);
        expect(socPct(config, state)).toBeLessThanOrEqual(100);
      },
    ),
  );
});

test('the same seed gives the same world to the last bit, another seed another one', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), start, turns, (seed, fromMs, steps) => {
      expect(run(seed, fromMs, steps)).toEqual(run(seed, fromMs, steps));
      expect(run(seed + 1, fromMs, steps).at(-1)).not.toEqual(run(seed, fromMs, steps).at(-1));
    }),
    { numRuns: 20 },
  );
});

test('a converter never makes energy, whichever way it flows', () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_000, max: 12_000 }), (dcW) => {
      expect(convertedW(hybrid, dcW)).toBeLessThan(dcW);
    }),
  );
});
