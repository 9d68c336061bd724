import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import { encodePoint } from '../../../../devices/codec.ts';
import type { ControlSpec, Profile, WriteStep } from '../../../../devices/profile.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import type { Commanded, DeviceImage } from '../../../../simulators/devices/types.ts';

/**
 * Every control of every profile, written as the profile says: the simulated device must
 * understand, end by itself as the profile says, and let go when it is released.
 */
const RATED_W = 10_000;
const TIMEOUT_S = 60;

interface Asked {
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
function write(image: DeviceImage, steps: readonly WriteStep[], asked: Asked): void {
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

function fresh(profile: Profile): DeviceImage {
  const settings = { ratedW: RATED_W, chargeMaxW: RATED_W, dischargeMaxW: RATED_W };
  const image = createDeviceImage(profile, { id: 'device1', settings });
  image.step(0);
  return image;
}

const size = (told: Commanded): number | boolean | undefined =>
  told.setpointW ?? told.limitW ?? told.enabled ?? told.currentA;

function askedFor(spec: ControlSpec): Asked[] {
  const of = (powerW: number): Asked => ({
    powerW,
    currentA: 10,
    direction: powerW < 0 ? 'charging' : 'discharging',
  });
  if (spec.kind === 'setpoint') return [of(-4_000), of(4_000)];
  return [of(spec.kind === 'on-off' ? 0 : 4_000)];
}

function expected(spec: ControlSpec, { powerW, currentA }: Asked): number | boolean {
  if (spec.kind === 'on-off') return powerW !== 0;
  return spec.kind === 'steps' ? currentA : powerW;
}

const cases = CATALOGUE.flatMap((profile) =>
  profile.control.flatMap((spec) =>
    askedFor(spec).map((asked): [string, Profile, ControlSpec, Asked] => [
      `${profile.id} ${spec.binds || 'itself'} ${spec.kind} ${asked.powerW} W`,
      profile,
      spec,
      asked,
    ]),
  ),
);

describe.each(cases)('%s', (_name, profile, spec, asked) => {
  const { arm, set, release, reversion, heartbeat } = spec;

  it('is understood, and given back', () => {
    const image = fresh(profile);
    write(image, [...arm, ...set], asked);
    image.step(1_000);
    const told = image.control();
    expect(told.ownMode).toBe(false);
    const wanted = expected(spec, asked);
    if (typeof wanted === 'boolean') expect(size(told)).toBe(wanted);
    else expect(size(told)).toBeCloseTo(wanted, -2);
    write(image, release, asked);
    if (release.length > 0 && reversion.to !== 'value') {
      image.step(2_000);
      expect(image.control().ownMode).toBe(true);
    }
  });

  it('ends by itself where the profile says so, and only there', () => {
    const image = fresh(profile);
    write(image, [...arm, ...set], asked);
    const timed = [...arm, ...set].some(
      ({ value }) => 'from' in value && value.from === 'timeoutS',
    );
    const leftMs = image.control().leftMs;
    if (heartbeat === undefined) {
      if (reversion.to === 'none') expect(leftMs).toBeUndefined();
      else expect(leftMs).toBeCloseTo(1_000 * (timed ? TIMEOUT_S : reversion.minS), -3);
    }
    image.step(1_000 * Math.max(TIMEOUT_S, reversion.minS) + 1_000);
    const after = image.control();
    if (reversion.to === 'none' && heartbeat === undefined) {
      expect(size(after)).toEqual(size(image.control()));
      expect(after.ownMode).toBe(false);
    } else if (reversion.to === 'value') {
      expect(Math.abs(Number(size(after) ?? 0))).toBeLessThanOrEqual(16);
    } else {
      expect(after.ownMode).toBe(true);
    }
  });
});
