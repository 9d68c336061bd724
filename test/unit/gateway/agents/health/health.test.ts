import { describe, expect, it } from 'vitest';
import { Health } from '../../../../../gateway/agents/health/health.ts';
import { degradation } from '../../../../../gateway/agents/health/pv.ts';
import type { HealthQuarter } from '../../../../../gateway/agents/health/types.ts';
import { findingWords, standWords } from '../../../../../gateway/agents/health/words.ts';
import { streamKey, uniformAt } from '../../../../../simulators/random.ts';

const QUARTER = 900_000;
const DAY = 96 * QUARTER;
const START = Date.UTC(2026, 0, 1);
const RATED = 10_000;
const USABLE = 10_000;
const FAULT_DAY = 200;

/** What a year does to a site. Shares of loss from `FAULT_DAY` on; nothing is lost without. */
interface Plant {
  readonly pv1?: number;
  readonly both?: number; // of both inverters
  readonly hot?: number; // while the inverter is hot
  readonly capacity?: number;
  readonly loss?: number; // more of what goes in
  readonly resistance?: number; // more
  readonly counter?: number; // of what the meter counts
  readonly fadeAYear?: number; // of both inverters, from the first day
}

/** Low until 9:00, up until 15:00, full, and down from 18:00. */
function charge(q: number, lowPct: number, depth: number): number {
  if (q < 36) return lowPct;
  if (q < 60) return lowPct + ((100 - lowPct) * (q - 35)) / 24;
  return q < 72 ? 100 : 100 - (100 * depth * (q - 71)) / 24;
}

/**
 * A seeded year and more, quarter by quarter: a sun whose height and whose fit to the model change
 * with the season, two days in three with clouds, two inverters of unlike direction, a battery that
 * runs from full to nearly empty on most days, a meter with a counter.
 */
function* timeline(seed: number, days: number, plant: Plant): Generator<HealthQuarter> {
  const key = streamKey(seed, 'health');
  const uniform = (index: number): number => uniformAt(key, index);
  for (let day = 0; day < days; day += 1) {
    const season = Math.cos((2 * Math.PI * (day - 172)) / 365); // 1 in June
    const isLate = day >= FAULT_DAY;
    const fade = 1 - ((plant.fadeAYear ?? 0) * day) / 365;
    const fault = (share = 0): number => (isLate ? 1 - share : 1);
    const isClear = uniform(day) < 0.33;
    const depth = 0.5 + 0.44 * uniform(day + 50_000); // of the day's discharge
    const capacityWh = USABLE * fault(plant.capacity);
    const cool = 0.02 * (uniform(day + 90_000) - 0.5);
    for (let q = 0; q < 96; q += 1) {
      const n = day * 96 + q;
      const hours = 4 + season; // half the length of the day, about
      const up = Math.max(0, Math.cos(((q / 4 - 12) / hours / 2) * Math.PI * 0.75));
      const clearShare = Math.abs(q / 4 - 12) < hours * 1.3 ? up * (0.7 + 0.2 * season) : 0;
      const cloud = isClear ? 1 - 0.01 * uniform(n) : 0.15 + 0.8 * uniform(n);
      // The model's plane is not the roof's: 10 % either way over the year.
      const fit = 0.85 * (1 - 0.1 * season);
      const temperatureC = 20 + 25 * clearShare + 15 * Math.max(0, season);
      const heat = fault((plant.hot ?? 0) * Math.max(0, Math.min(1, (temperatureC - 50) / 5)));
      const made = (turn: number, share: number): number =>
        RATED * clearShare * cloud * fit * (1 + turn * 0.1 * season + cool * turn) * share * 0.25;
      const both = fade * fault(plant.both);
      // 18:00 to 24:00 from full down, 9:00 to 15:00 up again.
      const given = q >= 72 ? (depth * capacityWh) / 24 : 0;
      const efficiency = 0.88 * (isLate ? 1 - (plant.loss ?? 0) : 1);
      const yesterday = 0.5 + 0.44 * uniform(day - 1 + 50_000);
      const wasWh = USABLE * (day - 1 >= FAULT_DAY ? 1 - (plant.capacity ?? 0) : 1);
      const taken = q >= 36 && q < 60 ? (yesterday * wasWh) / 24 / efficiency : 0;
      const low = 100 * (1 - yesterday);
      const socPct = charge(q, low, depth);
      const powerWh = 500 + 1_000 * uniform(n + 7_000_000) - 2 * made(0, 1) * 0.1;
      yield {
        ...{ fromMs: START + n * QUARTER, dayMs: START + day * DAY, clearShare },
        sources: [
          {
            id: 'pv1',
            ratedW: RATED,
            madeWh: made(0, fault(plant.pv1) * both * heat),
            temperatureC,
          },
          { id: 'pv2', ratedW: RATED, madeWh: made(1, both), temperatureC: undefined },
        ],
        stores: [
          {
            ...{ id: 'battery1', usableWh: USABLE, givenWh: given, takenWh: taken },
            socPct: Math.round(socPct + (uniform(n + 3_000_000) - 0.5)),
            resistanceOhm:
              q % 9 === 0
                ? 0.1 * (isLate ? 1 + (plant.resistance ?? 0) : 1) * (0.9 + 0.2 * uniform(n))
                : undefined,
          },
        ],
        meters: [
          {
            ...{ id: 'grid', powerWh },
            counterWh: powerWh * fault(plant.counter) * (1 + 0.02 * (uniform(n + 4_000_000) - 0.5)),
          },
        ],
      };
    }
  }
}

