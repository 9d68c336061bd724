import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import { createMbapSession } from '../../../../simulators/devices/mbap.ts';
import { createRtuSession } from '../../../../simulators/devices/rtu.ts';

const ratedW = 20_000;
const images = CATALOGUE.map((profile) =>
  createDeviceImage(profile, {
    id: profile.id.replace('/', '-').slice(0, 16),
    settings: { ratedW, counterStartWh: 0 },
  }),
);
const anyImage = fc.constantFrom(...images);

describe('simulated devices', () => {
  it('give back what was put, within the register, for every point', () => {
    const points = images.flatMap((image) =>
      Object.values(image.map.points)
        .filter(({ as }) => as !== 'str' && as !== 'sf')
        .map((point) => ({ image, point })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...points),
        fc.double({ min: -1, max: 1, noNaN: true }),
        ({ image, point }, share) => {
          const low = point.min ?? (point.as.startsWith('i') || point.as === 'f32' ? -ratedW : 1);
          const high = point.max ?? (point.unit === 'A' ? 200 : point.count === 1 ? 2_000 : ratedW);
          const value = low + ((share + 1) / 2) * (high - low);
          if (point.unit === 'A' && value < 0) return;
          let taken: number | undefined;
          try {
            image.put(point.key, value);
            taken = image.take(point.key);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            return;
          }
          const exponent = point.scaleFrom === undefined ? 0 : (image.take(point.scaleFrom) ?? 0);
          const step = (point.scale ?? 1) * 10 ** exponent;
          if (taken === undefined)
            expect(Math.abs(value)).toBeLessThan(step); // a counter of 0
          else
            expect(Math.abs(taken - value)).toBeLessThanOrEqual(
              step / 2 + Math.abs(value) * 2 ** -23,
            );
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('survive any bytes on any wire', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const likely = fc
      .tuple(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 99),
        fc.uint8Array({ minLength: 3, maxLength: 14 }),
      )
      .map(([fc_, rest]) => {
        const pdu = Uint8Array.of(fc_, ...rest);
        return Uint8Array.of(0, 1, 0, 0, 0, pdu.length + 1, 1, ...pdu);
      });
    fc.assert(
      fc.property(
        anyImage,
        fc.array(fc.oneof(bytes, likely), { maxLength: 8 }),
        (image, chunks) => {
          const clock = { monoMs: () => 1_000, realMs: () => 0 };
          const station = { bus: 'bus1', units: new Map([[1, image]]), clock };
          const sessions = [createMbapSession(station), createRtuSession(station)];
          for (const session of sessions) {
            for (const chunk of chunks) {
              const { out, close } = session.feed(chunk);
              for (const frame of out) expect(frame.length).toBeGreaterThanOrEqual(5);
              if (close) break;
            }
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
