import fc from 'fast-check';
import { expect, test } from 'vitest';
import { narrow } from '../../../../gateway/guard/control/arbiter.ts';
import { split, wanted } from '../../../../gateway/guard/control/shares.ts';
import type { Range, Wish } from '../../../../gateway/guard/control/types.ts';

const watts = fc.oneof(
  fc.double({ min: -60_000, max: 60_000, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0),
);
const maybe = fc.option(watts, { nil: undefined });

const wish: fc.Arbitrary<Wish> = fc
  .record({ minW: maybe, maxW: maybe, targetW: maybe })
  .map(({ minW, maxW, targetW }) => ({
    terminal: 'battery1',
    authority: 'plan' as const,
    code: 'PLAN' as const,
    sentence: '',
    ...(minW === undefined ? {} : { minW }),
    ...(maxW === undefined ? {} : { maxW }),
    ...(targetW === undefined ? {} : { targetW }),
  }));

const range: fc.Arbitrary<Range> = fc
  .tuple(
    fc.double({ min: -50_000, max: 0, noNaN: true }),
    fc.double({ min: 0, max: 50_000, noNaN: true }),
  )
  .map(([minW, maxW]) => ({ minW, maxW, minBy: undefined, maxBy: undefined }));

test('each level only narrows what those above left open', () => {
  fc.assert(
    fc.property(range, fc.array(wish, { maxLength: 12 }), (open, wishes) => {
      let now = open;
      for (const one of wishes) {
        const next = narrow(now, one);
        expect(next.minW).toBeGreaterThanOrEqual(now.minW);
        expect(next.maxW).toBeLessThanOrEqual(now.maxW);
        expect(next.minW).toBeLessThanOrEqual(next.maxW);
        now = next;
      }
    }),
    { numRuns: 2_000 },
  );
});

test('what is decided stays decided, and names its owner', () => {
  fc.assert(
    fc.property(range, wish, fc.array(wish, { maxLength: 6 }), (open, first, later) => {
      const decided = narrow(open, { ...first, targetW: 1_234 });
      expect(decided.minW).toBe(decided.maxW);
      expect(decided.minBy).toBeDefined();
      for (const one of later) expect(narrow(decided, one)).toBe(decided);
    }),
    { numRuns: 1_000 },
  );
});

const slot = fc
  .tuple(
    fc.double({ min: -20_000, max: 20_000, noNaN: true }),
    fc.double({ min: 0, max: 20_000, noNaN: true }),
  )
  .map(([minW, widthW]) => ({ minW, maxW: minW + widthW }));

const energyWh = fc.double({ min: 100, max: 50_000, noNaN: true });
const left = fc.option(fc.record({ giveWh: energyWh, takeWh: energyWh }), { nil: undefined });
const slots = fc
  .array(fc.tuple(slot, left), { minLength: 1, maxLength: 5 })
  .map((list) => list.map(([one, energy], n) => ({ ...one, left: energy, id: `b${n}` })));

test('a sum is split inside every range, to the watt, and never charges one from another', () => {
  fc.assert(
    fc.property(slots, fc.double({ min: -80_000, max: 80_000, noNaN: true }), (list, totalW) => {
      const parts = split(totalW, list);
      const lowW = list.reduce((sum, one) => sum + one.minW, 0);
      const highW = list.reduce((sum, one) => sum + one.maxW, 0);
      const sumW = list.reduce((sum, { id }) => sum + (parts[id] ?? Number.NaN), 0);
      expect(Math.abs(sumW - Math.max(lowW, Math.min(highW, totalW)))).toBeLessThan(1);
      for (const { id, minW, maxW } of list) {
        const powerW = parts[id] ?? Number.NaN;
        expect(powerW >= minW && powerW <= maxW).toBe(true);
        const forced = minW > 0 || maxW < 0;
        if (!forced && list.every((one) => one.minW <= 0 && one.maxW >= 0)) {
          expect(powerW * totalW).toBeGreaterThanOrEqual(0);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('what is wanted adds up, whether it can be done or not', () => {
  fc.assert(
    fc.property(slots, fc.double({ min: -80_000, max: 80_000, noNaN: true }), (list, totalW) => {
      const parts = wanted(totalW, list);
      const sumW = list.reduce((sum, { id }) => sum + (parts[id] ?? Number.NaN), 0);
      expect(Math.abs(sumW - totalW)).toBeLessThan(2);
    }),
    { numRuns: 1_000 },
  );
});
