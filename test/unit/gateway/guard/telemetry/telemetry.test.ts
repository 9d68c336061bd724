import { expect, test } from 'vitest';
import { telemetryRecord } from '../../../../../gateway/contracts/messages.ts';
import type { Image, Mode } from '../../../../../gateway/contracts/values/image.ts';
import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import type {
  EnergyRecord,
  TelemetryRecord,
} from '../../../../../gateway/contracts/values/record.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { createTelemetry } from '../../../../../gateway/guard/telemetry/telemetry.ts';

const DAY0 = 1_767_225_600_000; // 2026-01-01T00:00Z
const QUARTER = 900_000;

const SITE = {
  connections: [
    { id: 'grid', node: 'main', contractedImportW: 30_000, contractedExportW: 30_000, fuseA: 63 },
  ],
  terminals: [
    { id: 'pv1', node: 'main', ratedInW: 20_000, ratedOutW: 0 },
    { id: 'rest', node: 'main', ratedInW: 0, ratedOutW: 20_000 },
  ],
  residuals: [{ node: 'main', terminal: 'rest' }],
  edges: [],
} as unknown as Site;

interface ImageOptions {
  readonly mode?: Mode;
  readonly wallMs?: number;
}

const image = (
  monoMs: number,
  points: Record<string, Reading>,
  options: ImageOptions = {},
): Image =>
  ({
    monoMs,
    wallMs: options.wallMs ?? DAY0 + monoMs,
    mode: options.mode ?? 'planning',
    reason: { authority: 'plan', code: 'PLAN', sentence: 'Follows the plan' },
    points,
  }) as unknown as Image;

const good = (value: number, atMs: number): Reading => ({ quality: 'good', value, atMs });

/** A site whose truth is integrated finely beside what the meters show. */
class World {
  timeMs = 0;
  readonly truth = { gridIn: 0, gridOut: 0, pvIn: 0, restOut: 0 };
  readonly history: { fromMs: number; pvIn: number; gridIn: number; restOut: number }[] = [];
  private noise = 1;
  private pvW = 0;
  private loadW = 0;
  private mark = { pvIn: 0, gridIn: 0, restOut: 0 };

  private random(): number {
    this.noise = (Math.imul(this.noise, 1_664_525) + 1_013_904_223) >>> 0;
    return this.noise / 4_294_967_296;
  }

  /** Passes `ms` in steps of 100 ms. */
  pass(ms: number): void {
    for (let done = 0; done < ms; done += 100) {
      if (this.timeMs % 1_000 === 0) {
        const cloud = this.random() < 0.02 ? 0.3 + 0.7 * this.random() : undefined;
        if (cloud !== undefined) this.pvW = 15_000 * cloud;
        this.loadW = 6_000 + 5_000 * Math.sin(this.timeMs / 700_000) + 1_500 * this.random();
      }
      const hours = 100 / 3_600_000;
      const gridW = this.loadW - this.pvW;
      this.truth.pvIn += this.pvW * hours;
      this.truth.restOut += this.loadW * hours;
      if (gridW > 0) this.truth.gridIn += gridW * hours;
      else this.truth.gridOut -= gridW * hours;
      this.timeMs += 100;
      if (this.timeMs % QUARTER === 0) {
        const { pvIn, gridIn, restOut } = this.truth;
        this.history.push({
          fromMs: DAY0 + this.timeMs - QUARTER,
          pvIn: pvIn - this.mark.pvIn,
          gridIn: gridIn - this.mark.gridIn,
          restOut: restOut - this.mark.restOut,
        });
        this.mark = { pvIn, gridIn, restOut };
      }
    }
  }

  readings(resolutionWh: number, counters: boolean): Record<string, Reading> {
    const count = (energyWh: number): number =>
      10_000 + Math.floor(energyWh / resolutionWh) * resolutionWh;
    const at = this.timeMs;
    const powers = {
      'grid.powerW': good(this.loadW - this.pvW, at),
      'pv1.powerW': good(this.pvW, at),
      'rest.powerW': good(-this.loadW, at),
    };
    if (!counters) return powers;
    return {
      ...powers,
      'grid.inWh': good(count(this.truth.gridIn), at),
      'grid.outWh': good(count(this.truth.gridOut), at),
      'pv1.inWh': good(count(this.truth.pvIn), at),
    };
  }
}

const energies = (records: readonly TelemetryRecord[], place: string): EnergyRecord[] =>
  records.flatMap((record) => (record.kind === 'energy' && record.place === place ? [record] : []));

