import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dataset } from '../../../../simulators/data/csv.ts';
import { createDrive } from '../../../../simulators/data/drive.ts';
import { startPlant, stepPlant } from '../../../../simulators/plant/plant.ts';
import { plantFromSite } from '../../../../simulators/sites/plant.ts';
import { driveFor, recordedSite } from '../../../../simulators/sites/recorded.ts';

const fromMs = Date.UTC(2026, 5, 15);
const energies = fc.array(
  fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 9_000, noNaN: true })),
  {
    minLength: 1,
    maxLength: 12,
  },
);
const dataset = (minutes: number, loadWh: number[], pvWh: number[]): Dataset => ({
  name: 'x',
  stepMs: minutes * 60_000,
  fromMs,
  untilMs: fromMs + loadWh.length * minutes * 60_000,
  loadWh,
  pvWh,
});
const minutes = fc.constantFrom(5, 15, 60);

test('however time is cut, each interval gives its energy, and no power passes the rating', () => {
  fc.assert(
    fc.property(
      minutes,
      energies,
      fc.nat(),
      fc.integer({ min: 300, max: 7_000 }),
      (step, wh, seed, dtMs) => {
        const mostW = (Math.max(...wh) * 60) / step + 1;
        const data = dataset(step, wh, wh);
        const drive = createDrive(data, { seed, mostLoadW: mostW, mostPvW: mostW });
        wh.forEach((energy, n) => {
          const start = fromMs + n * data.stepMs;
          let sum = 0;
          let at = start;
          while (at < start + data.stepMs) {
            const until = Math.min(start + data.stepMs, at + dtMs * 7);
            const part = drive.loadWh(at, until);
            expect(part).toBeGreaterThanOrEqual(0);
            expect((part * 3_600_000) / (until - at)).toBeLessThanOrEqual(mostW * (1 + 1e-9));
            sum += part;
            at = until;
          }
          expect(Math.abs(sum - energy)).toBeLessThan(1e-6 + energy * 1e-10);
          expect(drive.pvWh!(start, start + data.stepMs)).toBeCloseTo(energy, 6);
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('outside the recording nothing flows, and the inside is not flat', () => {
  const drive = createDrive(dataset(60, [5_000, 6_000], [0, 0]), {
    seed: 1,
    mostLoadW: 20_000,
    mostPvW: 0,
  });
  expect(drive.loadWh(fromMs - 3_600_000, fromMs)).toBe(0);
  expect(drive.loadWh(fromMs + 7_200_000, fromMs + 9_000_000)).toBe(0);
  const powers = Array.from(
    { length: 60 },
    (_, n) => drive.loadWh(fromMs + n * 60_000, fromMs + (n + 1) * 60_000) * 60,
  );
  expect(Math.max(...powers) - Math.min(...powers)).toBeGreaterThan(500);
});

test('through the plant the meter counts the recorded energies', () => {
  fc.assert(
    fc.property(energies, fc.integer({ min: 700, max: 5_000 }), (wh, dtMs) => {
      const data = dataset(
        15,
        wh,
        wh.map((value) => value / 2),
      );
      const options = {
        dataset: data,
        timeZone: 'UTC',
        currency: 'EUR',
        battery: undefined,
        pvRatedW: undefined,
      };
      const site = recordedSite(options, 'played');
      const plant = plantFromSite(site, { seed: 1 });
      const drive = driveFor(site, data, 1);
      let state = startPlant(plant, fromMs);
      while (state.atMs < data.untilMs) {
        state = stepPlant(plant, state, {}, drive, Math.min(dtMs, data.untilMs - state.atMs)).state;
      }
      const netWh = wh.reduce((sum, value) => sum + value / 2, 0);
      expect(state.grid.inWh - state.grid.outWh).toBeCloseTo(netWh, 4);
    }),
    { numRuns: 12 },
  );
});
