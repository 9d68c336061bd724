import { cos, sin } from '../../devices/maths.ts';
import { noiseAt, type StreamKey, streamKey } from '../random.ts';
import { clearSkyGhi, extraterrestrialGhi, sunElevationDeg, sunPosition } from './sun.ts';

/** Where a weather is, and which one. Sites of one climate share their clouds. */
export interface Climate {
  readonly seed: number;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

export interface Weather {
  readonly ghiWPerM2: number;
  readonly directWPerM2: number; // normal to the beam
  readonly diffuseWPerM2: number; // horizontal
  readonly temperatureC: number;
  readonly cloudPct: number;
  readonly sunElevationDeg: number;
  readonly sunAzimuthDeg: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** Two-fold clouds: a slow cover (days, hours) and fast shadows whose frequency it sets. */
function cover(slow: StreamKey, atMs: number): number {
  const sum =
    0.62 * noiseAt(slow, atMs, 31 * HOUR) +
    0.3 * noiseAt(slow ^ 1, atMs, 7 * HOUR) +
    0.2 * noiseAt(slow ^ 2, atMs, 1.4 * HOUR);
  return clamp(0.47 + 0.75 * sum, 0, 1);
}

function shade(fast: StreamKey, atMs: number, cloudShare: number): number {
  const n = 0.7 * noiseAt(fast, atMs, 420_000) + 0.3 * noiseAt(fast ^ 1, atMs, 95_000);
  // n is near uniform in [-1, 1]; a shadow passes where it lies below the cover, with soft edges.
  return clamp((cloudShare * 1.3 - 0.15 - (n * 0.62 + 0.5)) / 0.12 + 0.5, 0, 1);
}

/** Erbs et al. 1982: diffuse share of the global irradiance by clearness. */
export function diffuseShare(clearness: number): number {
  if (clearness <= 0.22) return 1 - 0.09 * clearness;
  if (clearness > 0.8) return 0.165;
  const k = clearness;
  return 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)));
}

type Keys = Readonly<Record<'cover' | 'thickness' | 'shadows' | 'masses', StreamKey>>;
const KEYS = new WeakMap<Climate, Keys>();

function keysOf(climate: Climate): Keys {
  let keys = KEYS.get(climate);
  if (keys === undefined) {
    const { seed } = climate;
    keys = {
      cover: streamKey(seed, 'cloud-cover'),
      thickness: streamKey(seed, 'cloud-thickness'),
      shadows: streamKey(seed, 'cloud-shadows'),
      masses: streamKey(seed, 'air-masses'),
    };
    KEYS.set(climate, keys);
  }
  return keys;
}

/** What of a clear sky's light comes through, 0..1. */
function through(keys: Keys, atMs: number, cloudShare: number): number {
  const thickness = 0.68 + 0.16 * noiseAt(keys.thickness, atMs, 5 * HOUR);
  return 1 - thickness * shade(keys.shadows, atMs, cloudShare);
}

/** Global irradiance of `weatherAt`, W/m2, without all the rest. */
export function ghiAt(climate: Climate, atMs: number): number {
  const { latitudeDeg, longitudeDeg } = climate;
  const clear = clearSkyGhi(sunElevationDeg(latitudeDeg, longitudeDeg, atMs));
  if (clear === 0) return 0;
  const keys = keysOf(climate);
  return clear * through(keys, atMs, cover(keys.cover, atMs));
}

/** Weather at an instant: a pure function of seed, place and time. */
export function weatherAt(climate: Climate, atMs: number): Weather {
  const keys = keysOf(climate);
  const sun = sunPosition(climate.latitudeDeg, climate.longitudeDeg, atMs);
  const cloudShare = cover(keys.cover, atMs);
  const clear = clearSkyGhi(sun.elevationDeg);
  const ghi = clear === 0 ? 0 : clear * through(keys, atMs, cloudShare);
  const outside = extraterrestrialGhi(sun.elevationDeg, atMs);
  const share = outside > 5 ? diffuseShare(clamp(ghi / outside, 0, 1)) : 1;
  const height = Math.max(0.05, sin((sun.elevationDeg * Math.PI) / 180));
  return {
    ghiWPerM2: ghi,
    directWPerM2: (ghi * (1 - share)) / height,
    diffuseWPerM2: ghi * share,
    temperatureC: temperature(climate, keys.masses, atMs, cloudShare),
    cloudPct: cloudShare * 100,
    sunElevationDeg: sun.elevationDeg,
    sunAzimuthDeg: sun.azimuthDeg,
  };
}

/**
 * Season, time of day (warmest at 15 h solar time, flatter under clouds) and passing air masses.
 */
function temperature(climate: Climate, key: StreamKey, atMs: number, cloudShare: number): number {
  const south = climate.latitudeDeg < 0 ? Math.PI : 0;
  const season = cos((2 * Math.PI * (atMs / DAY - 17)) / 365.2422 - Math.PI + south);
  const solarHour = (atMs / HOUR + climate.longitudeDeg / 15) % 24;
  const day = cos(((solarHour - 15) / 24) * 2 * Math.PI);
  const masses = noiseAt(key, atMs, 40 * HOUR);
  return 10 + 9.5 * season + (5.5 - 3 * cloudShare) * day + 4 * masses;
}
