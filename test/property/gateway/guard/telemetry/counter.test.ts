import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnchoredEnergy } from '../../../../../gateway/guard/telemetry/counter.ts';

const NO_LIMIT = (): number => Number.POSITIVE_INFINITY;

test('what is booked follows the counter to within one step, whatever the integral says', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 10, 100),
      fc.array(
        fc.record({
          flowWh: fc.double({ min: 0, max: 400, noNaN: true }),
          error: fc.double({ min: 0.7, max: 1.3, noNaN: true }),
          book: fc.boolean(),
        }),
        { minLength: 1, maxLength: 200 },
      ),
      (stepWh, moves) => {
        const energy = new AnchoredEnergy();
        let trueWh = 0;
        let booked = 0;
        // An odd multiple of the step, so that the resolution is known from the start.
        const startWh = 7 * stepWh;
        energy.anchor(startWh, 0, 0, NO_LIMIT);
        moves.forEach((move, index) => {
          trueWh += move.flowWh;
          energy.add(move.flowWh * move.error);
          const count = startWh + Math.floor(trueWh / stepWh) * stepWh;
          expect(energy.anchor(count, index + 1, 0, NO_LIMIT).newEpoch).toBe(false);
          if (!move.book) return;
          const part = energy.book(energy.estimateWh);
          expect(part).toBeGreaterThanOrEqual(0);
          expect(Number.isInteger(part)).toBe(true);
          booked += part;
        });
        booked += energy.book(energy.estimateWh);
        expect(Math.abs(booked - trueWh)).toBeLessThanOrEqual(stepWh + 1);
      },
    ),
  );
});
