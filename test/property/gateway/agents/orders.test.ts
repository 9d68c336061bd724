import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bids } from '../../../../gateway/agents/consumer/bids.ts';
import { offers } from '../../../../gateway/agents/producer/offers.ts';
import type { Room } from '../../../../gateway/contracts/values/outlook.ts';

const watts = fc.double({ min: 0, max: 200_000, noNaN: true });
const price = fc.integer({ min: -400_000, max: 900_000 });

const rooms = fc
  .record({
    fromMs: fc.constant(900_000),
    durationMs: fc.constantFrom(300_000, 900_000, 3_600_000),
    plannedGridW: fc.double({ min: -200_000, max: 200_000, noNaN: true }),
    uncertainW: watts,
    moreDischargeW: watts,
    moreChargeW: watts,
    storedWh: watts,
    freeWh: watts,
    importLimitW: watts,
    exportLimitW: watts,
    mostExportW: watts,
    mostImportW: watts,
    importNanoPerWh: price,
    exportNanoPerWh: price,
    giveNanoPerWh: fc.option(fc.double({ min: -1e5, max: 1e6, noNaN: true }), { nil: undefined }),
    takeNanoPerWh: fc.option(fc.double({ min: -1e5, max: 1e6, noNaN: true }), { nil: undefined }),
  })
  .map((room): Room => room);

const total = (drafts: readonly { energyWh: number }[]): number =>
  drafts.reduce((sum, { energyWh }) => sum + energyWh, 0);

describe('orders', () => {
  it('never promise more than can be delivered, taken, or carried', () => {
    fc.assert(
      fc.property(rooms, (room) => {
        const hours = room.durationMs / 3_600_000;
        const sell = offers(room);
        const buy = bids(room, 2_000);
        expect(total(sell)).toBeLessThanOrEqual(
          Math.min(room.mostExportW, room.exportLimitW) * hours,
        );
        expect(total(buy)).toBeLessThanOrEqual(
          Math.min(room.mostImportW, room.importLimitW) * hours,
        );
        for (const one of [...sell, ...buy]) {
          expect(Number.isSafeInteger(one.energyWh) && one.energyWh > 0).toBe(true);
          expect(Number.isSafeInteger(one.priceMicroPerKwh)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('have limits at which the site is better off than with its tariff', () => {
    fc.assert(
      fc.property(rooms, (room) => {
        const fee = 2_000;
        for (const one of offers(room))
          expect(one.priceMicroPerKwh).toBeGreaterThan(room.exportNanoPerWh);
        for (const one of bids(room, fee)) {
          expect(one.priceMicroPerKwh + fee).toBeLessThan(room.importNanoPerWh);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never cross: a site does not sell below what it bids', () => {
    fc.assert(
      fc.property(rooms, (room) => {
        const ordered = room.exportNanoPerWh <= room.importNanoPerWh;
        const worth = room.takeNanoPerWh ?? 0;
        const sane = (room.giveNanoPerWh ?? Number.POSITIVE_INFINITY) >= worth;
        if (!ordered || !sane) return; // a store gives dearer than it takes: efficiency and wear
        const lowest = Math.min(...offers(room).map((one) => one.priceMicroPerKwh));
        const highest = Math.max(...bids(room).map((one) => one.priceMicroPerKwh));
        const both = offers(room).length > 0 && bids(room).length > 0;
        if (both && room.plannedGridW !== 0) expect(lowest).toBeGreaterThan(highest);
      }),
      { numRuns: 2_000 },
    );
  });
});
