import { expect, test } from 'vitest';
import { advanceCells, bmsLimits, startCells } from '../../../../simulators/plant/battery.ts';
import { shiftActivity } from '../../../../simulators/plant/loads.ts';
import {
  type PlantConfig,
  type PlantTruth,
  startPlant,
  stepPlant,
} from '../../../../simulators/plant/plant.ts';
import type { Commands } from '../../../../simulators/plant/types.ts';
import { weatherAt } from '../../../../simulators/plant/weather.ts';
import { battery, cells, hybrid, plant, pv } from '../../../fixtures/plant/parts.ts';

const noon = Date.UTC(2026, 5, 15, 11);
const all = plant(1);
const only = (...ids: string[]): PlantConfig => ({
  ...all,
  parts: all.parts.filter((part) => ids.includes(part.id)),
});

function runFor(config: PlantConfig, commands: Commands, fromMs: number, ms: number): PlantTruth {
  return stepPlant(config, startPlant(config, fromMs), commands, undefined, ms).truth;
}

test('a pv limit takes hold along its ramp and is then kept', () => {
  const config = { ...only('pv1'), climate: { ...all.climate, seed: 1 } };
  let state = startPlant(config, noon);
  const free = stepPlant(config, state, {}, undefined, 1_000);
  expect(free.truth.places['pv1']!.powerW).toBeGreaterThan(20_000);
  state = free.state;
  const half = stepPlant(config, state, { pv1: { limitW: 3_000 } }, undefined, 3_000);
  expect(half.truth.places['pv1']!.powerW).toBeGreaterThan(3_000);
  const held = stepPlant(config, half.state, { pv1: { limitW: 3_000 } }, undefined, 10_000);
  expect(held.truth.places['pv1']!.powerW).toBe(3_000);
  expect(held.truth.places['grid']!.powerW).toBe(-3_000);
  const strings = held.truth.places['pv1']!.stringsW!;
  expect(strings[0]! + strings[1]!).toBeCloseTo(3_000 / 0.98, 6);
});

test('a battery reaches its setpoint within a few time constants, not at once', () => {
  const early = advanceCells(cells, startCells(cells), 4_000, 250);
  expect(early.place.powerW).toBeLessThan(2_000);
  const truth = runFor(only('battery1'), { battery1: { setW: 4_000 } }, noon, 5_000);
  expect(truth.places['battery1']!.powerW).toBeGreaterThan(3_990);
});

test('the battery tapers near full and empty, and takes no charge below freezing', () => {
  const at = (soc: number, cellC = 20) =>
    bmsLimits(cells, { ...startCells({ ...cells, startSocPct: soc }), cellC });
  expect(at(50)).toEqual({ chargeMaxW: 8_000, dischargeMaxW: 8_000 });
  expect(at(97).chargeMaxW).toBeLessThan(4_000);
  expect(at(100).chargeMaxW).toBe(0);
  expect(at(3).dischargeMaxW).toBeLessThan(5_000);
  expect(at(0).dischargeMaxW).toBe(0);
  expect(at(50, -1).chargeMaxW).toBe(0);
  expect(at(50, 4).chargeMaxW).toBeLessThan(8_000);
});

test('own mode: idle stands still, self-consumption steers the meter to zero in its band', () => {
  const idle = runFor(only('battery1', 'house'), {}, noon, 60_000);
  expect(idle.places['battery1']!.powerW).toBe(0);
  const follow: PlantConfig = {
    ...all,
    parts: [{ ...battery, ownMode: 'self-consumption' }, ...only('house').parts],
  };
  expect(Math.abs(runFor(follow, {}, noon, 60_000).places['grid']!.powerW)).toBeLessThan(60);
  const empty: PlantConfig = {
    ...follow,
    parts: [{ ...battery, ownMode: 'self-consumption', startSocPct: 10 }, ...only('house').parts],
  };
  expect(runFor(empty, {}, noon, 60_000).places['battery1']!.powerW).toBe(0);
});

test('a hybrid holds its strings back when a setpoint leaves no room in the converter', () => {
  const sunny: PlantConfig = { ...all, parts: [hybrid], climate: { ...all.climate, seed: 1 } };
  const free = runFor(sunny, { cells1: { setW: 0 } }, noon, 10_000);
  const full = runFor(sunny, { cells1: { setW: 8_000 } }, noon, 10_000);
  expect(full.places['hybrid1']!.powerW).toBeLessThanOrEqual(8_000.001);
  expect(full.places['roof1']!.powerW).toBeLessThanOrEqual(free.places['roof1']!.powerW);
  const charge = runFor(sunny, { cells1: { setW: -6_000 } }, noon, 10_000);
  expect(charge.places['cells1']!.powerW).toBeCloseTo(-6_000, 0);
});

