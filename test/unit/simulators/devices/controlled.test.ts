import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import type { ControlSpec, Profile } from '../../../../devices/profile.ts';
import type { Commanded } from '../../../../simulators/devices/types.ts';
import { type Asked, askedFor, fresh, TIMEOUT_S, write } from './written.ts';

/**
 * Every control of every profile, written as the profile says: the simulated device must
 * understand, end by itself as the profile says, and let go when it is released.
 */
const size = (told: Commanded): number | boolean | undefined =>
  told.setpointW ?? told.limitW ?? told.enabled ?? told.currentA;

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