function run(hours: number, cycleMs: number, resolutionWh: number, everyCycles: number) {
  const world = new World();
  const telemetry = createTelemetry(SITE, 3);
  const records: TelemetryRecord[] = [];
  let held: Record<string, Reading> = {};
  const cycles = Math.round((hours * 3_600_000) / cycleMs) + 10;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    held = { ...held, ...world.readings(resolutionWh, cycle % everyCycles === 0) };
    world.pass(cycleMs / 2);
    records.push(...telemetry.step(image(world.timeMs, held))); // half a cycle old at the tick
    world.pass(cycleMs / 2);
  }
  return { world, telemetry, records };
}

test.each([
  ['1 s cycle, 1 Wh counters', 1_000, 1, 30],
  ['4.8 s cycle, 1 Wh counters', 4_800, 1, 30],
  ['4.8 s cycle, counters of 100 Wh', 4_800, 100, 30],
  ['4.8 s cycle, no counters', 4_800, 1, 1e9],
])('booked energy agrees with the truth: %s', (_, cycleMs, resolutionWh, every) => {
  const { world, records } = run(6, cycleMs, resolutionWh, every);
  const quarters = world.history.slice(0, 24);
  const total = (place: string, key: 'inWh' | 'outWh') =>
    energies(records, place)
      .slice(0, 24)
      .reduce((sum, one) => sum + one[key], 0);
  const truth = (key: 'pvIn' | 'gridIn' | 'restOut') =>
    quarters.reduce((sum, one) => sum + one[key], 0);
  const error = (booked: number, real: number) => Math.abs(booked - real) / real;
  expect(error(total('pv1', 'inWh'), truth('pvIn'))).toBeLessThan(0.005);
  // Without a counter, what swings through zero between two samples cannot be told apart.
  const blind = every > 1_000 ? 0.03 : 0.005;
  expect(error(total('grid', 'inWh'), truth('gridIn'))).toBeLessThan(blind);
  expect(error(total('rest', 'outWh'), truth('restOut'))).toBeLessThan(0.005);
  for (const [index, quarter] of quarters.entries()) {
    if (index === 0) continue;
    const record = energies(records, 'pv1')[index];
    expect(record).toMatchObject({ fromMs: quarter.fromMs, durationMs: QUARTER });
    expect(record).toMatchObject({ quality: 'measured', version: 1 });
    // A coarse counter may put its step into the neighbouring quarter-hour, never lose it.
    const toleranceWh = 5 + 0.01 * quarter.pvIn + (resolutionWh > 1 ? resolutionWh / 2 : 0);
    expect(Math.abs((record?.inWh ?? 0) - quarter.pvIn)).toBeLessThan(toleranceWh);
  }
  expect(energies(records, 'pv1')[2]?.source).toBe(
    every > 1_000 || resolutionWh > 1 ? 'power' : 'counter',
  );
  expect(energies(records, 'rest')[2]?.source).toBe('residual');
});

test('the energies of a node sum to zero in every whole quarter-hour', () => {
  const { records } = run(3, 4_800, 1, 30);
  const starts = new Set(energies(records, 'grid').map((record) => record.fromMs));
  let compared = 0;
  for (const fromMs of [...starts].slice(1)) {
    const all = ['grid', 'pv1', 'rest'].flatMap((place) =>
      energies(records, place).filter((record) => record.fromMs === fromMs),
    );
    expect(all.reduce((sum, one) => sum + one.inWh - one.outWh, 0)).toBe(0);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(10);
});

test('every record has its key, counted from 1, and passes the contract', () => {
  const { records, telemetry } = run(1, 4_800, 1, 30);
  expect(records.map((record) => record.seq)).toEqual(records.map((_, index) => index + 1));
  expect(records.every((record) => record.epoch === 3)).toBe(true);
  expect(telemetry.produced()).toBe(records.length);
  for (const record of records) telemetryRecord.parse(record);
});

test('minutes: samples, good share, mean, least, greatest, last', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 60; second += 1) {
    const bad: Reading = { quality: 'timeout', last: 1, atMs: 0 };
    const reading = second % 4 === 3 ? bad : good(second, second * 1_000);
    records.push(...telemetry.step(image(second * 1_000, { 'pv1.voltageL1V': reading })));
  }
  const [minute] = records.flatMap((record) => (record.kind === 'aggregate' ? [record] : []));
  expect(minute).toMatchObject({ fromMs: DAY0, durationMs: 60_000 });
  expect(minute?.columns).toEqual([
    { point: 'pv1.voltageL1V', n: 60, goodPct: 75, mean: 29, min: 0, max: 58, last: 58 },
  ]);
});

