import { describe, expect, it } from 'vitest';
import { resolveProfile } from '../../../../devices/resolve.ts';
import { type SunspecChain, walkChain } from '../../../../devices/sunspec/chain.ts';
import { sunspecProfile } from '../../../../devices/sunspec/driver.ts';
import { SUNSPEC_GENERIC } from '../../../../devices/sunspec/generic.ts';
import { MODELS } from '../../../../devices/sunspec/models.ts';
import { SURVEYED } from '../../../../devices/sunspec/survey.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import { withRegisters } from '../../../../simulators/devices/layout.ts';
import type { DeviceImage } from '../../../../simulators/devices/types.ts';

const BASES = [0, 40_000, 50_000];

function simulated(base: number, models: readonly number[]): DeviceImage {
  const settings = { ratedW: 20_000, strings: 3, chain: { base, models } };
  const { profile } = withRegisters(SUNSPEC_GENERIC, settings);
  return createDeviceImage(profile, { id: 'd1', settings });
}

/** The gateway's walk, by reads that the device answers. */
function walked(image: DeviceImage): SunspecChain {
  const walk = walkChain(SURVEYED);
  let step = walk.next();
  while ('read' in step) {
    const { words, exception } = image.read('holding', step.read.at, step.read.count);
    step = walk.next(exception === 0 ? [...words] : undefined);
  }
  if (!('chain' in step)) throw new Error(JSON.stringify(step));
  return step.chain;
}

describe.each(BASES)('a SunSpec device at register %d', (base) => {
  it.each([
    ['pv-inverter', [1, 103, 120, 121, 123, 160]],
    ['pv-inverter', [1, 101, 120, 123]],
    ['pv-inverter', [1, 112, 120, 121, 122, 123, 160]],
    ['pv-inverter', [1, 113, 120, 123]],
    ['pv-inverter', [1, 701, 702, 703, 704, 705, 706, 711, 712, 715]],
    ['battery-inverter', [1, 701, 702, 704, 713, 714, 715]],
    ['battery-inverter', [1, 103, 120, 121, 124, 802]],
    ['battery-inverter', [1, 103, 120, 121, 123, 124, 160, 803]],
    ['meter', [1, 203]],
    ['meter', [1, 213]],
    ['pv-inverter', [1, 103, 120, 123, 160, 1, 203, 1, 213]],
  ])('%s of models %j is what the gateway makes of it', (role, models) => {
    const image = simulated(base, models);
    const chain = walked(image);
    expect(chain.base).toBe(base);
    expect(chain.models.map(({ id }) => id)).toEqual(models);
    const profile = sunspecProfile(SUNSPEC_GENERIC, chain);
    expect([profile.role, image.profile.role]).toEqual([role, role]);
    expect(Object.keys(profile.points)).toEqual(Object.keys(image.profile.points));
    expect(profile.control).toEqual(image.profile.control);
    const map = resolveProfile(SUNSPEC_GENERIC, chain);
    image.put('powerW', 4_000);
    expect(map.points['powerW']?.at).toBe(image.map.points['powerW']?.at);
    expect(image.take('powerW')).toBe(4_000);
    if (models.includes(160))
      expect(map.points['string3PowerW'] ?? map.points['dcInput3PowerW']).toBeDefined();
  });
});

it('every model that we know has its place in one chain', () => {
  const models = MODELS.map(({ id }) => id);
  expect(walked(simulated(40_000, models)).models.map(({ id }) => id)).toEqual(models);
});

it('says which model is not known, and when they are no device', () => {
  expect(() => simulated(40_000, [1, 9_999])).toThrow('SunSpec model 9999 is not known');
  expect(() => simulated(40_000, [1, 120])).toThrow('none of its SunSpec models is an inverter');
});