interface Seen {
  readonly health: Health;
  readonly first: ReadonlyMap<string, { readonly day: number; readonly size: number }>;
}

function run(seed: number, days: number, plant: Plant = {}): Seen {
  const health = new Health();
  const first = new Map<string, { day: number; size: number }>();
  for (const quarter of timeline(seed, days, plant)) {
    if (!health.quarter(quarter)) continue;
    for (const { kind, id, sizeShare } of health.findings()) {
      const day = (quarter.dayMs - START) / DAY - 1;
      if (!first.has(`${kind}:${id}`)) first.set(`${kind}:${id}`, { day, size: sizeShare });
    }
  }
  return { health, first };
}

describe('detectors of equipment faults', () => {
  it.each([1, 2, 3])('say nothing in a year without one, seed %i', (seed) => {
    expect([...run(seed, 400).first]).toEqual([]);
  });

  it.each<[string, Plant, number, number, number]>([
    ['PV_BEHIND:pv1', { pv1: 0.12 }, 14, -0.14, -0.06],
    ['PV_LESS:pv1', { both: 0.25 }, 40, -0.32, -0.12],
    ['PV_HOT:pv1', { hot: 0.3 }, 60, -0.36, -0.15],
    ['BATTERY_SMALLER:battery1', { capacity: 0.15 }, 30, -0.17, -0.06],
    ['BATTERY_LOSS:battery1', { loss: 0.1 }, 45, -0.12, -0.04],
    ['BATTERY_RESISTANCE:battery1', { resistance: 0.5 }, 30, 0.2, 0.6],
    ['METER_DRIFT:grid', { counter: 0.1 }, 14, -0.12, -0.07],
  ])('find %s', (code, plant, withinDays, least, most) => {
    const { first } = run(5, FAULT_DAY + withinDays, plant);
    const found = first.get(code);
    expect(found?.day).toBeGreaterThanOrEqual(FAULT_DAY);
    expect(found?.size).toBeGreaterThan(least);
    expect(found?.size).toBeLessThan(most);
    expect([...first.values()].every(({ day }) => day >= FAULT_DAY)).toBe(true);
  });

  it('compare with a year ago once there is one, and tell no rate before two', () => {
    const { health, first } = run(6, 500, { fadeAYear: 0.12 });
    expect(first.get('PV_YEAR:pv1')?.day).toBeGreaterThan(365);
    const [pv] = health.state().pv;
    expect(pv && degradation(pv[1])).toMatch(
      /^not told before two years of clear days, now 1\.\d$/,
    );
    const old = run(6, 800, { fadeAYear: 0.02 }).health.state();
    const rate = old.pv[0] && degradation(old.pv[0][1]);
    expect(rate).toMatchObject({ pctPerYear: expect.closeTo(-2, 0) });
    const [pvWords, , battery] = standWords(old, (id) => id);
    expect(pvWords).toMatch(
      /^pv1: [12]\.\d\s% less a year \(\d\.\d\s% less to .*, \d+ pairs of clear/,
    );
    expect(battery?.replaceAll('\u202f', ' ')).toMatch(
      /^battery1: \d\.\d kWh to \d+\.\d kWh from full to empty, 8\d\.\d % come back$/,
    );
  });

  it('go on after a restart as if there had been none', () => {
    const plain = run(5, FAULT_DAY + 20, { pv1: 0.12 }).health.state();
    const half = new Health();
    let later: Health | undefined;
    for (const quarter of timeline(5, FAULT_DAY + 20, { pv1: 0.12 })) {
      if (quarter.fromMs === START + 205 * DAY + 30 * QUARTER) {
        later = new Health();
        later.restore(JSON.parse(JSON.stringify(half.state())));
        // The running day is seen again from its midnight.
        expect(later.seenUntilMs).toBe(START + 205 * DAY);
        for (const again of timeline(5, 206, { pv1: 0.12 })) {
          if (again.fromMs >= later.seenUntilMs && again.fromMs < quarter.fromMs) {
            later.quarter(again);
          }
        }
      }
      (later ?? half).quarter(quarter);
    }
    expect(later?.state()).toEqual(plain);
  });

  it('teach nothing where the sun was held back or a record lacks', () => {
    const health = new Health();
    for (const quarter of timeline(5, 60, {})) {
      const sources = quarter.sources.map((one) => ({ ...one, madeWh: undefined }));
      health.quarter({ ...quarter, sources });
    }
    expect(health.state().pv).toEqual([]);
  });

  it('are told with size, time, evidence and how sure they are', () => {
    const base = { id: 'pv1', sizeShare: -0.14, sinceMs: START, count: 6, isSure: false } as const;
    const { code, text, mend } = findingWords({ ...base, kind: 'PV_BEHIND' }, () => 'Roof', 'UTC');
    expect(code).toBe('PV_BEHIND:pv1');
    expect(text.replaceAll('\u202f', ' ')).toBe(
      'Roof makes 14 % less than before beside the other inverters of this site, ' +
        'since Thu 1 January (6 days, likely).',
    );
    expect(mend).toMatch(/strings/);
  });
});
