import { cos, sin } from '../../devices/maths.ts';
import { type Script, scriptedW } from './script.ts';
import { type Advanced, type Command, clamp, counted, type Surroundings } from './types.ts';
import type { Weather } from './weather.ts';

export interface PvString {
  readonly ratedW: number; // at standard test conditions
  readonly tiltDeg: number; // 0 = flat
  readonly azimuthDeg: number; // from north: 180 = south
}

export interface PvConfig {
  readonly kind: 'pv';
  readonly id: string;
  readonly ratedW: number; // of the inverter, ac
  readonly strings: readonly PvString[];
  readonly rampWPerS: number; // how fast a limit takes hold and lets go
  readonly script?: Script; // what the sun offers, in place of the sky
}

export interface PvState {
  readonly limitW: number; // where the ramp stands
  readonly inWh: number;
  readonly outWh: number;
}

const RAD = Math.PI / 180;
const ALBEDO = 0.2;
const LOSS = 0.96; // soiling, mismatch, cables

/** Sine and cosine of a roof's tilt, which stays, and of the sun's height, which strings share. */
const tilts = new WeakMap<PvString, readonly [sine: number, cosine: number]>();
let height: { readonly elevation: number; readonly sine: number; readonly cosine: number } = {
  ...{ elevation: Number.NaN, sine: Number.NaN, cosine: Number.NaN },
};

function tiltOf(string: PvString): readonly [sine: number, cosine: number] {
  let known = tilts.get(string);
  if (known === undefined) {
    const tilt = string.tiltDeg * RAD;
    known = [sin(tilt), cos(tilt)];
    tilts.set(string, known);
  }
  return known;
}

function heightOf(elevation: number): typeof height {
  if (height.elevation !== elevation) {
    height = { elevation, sine: sin(elevation), cosine: cos(elevation) };
  }
  return height;
}

/**
 * DC power of one string: plane irradiance (isotropic sky), cell temperature (Faiman), -0.38 %/K.
 */
export function stringPowerW(string: PvString, weather: Weather): number {
  if (weather.ghiWPerM2 === 0) return 0;
  const [sinTilt, cosTilt] = tiltOf(string);
  const { sine, cosine } = heightOf(weather.sunElevationDeg * RAD);
  const turn = (weather.sunAzimuthDeg - string.azimuthDeg) * RAD;
  const incidence = sine * cosTilt + cosine * sinTilt * cos(turn);
  const plane =
    (weather.sunElevationDeg > 0 ? weather.directWPerM2 * Math.max(0, incidence) : 0) +
    (weather.diffuseWPerM2 * (1 + cosTilt)) / 2 +
    (weather.ghiWPerM2 * ALBEDO * (1 - cosTilt)) / 2;
  const cellC = weather.temperatureC + plane / 35;
  return Math.max(0, string.ratedW * (plane / 1000) * (1 - 0.0038 * (cellC - 25)) * LOSS);
}

/** Mean power that a recording offers in the sub-step, or undefined without one. */
export function drivenPvW(s: Surroundings): number | undefined {
  const wh = s.drive?.pvWh?.(s.fromMs, s.fromMs + s.dtMs);
  return wh === undefined ? undefined : (wh * 3_600_000) / s.dtMs;
}

export function startPv(config: PvConfig): PvState {
  return { limitW: config.ratedW, inWh: 0, outWh: 0 };
}

/** A limit moves at `rampWPerS`; the inverter then gives what the sun offers, up to it. */
export function advancePv(
  config: PvConfig,
  state: PvState,
  command: Command | undefined,
  s: Surroundings,
): Advanced<PvState> {
  const driven = drivenPvW(s) ?? scriptedW(config.script, s.fromMs + s.dtMs / 2);
  const dcW = config.strings.map((string) => stringPowerW(string, s.weather));
  const dcSumW = dcW.reduce((sum, w) => sum + w, 0);
  const convertedW = Math.max(0, dcSumW * 0.98 - config.ratedW * 0.003);
  const availableW = Math.min(config.ratedW, driven ?? convertedW);
  const goalW = clamp(command?.limitW ?? config.ratedW, 0, config.ratedW);
  const mostMove = (config.rampWPerS * s.dtMs) / 1000;
  const limitW = state.limitW + clamp(goalW - state.limitW, -mostMove, mostMove);
  const powerW = Math.min(availableW, limitW);
  const share = dcSumW > 0 ? powerW / 0.98 / dcSumW : 0;
  const next = { limitW, ...counted(state, powerW, s.dtMs) };
  return {
    state: next,
    places: {
      [config.id]: {
        kind: 'pv',
        powerW,
        inWh: next.inWh,
        outWh: next.outWh,
        availableW,
        aloneW: availableW,
        stringsW: dcW.map((w) => (dcSumW > 0 ? w * share : powerW / 0.98 / dcW.length)),
      },
    },
  };
}
