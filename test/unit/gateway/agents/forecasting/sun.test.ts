import { getSpa } from 'nrel-spa';
import { describe, expect, it } from 'vitest';
import { clearSkyGhi, sunPosition } from '../../../../../gateway/agents/forecasting/sun.ts';
import { createStream } from '../../../../../simulators/random.ts';

describe('position of the sun', () => {
  it('is within 0.02 degrees of the NREL algorithm, anywhere from 2000 to 2050', () => {
    const random = createStream(1, 'sun');
    let worstElevation = 0;
    let worstAzimuth = 0;
    let compared = 0;
    while (compared < 2_000) {
      const atMs = Math.floor(946_684_800_000 + random.next() * 50 * 365.25 * 86_400_000);
      const latitude = random.next() * 130 - 65;
      const longitude = random.next() * 360 - 180;
      const truth = getSpa(new Date(atMs), latitude, longitude, 0, { pressure: 0, delta_t: 69.2 });
      const elevation = 90 - truth.zenith;
      // Below there is refraction, above the azimuth means little.
      if (elevation < 1 || elevation > 85) continue;
      compared += 1;
      const own = sunPosition(latitude, longitude, atMs);
      const turn = Math.abs(own.azimuthDeg - truth.azimuth);
      worstElevation = Math.max(worstElevation, Math.abs(own.elevationDeg - elevation));
      worstAzimuth = Math.max(
        worstAzimuth,
        Math.min(turn, 360 - turn) * Math.cos((elevation * Math.PI) / 180),
      );
    }
    expect(worstElevation).toBeLessThan(0.02);
    expect(worstAzimuth).toBeLessThan(0.02);
  });

  it('stands in the south at noon and counts hours from there', () => {
    const noon = sunPosition(52.4, 13.05, Date.UTC(2026, 5, 21, 11, 9, 30));
    expect(noon.azimuthDeg).toBeCloseTo(180, 0);
    expect(noon.hourAngleDeg).toBeCloseTo(0, 0);
    expect(noon.elevationDeg).toBeCloseTo(90 - 52.4 + 23.44, 1);
    expect(sunPosition(52.4, 13.05, Date.UTC(2026, 5, 21, 8)).hourAngleDeg).toBeLessThan(-30);
    expect(sunPosition(52.4, 13.05, Date.UTC(2026, 5, 21, 23)).elevationDeg).toBeLessThan(0);
  });
});

describe('clear sky', () => {
  it('is dark below the horizon and near 1,000 W/m2 under a high sun', () => {
    expect(clearSkyGhi(-3)).toBe(0);
    expect(clearSkyGhi(90)).toBeGreaterThan(1_000);
    expect(clearSkyGhi(90)).toBeLessThan(1_100);
    expect(clearSkyGhi(30)).toBeCloseTo(1_098 * 0.5 * Math.exp(-0.118), 6);
  });
});
