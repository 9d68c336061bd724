import { asin, atan2, cos, exp, sin } from '../../../devices/maths.ts';
import type { Instant } from '../../contracts/values/time.ts';

const RAD = Math.PI / 180;
const DAY_MS = 86_400_000;
/** Terrestrial time runs ahead of UTC; 69 s holds to a second through the 2020s. */
const TT_AHEAD_DAYS = 69.2 / 86_400;

export interface SunPosition {
  readonly elevationDeg: number; // geometric, without refraction
  readonly azimuthDeg: number; // from north, clockwise
  readonly hourAngleDeg: number; // 0 = true noon, negative before
}

const degrees = (value: number): number => value - 360 * Math.floor(value / 360);
const sinDeg = (value: number): number => sin(degrees(value) * RAD);
const cosDeg = (value: number): number => cos(degrees(value) * RAD);

/**
 * Position of the sun; within 0.01 degrees of the NREL algorithm from 2000 to 2050. Source: J.
 * Meeus, Astronomical Algorithms, chapters 12 and 25 (low accuracy), as in NOAA's solar calculator.
 */
export function sunPosition(latitudeDeg: number, longitudeDeg: number, atMs: Instant): SunPosition {
  const days = atMs / DAY_MS + 2_440_587.5 - 2_451_545;
  const t = (days + TT_AHEAD_DAYS) / 36_525;
  const meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032);
  const anomaly = 357.52911 + t * (35_999.05029 - t * 0.0001537);
  const centre =
    sinDeg(anomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
    sinDeg(2 * anomaly) * (0.019993 - t * 0.000101) +
    sinDeg(3 * anomaly) * 0.000289;
  const node = 125.04 - 1_934.136 * t;
  const longitude = meanLongitude + centre - 0.00569 - 0.00478 * sinDeg(node);
  const obliquity = 23.4392911 - t * (0.0130042 + t * 1.64e-7) + 0.00256 * cosDeg(node);
  const sinLongitude = sinDeg(longitude);
  const declination = asin(sinDeg(obliquity) * sinLongitude);
  const ascension = atan2(cosDeg(obliquity) * sinLongitude, cosDeg(longitude)) / RAD;
  const century = days / 36_525;
  const sidereal = 280.46061837 + 360.98564736629 * days + century * century * 0.000387933;
  const turned = degrees(sidereal + longitudeDeg - ascension);
  const hourAngleDeg = turned > 180 ? turned - 360 : turned;
  const sinLatitude = sinDeg(latitudeDeg);
  const cosLatitude = cosDeg(latitudeDeg);
  const cosHour = cosDeg(hourAngleDeg);
  const sinDeclination = sin(declination);
  const cosDeclination = cos(declination);
  const height = sinLatitude * sinDeclination + cosLatitude * cosDeclination * cosHour;
  const south = atan2(
    sinDeg(hourAngleDeg) * cosDeclination,
    cosHour * sinLatitude * cosDeclination - sinDeclination * cosLatitude,
  );
  return {
    elevationDeg: asin(Math.max(-1, Math.min(1, height))) / RAD,
    azimuthDeg: degrees(south / RAD + 180),
    hourAngleDeg,
  };
}

/**
 * Global horizontal irradiance of a clear sky, W/m2. Source: B. Haurwitz, 1945 (coefficients as in
 * Reno 2012).
 */
export function clearSkyGhi(elevationDeg: number): number {
  if (elevationDeg <= 0) return 0;
  const up = sinDeg(elevationDeg);
  return 1_098 * up * exp(-0.059 / up);
}
