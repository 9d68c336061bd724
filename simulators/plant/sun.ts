import { asin, atan2, cos, exp, sin, tan } from '../../devices/maths.ts';

const RAD = Math.PI / 180;

export interface SunPosition {
  readonly elevationDeg: number; // geometric, without refraction
  readonly azimuthDeg: number; // from north, clockwise
}

/** NOAA's solar calculator after Meeus (gml.noaa.gov/grad/solcalc); error below 0.02 deg. */
function sunAt(latitudeDeg: number, longitudeDeg: number, atMs: number): Sun {
  const julianDay = atMs / 86_400_000 + 2_440_587.5;
  const t = (julianDay - 2_451_545) / 36_525;
  const meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032);
  const anomaly = (357.52911 + t * (35_999.05029 - 0.0001537 * t)) * RAD;
  const eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
  const sinAnomaly = sin(anomaly);
  const sinTwice = sin(2 * anomaly);
  const centre =
    sinAnomaly * (1.914602 - t * (0.004817 + 0.000014 * t)) +
    sinTwice * (0.019993 - 0.000101 * t) +
    sin(3 * anomaly) * 0.000289;
  const omega = (125.04 - 1934.136 * t) * RAD;
  const apparent = (meanLongitude + centre - 0.00569 - 0.00478 * sin(omega)) * RAD;
  const obliquity =
    (23 +
      (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60 +
      0.00256 * cos(omega)) *
    RAD;
  const declination = asin(sin(obliquity) * sin(apparent));
  const half = tan(obliquity / 2);
  const y = half * half;
  const l2 = 2 * meanLongitude * RAD;
  const equationMinutes =
    (4 / RAD) *
    (y * sin(l2) -
      2 * eccentricity * sinAnomaly +
      4 * eccentricity * y * sinAnomaly * cos(l2) -
      0.5 * y * y * sin(2 * l2) -
      1.25 * eccentricity * eccentricity * sinTwice);
  const utcMinutes = (atMs / 60_000) % 1440;
  const hourAngle = ((utcMinutes + equationMinutes + 4 * longitudeDeg) / 4 - 180) * RAD;
  const latitude = latitudeDeg * RAD;
  const sinLatitude = sin(latitude);
  const cosLatitude = cos(latitude);
  const cosHour = cos(hourAngle);
  const sine = sinLatitude * sin(declination) + cosLatitude * cos(declination) * cosHour;
  const elevationDeg = asin(Math.max(-1, Math.min(1, sine))) / RAD;
  return { elevationDeg, declination, hourAngle, cosHour, sinLatitude, cosLatitude };
}

/** Where it stands, and what its azimuth is made of; angles in radians but for the elevation. */
interface Sun {
  readonly elevationDeg: number;
  readonly declination: number;
  readonly hourAngle: number;
  readonly cosHour: number;
  readonly sinLatitude: number;
  readonly cosLatitude: number;
}

export function sunPosition(latitudeDeg: number, longitudeDeg: number, atMs: number): SunPosition {
  const sun = sunAt(latitudeDeg, longitudeDeg, atMs);
  const { elevationDeg, declination, hourAngle, cosHour, sinLatitude, cosLatitude } = sun;
  const north = cosHour * sinLatitude - tan(declination) * cosLatitude;
  const azimuth = atan2(sin(hourAngle), north) / RAD;
  return { elevationDeg, azimuthDeg: (azimuth + 180 + 360) % 360 };
}

/** The same elevation alone. */
export const sunElevationDeg = (latitudeDeg: number, longitudeDeg: number, atMs: number): number =>
  sunAt(latitudeDeg, longitudeDeg, atMs).elevationDeg;

/** Global horizontal irradiance of a clear sky, W/m2 (Haurwitz 1945). */
export function clearSkyGhi(elevationDeg: number): number {
  if (elevationDeg <= 0) return 0;
  const cosZenith = sin(elevationDeg * RAD);
  return 1098 * cosZenith * exp(-0.057 / cosZenith);
}

/** Irradiance outside the atmosphere on a horizontal plane, W/m2. */
export function extraterrestrialGhi(elevationDeg: number, atMs: number): number {
  if (elevationDeg <= 0) return 0;
  const dayAngle = (2 * Math.PI * (atMs / 86_400_000)) / 365.2422;
  return 1361 * (1 + 0.033 * cos(dayAngle)) * sin(elevationDeg * RAD);
}
