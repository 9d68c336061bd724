import { cos, sin } from '../../../devices/maths.ts';
import type { SunPosition } from './sun.ts';

const RAD = Math.PI / 180;
const ALBEDO = 0.2;
const SOLAR_CONSTANT = 1_361;

/** A plane of modules; `azimuthDeg` from north. */
export interface Plane {
  readonly tiltDeg: number;
  readonly azimuthDeg: number;
}

/**
 * Assumed where nobody has said; what it gets wrong is learnt by the hour from the site's own
 * production.
 */
export const USUAL_PLANE: Plane = { tiltDeg: 30, azimuthDeg: 180 };

/** Share of diffuse light in the global irradiance. Source: Erbs, Klein, Duffie 1982. */
export function diffuseShare(clearness: number): number {
  const k = Math.max(0, Math.min(1, clearness));
  if (k <= 0.22) return 1 - 0.09 * k;
  if (k > 0.8) return 0.165;
  return 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)));
}

/**
 * Irradiance on a plane from the global horizontal one, W/m2: isotropic sky, ground reflection 0.2.
 * @param knownDiffuseShare  of the global irradiance; without it that of Erbs by the clearness
 */
export function planeIrradiance(
  ghiWPerM2: number,
  sun: SunPosition,
  plane: Plane,
  knownDiffuseShare?: number,
): number {
  if (ghiWPerM2 <= 0 || sun.elevationDeg <= 0) return 0;
  const up = Math.max(0.02, sin(sun.elevationDeg * RAD));
  const share = knownDiffuseShare ?? diffuseShare(ghiWPerM2 / (SOLAR_CONSTANT * up));
  const diffuse = ghiWPerM2 * Math.max(0, Math.min(1, share));
  const direct = Math.min((ghiWPerM2 - diffuse) / up, SOLAR_CONSTANT);
  const tilt = plane.tiltDeg * RAD;
  const turn = (sun.azimuthDeg - plane.azimuthDeg) * RAD;
  const incidence =
    sin(sun.elevationDeg * RAD) * cos(tilt) + cos(sun.elevationDeg * RAD) * sin(tilt) * cos(turn);
  return (
    direct * Math.max(0, incidence) +
    (diffuse * (1 + cos(tilt))) / 2 +
    (ghiWPerM2 * ALBEDO * (1 - cos(tilt))) / 2
  );
}

/**
 * Share of the rated power that a plane irradiance gives: -0.4 %/K, cells warmed by the sun
 * (Faiman), no inverter.
 */
export function ratedShare(irradianceWPerM2: number, temperatureC: number): number {
  const cellC = temperatureC + irradianceWPerM2 / 32;
  return (irradianceWPerM2 / 1_000) * (1 - 0.004 * (cellC - 25));
}