test('the factory works two shifts on weekdays and rests on Sunday', () => {
  const berlin = 'Europe/Berlin';
  expect(shiftActivity(Date.UTC(2026, 5, 15, 7), berlin)).toBe(1);
  expect(shiftActivity(Date.UTC(2026, 5, 15, 21), berlin)).toBe(0);
  expect(shiftActivity(Date.UTC(2026, 5, 20, 15), berlin)).toBe(0);
  expect(shiftActivity(Date.UTC(2026, 5, 21, 7), berlin)).toBe(0);
  let mostW = 0;
  let state = startPlant({ ...only('rest', 'compressor1'), subMs: 30_000 }, Date.UTC(2026, 5, 15));
  for (let n = 0; n < 5 * 24 * 60; n += 1) {
    const after = stepPlant(
      { ...only('rest', 'compressor1'), subMs: 30_000 },
      state,
      {},
      undefined,
      60_000,
    );
    state = after.state;
    mostW = Math.max(mostW, after.truth.places['grid']!.powerW);
  }
  expect(mostW).toBeGreaterThan(90_000);
  expect(mostW).toBeLessThan(120_000);
});

test('a compressor keeps its tank between two pressures and stops when disabled', () => {
  const config = only('compressor1');
  let state = startPlant(config, noon);
  const pressures: number[] = [];
  for (let n = 0; n < 180; n += 1) {
    const after = stepPlant(config, state, {}, undefined, 60_000);
    state = after.state;
    pressures.push(after.truth.places['compressor1']!.pressureBar!);
  }
  expect(Math.min(...pressures)).toBeGreaterThan(5.6);
  expect(Math.max(...pressures)).toBeLessThan(10.4);
  expect(state.gridW === 0 || state.gridW > 14_000).toBe(true);
  const off = stepPlant(config, state, { compressor1: { enable: false } }, undefined, 60_000);
  expect(off.truth.places['compressor1']!.powerW).toBe(0);
});

test('the car comes in the evening, takes what it needs, tapers, and leaves in the morning', () => {
  const config = { ...only('ev1'), subMs: 10_000 };
  let state = startPlant(config, Date.UTC(2026, 5, 15, 10));
  const powers: number[] = [];
  const home: boolean[] = [];
  for (let n = 0; n < 24 * 12; n += 1) {
    const after = stepPlant(config, state, {}, undefined, 300_000);
    state = after.state;
    powers.push(-after.truth.places['ev1']!.powerW);
    home.push(after.truth.places['ev1']!.connected!);
  }
  const came = home.indexOf(true);
  expect(came / 12 + 10).toBeGreaterThan(15); // UTC hours: 17:30 local is 15:30
  expect(came / 12 + 10).toBeLessThan(16);
  expect(home.at(-1)).toBe(false);
  expect(Math.max(...powers)).toBeCloseTo(11_040, 0);
  expect(powers.some((w) => w > 100 && w < 8_000)).toBe(true);
  const takenWh = state.grid.inWh;
  expect(takenWh).toBeGreaterThan((20_000 * 0.75) / 0.92 - 1);
  expect(takenWh).toBeLessThan((20_000 * 1.25) / 0.92 + 1);
  const slow = runFor(config, { ev1: { currentA: 6 } }, Date.UTC(2026, 5, 15, 17), 600_000);
  expect(slow.places['ev1']!.powerW).toBeCloseTo(-6 * 690, 6);
  const off = runFor(config, { ev1: { currentA: 5 } }, Date.UTC(2026, 5, 15, 17), 600_000);
  expect(off.places['ev1']!.powerW).toBe(0);
});

test('weather: night is dark, clear noon is bright, clouds come and go, winter is colder', () => {
  const climate = all.climate;
  expect(weatherAt(climate, Date.UTC(2026, 5, 15, 23)).ghiWPerM2).toBe(0);
  const noons = Array.from({ length: 60 }, (_, n) => weatherAt(climate, noon + n * 86_400_000));
  const ghi = noons.map((weather) => weather.ghiWPerM2);
  expect(Math.max(...ghi)).toBeGreaterThan(800);
  expect(Math.min(...ghi)).toBeLessThan(400);
  const mean = (ms: number): number =>
    Array.from(
      { length: 20 },
      (_, n) => weatherAt(climate, ms + n * 86_400_000).temperatureC,
    ).reduce((a, b) => a + b, 0) / 20;
  expect(mean(noon) - mean(Date.UTC(2026, 0, 10, 11))).toBeGreaterThan(10);
});

test('without a battery the connection carries load less sun, limits and setpoints apart', () => {
  const commands = {
    battery1: { setW: -5_000 },
    cells1: { setW: -3_000 },
    pv1: { limitW: 10_000 },
  };
  const { places, withoutBattery } = runFor(all, commands, noon, 60_000);
  const hybridW = withoutBattery.powerW + places['pv1']!.availableW! + places['rest']!.powerW;
  const others = places['house']!.powerW + places['compressor1']!.powerW + places['ev1']!.powerW;
  const convertedSunW = -(hybridW + others);
  expect(convertedSunW).toBeGreaterThan(0);
  expect(convertedSunW).toBeLessThan(Math.min(8_000.001, places['roof1']!.availableW!));
  expect(pv.ratedW).toBeGreaterThanOrEqual(places['pv1']!.availableW!);
});
