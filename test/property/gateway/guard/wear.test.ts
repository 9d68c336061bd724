import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Slot, split } from '../../../../gateway/guard/control/shares.ts';

const MINUTES = 10 * 1_440;
const battery = fc.record({
  usableWh: fc.integer({ min: 3_000, max: 60_000 }),
  hours: fc.double({ min: 1.5, max: 4, noNaN: true }), // to fill or to empty it
  soc: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
});

/** Shares of its size that went through each battery after ten days of sun and evening. */
function cycles(batteries: readonly { usableWh: number; hours: number; soc: number }[]): number[] {
  const storedWh = batteries.map(({ usableWh, soc }) => usableWh * soc);
  const throughWh = batteries.map(() => 0);
  const sizeWh = batteries.reduce((sum, { usableWh }) => sum + usableWh, 0);
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const hour = (minute / 60) % 24;
    const totalW = hour >= 10 && hour < 17 ? -sizeWh / 9 : hour >= 18 ? sizeWh / 9 : 0;
    const slots = batteries.map(({ usableWh, hours }, n): Slot => {
      const nowWh = storedWh[n] ?? 0;
      const mostW = usableWh / hours;
      return {
        id: String(n),
        minW: -Math.min(mostW, (usableWh - nowWh) * 60),
        maxW: Math.min(mostW, nowWh * 60),
        left: {
          giveWh: Math.max(0.1 * usableWh, nowWh),
          takeWh: Math.max(0.1 * usableWh, usableWh - nowWh),
        },
      };
    });
    const parts = split(totalW, slots);
    for (const [n] of batteries.entries()) {
      const movedWh = (parts[String(n)] ?? 0) / 60;
      storedWh[n] = (storedWh[n] ?? 0) - movedWh;
      if (minute >= 2 * 1_440) throughWh[n] = (throughWh[n] ?? 0) + Math.abs(movedWh);
    }
  }
  return batteries.map(({ usableWh }, n) => (throughWh[n] ?? 0) / usableWh);
}

test('batteries of any size, power and charge cycle alike after two days', () => {
  fc.assert(
    fc.property(fc.array(battery, { minLength: 2, maxLength: 4 }), (batteries) => {
      const counts = cycles(batteries);
      expect(Math.max(...counts)).toBeLessThan(1.1 * Math.min(...counts));
    }),
    { numRuns: 15 },
  );
}, 60_000);
