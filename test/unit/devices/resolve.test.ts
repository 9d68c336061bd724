import { describe, expect, it } from 'vitest';
import { SDM630 } from '../../../devices/eastron/sdm630.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { SUNSPEC_PV_INVERTER } from '../../../devices/sunspec/pv-inverter.ts';

const chain = (...models: [id: number, at: number, length: number][]) => ({
  base: 40_000,
  models: models.map(([id, at, length]) => ({ id, at, length })),
});
const common: [number, number, number] = [1, 40_002, 65];
const inverter: [number, number, number] = [103, 40_069, 50];
const nameplate: [number, number, number] = [120, 40_121, 26];
const controls: [number, number, number] = [123, 40_149, 24];

describe('SunSpec', () => {
  it('adds the model address, wherever the walk found it', () => {
    const map = resolveProfile(SUNSPEC_PV_INVERTER, chain(common, inverter, nameplate, controls));
    expect(map.points['powerW']).toMatchObject({
      at: 40_069 + 14,
      count: 1,
      scaleFrom: 'm103.W_SF',
    });
    expect(map.points['inWh']).toMatchObject({ at: 40_069 + 24, count: 2 });
    expect(map.points['limitPct']).toMatchObject({ at: 40_149 + 5, writable: true });
  });
  it('leaves out an optional model, and strings that the device does not have', () => {
    const four = chain(common, inverter, nameplate, controls);
    expect(resolveProfile(SUNSPEC_PV_INVERTER, four).points['string1PowerW']).toBeUndefined();
    const one = chain(common, inverter, nameplate, controls, [160, 40_175, 8 + 20]);
    const map = resolveProfile(SUNSPEC_PV_INVERTER, one);
    expect(map.points['string1PowerW']?.at).toBe(40_175 + 10 + 11);
    expect(map.points['string2PowerW']).toBeUndefined();
  });
  it('leaves out a point whose scale factor lies beyond a short model', () => {
    const short: [number, number, number] = [123, 40_149, 20];
    const map = resolveProfile(SUNSPEC_PV_INVERTER, chain(common, inverter, nameplate, short));
    expect(map.points['limitPct']).toBeUndefined();
    expect(map.points['limitEnable']).toBeDefined();
  });
  it('names a model that is missing, and what there is', () => {
    expect(() => resolveProfile(SUNSPEC_PV_INVERTER, chain(common, inverter))).toThrow(
      'sunspec/pv-inverter needs SunSpec model 120; the device has 1, 103',
    );
    expect(() => resolveProfile(SUNSPEC_PV_INVERTER)).toThrow('needs the walk');
  });
});

it('a register map is resolved as it stands', () => {
  const map = resolveProfile(SDM630);
  expect(map.points['powerW']).toMatchObject({ key: 'powerW', at: 52, count: 2, space: 'input' });
  expect(map.sums).toEqual({});
});
