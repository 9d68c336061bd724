import { expect } from 'vitest';
import { encodePoint } from '../../../../devices/codec.ts';
import type { ControlSpec, Profile, WriteStep } from '../../../../devices/profile.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import type { DeviceImage } from '../../../../simulators/devices/types.ts';

/** Writes to simulated devices as their profiles say, made without the gateway's code. */
export const RATED_W = 10_000;
export const TIMEOUT_S = 60;

export interface Asked {
  readonly powerW: number;
  readonly currentA: number;
  readonly direction: WriteStep['when'];
}

function valueFor({ value }: WriteStep, { powerW, currentA }: Asked): number {
  if ('const' in value) return value.const;
  const values: Readonly<Record<typeof value.from, number>> = {
    powerW,
    absPowerW: Math.abs(powerW),
    powerPct: (100 * powerW) / RATED_W,
    timeoutS: TIMEOUT_S,
    currentA,
    safeW: 0,
    safePct: 0,
    safeOn: 1,
    on: powerW === 0 ? 0 : 1,
  };
  return values[value.from];
}

/** Writes of a sequence, neighbours that belong together in one frame. */
export function write(image: DeviceImage, steps: readonly WriteStep[], asked: Asked): void {
  const { map } = image;
  const frames: { at: number; words: number[]; space: 'holding' | 'coil' }[] = [];
  for (const step of steps.filter(({ when }) => when === undefined || when === asked.direction)) {
    const point = map.points[step.point];
    if (point === undefined) throw new Error(step.point);
    const exponent = point.scaleFrom === undefined ? undefined : image.take(point.scaleFrom);
    const wished = valueFor(step, asked);
    const inside = Math.min(Math.max(wished, point.min ?? wished), point.max ?? wished);
    const words = encodePoint(map, point, inside, exponent);
    const at = point.writeAt ?? point.at;
    if (step.together === true) frames.at(-1)?.words.push(...words);
    else frames.push({ at, words, space: point.space === 'coil' ? 'coil' : 'holding' });
  }
  for (const frame of frames) {
    expect(image.write(frame.space, frame.at, frame.words), `write at ${frame.at}`).toBe(0);
  }
}

export function fresh(profile: Profile): DeviceImage {
  const settings = { ratedW: RATED_W, chargeMaxW: RATED_W, dischargeMaxW: RATED_W };
  const image = createDeviceImage(profile, { id: 'device1', settings });
  image.step(0);
  return image;
}

export function askedFor(spec: ControlSpec): Asked[] {
  const of = (powerW: number): Asked => ({
    powerW,
    currentA: 10,
    direction: powerW < 0 ? 'charging' : 'discharging',
  });
  if (spec.kind === 'setpoint') return [of(-4_000), of(4_000)];
  return [of(spec.kind === 'on-off' ? 0 : 4_000)];
}