test('a point that was never good has no figures, not zeros', () => {
  const telemetry = createTelemetry(SITE, 1);
  telemetry.step(image(0, { 'pv1.powerW': { quality: 'unavailable', atMs: 0 } }));
  const [minute] = telemetry.flush(image(1_000, {}));
  expect(minute).toMatchObject({
    columns: [{ n: 1, goodPct: 0, mean: null, min: null, max: null, last: null }],
  });
});

test('a reset counter opens an epoch: said, and no energy is invented or lost', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 960; second += 1) {
    const energyWh = second * 2; // 7.2 kW
    const count = second < 400 ? 50_000 + energyWh : energyWh - 800;
    const points = {
      'grid.powerW': good(7_200, second * 1_000),
      'grid.inWh': good(count, second * 1_000),
      'grid.outWh': good(5, second * 1_000),
    };
    records.push(...telemetry.step(image(second * 1_000, points)));
  }
  expect(
    records.filter((record) => record.kind === 'event' && record.code === 'COUNTER_EPOCH'),
  ).toHaveLength(1);
  expect(energies(records, 'grid')[0]).toMatchObject({ inWh: 1_800, outWh: 0, coveragePct: 100 });
});

test('a counter that jumps by more than can flow is no energy', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 960; second += 1) {
    const count = second * 2 + (second > 300 ? 9_000_000 : 0);
    const points = {
      'grid.powerW': good(7_200, second * 1_000),
      'grid.inWh': good(count, second * 1_000),
    };
    records.push(...telemetry.step(image(second * 1_000, points)));
  }
  expect(energies(records, 'grid')[0]?.inWh).toBe(1_800);
});

test('an outage is seen in the coverage, and the counter gives the energy back', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 960; second += 1) {
    const silent = second > 200 && second < 500;
    const bad: Reading = { quality: 'timeout', last: 7_200, atMs: 200_000 };
    const points = silent
      ? { 'grid.powerW': bad, 'grid.inWh': bad }
      : {
          'grid.powerW': good(7_200, second * 1_000),
          'grid.inWh': good(second * 2, second * 1_000),
        };
    records.push(...telemetry.step(image(second * 1_000, points)));
  }
  expect(energies(records, 'grid')[0]).toMatchObject({ inWh: 1_800, quality: 'partial' });
  expect(energies(records, 'grid')[0]?.coveragePct).toBeCloseTo(66.7, 1);
});

test('an early turn does not make the cycle look short', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 960; second += 1) {
    const points = { 'pv1.powerW': good(3_600, second * 1_000) };
    records.push(...telemetry.step(image(second * 1_000, points)));
    if (second % 20 === 0) records.push(...telemetry.step(image(second * 1_000 + 50, points)));
  }
  expect(energies(records, 'pv1')[0]).toMatchObject({ inWh: 900, coveragePct: 100 });
});

test('a wall clock that steps back makes no interval twice', () => {
  const telemetry = createTelemetry(SITE, 1);
  const records: TelemetryRecord[] = [];
  for (let second = 0; second <= 3_000; second += 1) {
    const wallMs = DAY0 + second * 1_000 - (second > 1_000 ? 600_000 : 0);
    const points = { 'pv1.powerW': good(3_600, second * 1_000) };
    records.push(...telemetry.step(image(second * 1_000, points, { wallMs })));
  }
  const starts = energies(records, 'pv1').map((record) => record.fromMs - DAY0);
  expect(starts).toEqual([0, QUARTER]);
});

test('a change of mode is an event, and others can be added', () => {
  const telemetry = createTelemetry(SITE, 1);
  const first = telemetry.step(image(0, {}, { mode: 'rules' }));
  const same = telemetry.step(image(1_000, {}, { mode: 'rules' }));
  const other = telemetry.step(image(2_000, {}, { mode: 'safe' }));
  expect([first, same, other].map((list) => list.map((record) => record.kind))).toEqual([
    ['event'],
    [],
    ['event'],
  ]);
  expect(other[0]).toMatchObject({ code: 'MODE', mode: 'safe', seq: 2 });
  expect(telemetry.event('X', 'why', image(3_000, {}))).toMatchObject({ code: 'X', seq: 3 });
});

test('a stop leaves what is known so far, as partial', () => {
  const telemetry = createTelemetry(SITE, 1);
  for (let second = 0; second <= 450; second += 1) {
    telemetry.step(image(second * 1_000, { 'pv1.powerW': good(3_600, second * 1_000) }));
  }
  const rest = telemetry.flush(image(450_000, {}));
  expect(energies(rest, 'pv1')).toMatchObject([
    { inWh: 450, coveragePct: 50, quality: 'partial', fromMs: DAY0 },
  ]);
});
