import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../devices/catalogue.ts';
import type { DeviceImage } from '../../../../simulators/devices/types.ts';
import { surround } from '../../../../simulators/sites/alone.ts';
import { askedFor, fresh, write } from '../devices/written.ts';

const NOON = Date.UTC(2026, 5, 17, 10);
const NIGHT = Date.UTC(2026, 5, 17, 22); // nothing takes the converter's place from the battery
const STEP_MS = 2_000;

/** Lets seconds pass, in turns as requests would make them. */
function pass(image: DeviceImage, turn: (nowMs: number) => void, fromMs: number, untilMs: number) {
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += STEP_MS) {
    image.step(nowMs);
    turn(nowMs);
  }
}

describe.each(CATALOGUE.map((profile) => [profile.id, profile] as const))('%s', (_id, profile) => {
  it('measures something plausible at noon, inside the ranges of its points', () => {
    const image = fresh(profile);
    const { turn } = surround(image, 7, NOON);
    pass(image, turn, 0, 20_000);
    const powers = [...Object.keys(image.map.points), ...Object.keys(image.map.sums ?? {})].filter(
      (key) => /(^|\.)powerW$|powerL1W$/.test(key),
    );
    if (profile.role !== 'relay') {
      expect(powers.some((key) => Math.abs(image.take(key) ?? 0) > 10)).toBe(true);
    }
    for (const { key, as, min, max } of Object.values(image.map.points)) {
      if (as === 'str' || as === 'sf') continue;
      const value = image.take(key);
      if (value === undefined) continue;
      if (min !== undefined) expect(value, key).toBeGreaterThanOrEqual(min);
      if (max !== undefined) expect(value, key).toBeLessThanOrEqual(max);
    }
  });

  const controls = profile.control.flatMap((spec) =>
    askedFor(spec).map((asked) => [`${spec.binds || 'itself'} ${spec.kind}`, spec, asked] as const),
  );
  it.each(controls)('%s takes effect', (_name, spec, asked) => {
    const image = fresh(profile);
    const { turn } = surround(image, 7, spec.kind === 'limit' ? NOON : NIGHT);
    const of = (prefix: string): number | undefined => {
      const key = `${prefix}powerW`;
      return image.has(key) || image.map.sums?.[key] ? image.take(key) : undefined;
    };
    pass(image, turn, 0, 4_000);
    write(image, [...spec.arm, ...spec.set], asked);
    pass(image, turn, 6_000, 20_000);
    const shown = of(spec.kind === 'setpoint' && profile.role === 'hybrid' ? 'battery.' : '');
    if (shown === undefined) return; // it does not measure what it controls
    if (spec.kind === 'setpoint') expect(shown).toBeCloseTo(asked.powerW, -3);
    else if (spec.kind === 'limit') expect(shown).toBeLessThan(asked.powerW + 100);
  });
});
