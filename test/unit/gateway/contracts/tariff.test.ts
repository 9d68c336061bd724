import { describe, expect, it } from 'vitest';
import { tariffSchema } from '../../../../gateway/contracts/tariff.ts';
import {
  demandComponent,
  energyPrice,
  type Tariff,
} from '../../../../gateway/contracts/values/tariff.ts';

const QUARTER = 900_000;
const HOUR = 3_600_000;
const WEEK = [1, 2, 3, 4, 5, 6, 7];
const WORK = [1, 2, 3, 4, 5];
const window = (weekdays: number[], from: number, until: number, priceNanoPerWh: number) => ({
  ...{ weekdays, fromMinute: from * 60, untilMinute: until * 60, priceNanoPerWh },
});
const tariff = (components: object[], more: object = {}): Tariff =>
  tariffSchema.parse({
    ...{ id: 't', currency: 'EUR', timeZone: 'Europe/Berlin', source: 'test', components },
    ...more,
  }) as Tariff;
const MAY_1 = '2026-05-01'; // a Friday

describe('a static tariff', () => {
  const timeOfUse = tariff(
    [
      {
        ...{ id: 'use', kind: 'energy-import' },
        windows: [
          { ...window(WORK, 16, 20, 400_000), months: [11, 12, 1, 2] },
          window(WORK, 7, 20, 300_000),
          window(WEEK, 0, 24, 200_000),
        ],
      },
      { id: 'feed-in', kind: 'energy-export', windows: [window(WEEK, 0, 24, 80_000)] },
    ],
    { holidays: [MAY_1] },
  );
  const at = (month: number, day: number, hourUtc: number) =>
    energyPrice(timeOfUse, 'import', Date.UTC(2026, month - 1, day, hourUtc));

  it('goes by the local time of use, the season and the holidays', () => {
    expect(at(1, 14, 15)).toBe(400_000); // 16:00 of a Wednesday in winter
    expect(at(7, 15, 14)).toBe(300_000); // 16:00 of a Wednesday in summer
    expect(at(7, 15, 18)).toBe(200_000); // 20:00
    expect(at(7, 18, 10)).toBe(200_000); // Saturday
    expect(at(5, 1, 10)).toBe(200_000); // holiday
    expect(energyPrice(timeOfUse, 'export', Date.UTC(2026, 0, 14, 2))).toBe(80_000);
  });

  it('keeps its hours when the clock changes: 92 and 100 quarter-hours', () => {
    const dear = (fromMs: number, quarters: number) =>
      Array.from({ length: quarters }, (_, n) =>
        energyPrice(night, 'import', fromMs + n * QUARTER),
      ).filter((price) => price === 100_000).length;
    const night = tariff([
      {
        ...{ id: 'n', kind: 'energy-import' },
        windows: [window(WEEK, 0, 6, 100_000), window(WEEK, 6, 24, 200_000)],
      },
    ]);
    expect(dear(Date.UTC(2026, 2, 28, 23), 92)).toBe(20); // an hour less at night
    expect(dear(Date.UTC(2026, 9, 24, 22), 100)).toBe(28); // an hour more
  });

  it('changes on a day and ends on one; what no component covers is unknown', () => {
    const [from, until] = [Date.UTC(2026, 6, 1), Date.UTC(2027, 0, 1)];
    const next = tariff([
      {
        ...{ id: 'a', kind: 'energy-import', validUntilMs: from },
        windows: [window(WEEK, 0, 24, 1)],
      },
      {
        ...{ id: 'b', kind: 'energy-import', validFromMs: from, validUntilMs: until },
        windows: [window(WORK, 0, 24, 2)],
      },
    ]);
    expect(energyPrice(next, 'import', from - 1)).toBe(1);
    expect(energyPrice(next, 'import', from)).toBe(2);
    expect(energyPrice(next, 'import', from + 3 * 24 * HOUR)).toBeUndefined(); // Saturday
    expect(energyPrice(next, 'import', until)).toBeUndefined();
    expect(energyPrice(next, 'export', from)).toBeUndefined();
  });

  it('is unknown beyond where it is known', () => {
    const windows = [window(WEEK, 0, 24, 1)];
    const knownUntilMs = Date.UTC(2026, 6, 1);
    const known = tariff([{ id: 'a', kind: 'energy-import', windows }], { knownUntilMs });
    expect(energyPrice(known, 'import', knownUntilMs - 1)).toBe(1);
    expect(energyPrice(known, 'import', knownUntilMs)).toBeUndefined();
  });

  it('has a demand charge while it is in force', () => {
    const [from, until] = [Date.UTC(2026, 10, 1), Date.UTC(2027, 2, 1)];
    const winter = tariff([
      {
        ...{ id: 'd', kind: 'demand', nanoPerW: '9000000', period: 'month' },
        ...{ validFromMs: from, validUntilMs: until },
      },
    ]);
    expect(demandComponent(winter, from)).toMatchObject({
      nanoPerW: 9_000_000n,
      windowMs: QUARTER,
    });
    expect(demandComponent(winter, from - 1)).toBeUndefined();
    expect(demandComponent(winter, until)).toBeUndefined();
  });
});

it('has one demand charge at a time, and says so of a second', () => {
  const charge = { id: 'a', kind: 'demand', nanoPerW: 1, period: 'month' };
  const summer = { ...charge, validUntilMs: 100 };
  const winter = { ...charge, id: 'b', validFromMs: 100 };
  expect(tariff([summer, winter]).components).toHaveLength(2);
  const both = { ...charge, id: 'b', validFromMs: 99 };
  expect(() => tariff([summer, both])).toThrow(/a second demand charge at the same time: one is/);
});

describe('a tariff on the market', () => {
  const dynamic = tariff([
    { id: 'spot', kind: 'market-import', sharePct: 110, adderNanoPerWh: 150_000 },
    { id: 'tax', kind: 'tax', pct: 20 },
    { id: 'sold', kind: 'market-export', sharePct: 90, adderNanoPerWh: -5_000 },
  ]);
  const series = { fromMs: 0, stepMs: QUARTER, priceNanoPerWh: [100_000, -300_000, null, 0] };
  const price = (direction: 'import' | 'export', n: number) =>
    energyPrice(dynamic, direction, n * QUARTER, series);

  it('takes a share of it, an adder and a tax, and prices below zero as they are', () => {
    expect(price('import', 0)).toBe(312_000);
    expect(price('import', 1)).toBe(-216_000);
    expect(price('export', 0)).toBe(85_000);
    expect(price('export', 1)).toBe(-275_000);
  });

  it('knows nothing where the market is not known, and zero is a price', () => {
    expect(price('import', 2)).toBeUndefined();
    expect(price('import', 9)).toBeUndefined();
    expect(energyPrice(dynamic, 'export', 0)).toBeUndefined();
    expect(price('import', 3)).toBe(180_000);
  });
});

it.each([
  ['months', { ...window(WEEK, 0, 24, 1), months: [13] }],
  ['months', { ...window(WEEK, 0, 24, 1), months: [] }],
  ['weekdays', window([0], 0, 24, 1)],
  ['priceNanoPerWh', window(WEEK, 0, 24, 0.5)],
  ['untilMinute', window(WEEK, 0, 25, 1)],
])('a window with odd %s is refused', (key, one) => {
  expect(() => tariff([{ id: 'x', kind: 'energy-import', windows: [one] }])).toThrow(key);
});
