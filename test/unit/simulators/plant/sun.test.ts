import { getSpa } from 'nrel-spa';
import { expect, test } from 'vitest';
import { clearSkyGhi, sunPosition } from '../../../../simulators/plant/sun.ts';
import { createStream } from '../../../../simulators/random.ts';

test('the sun stands where the reference algorithm (NREL SPA) puts it, to 0.05 degrees', () => {
  const random = createStream(7, 'sun-test');
  let worst = 0;
  for (let n = 0; n < 400; n += 1) {
    const latitude = random.next() * 120 - 60;
    const longitude = random.next() * 360 - 180;
    const atMs = Date.UTC(2024, 0, 1) + random.next() * 4 * 365 * 86_400_000;
    const ours = sunPosition(latitude, longitude, atMs);
    if (ours.elevationDeg < 5) continue;
    const spa = getSpa(new Date(atMs), latitude, longitude, 0, { pressure: 0 });
    worst = Math.max(worst, Math.abs(90 - spa.zenith - ours.elevationDeg));
    const turn = Math.abs(spa.azimuth - ours.azimuthDeg);
    if (ours.elevationDeg < 80) worst = Math.max(worst, Math.min(turn, 360 - turn) / 3);
  }
  expect(worst).toBeLessThan(0.05);
});

test('a clear sky gives nothing below the horizon and about a kilowatt from the zenith', () => {
  expect(clearSkyGhi(-1)).toBe(0);
  expect(clearSkyGhi(90)).toBeCloseTo(1037, 0);
  expect(clearSkyGhi(30)).toBeGreaterThan(450);
});
