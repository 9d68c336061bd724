import { describe, expect, it } from 'vitest';
import { CATALOGUE, profileById } from '../../../../devices/catalogue.ts';
import { decodePoint, decodeText } from '../../../../devices/codec.ts';
import { resolveProfile } from '../../../../devices/resolve.ts';
import { walkChain } from '../../../../devices/sunspec/chain.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import type { DeviceImage, DeviceSettings } from '../../../../simulators/devices/types.ts';

function device(profile: string, settings: Partial<DeviceSettings> = {}): DeviceImage {
  const found = profileById(profile);
  if (found === undefined) throw new Error(profile);
  return createDeviceImage(found, { id: 'device1', settings: { ratedW: 50_000, ...settings } });
}

/** What a client sees that walks the chain and reads point by point. */
function seen(image: DeviceImage, key: string): number | undefined {
  const walk = walkChain();
  let step = walk.next();
  while ('read' in step) {
    const { words, exception } = image.read('holding', step.read.at, step.read.count);
    step = walk.next(exception === 0 ? words : undefined);
  }
  const map = resolveProfile(image.profile, 'chain' in step ? step.chain : undefined);
  const read = (name: string) => {
    const point = map.points[name];
    if (point === undefined) throw new Error(`no ${name}`);
    const { words, exception } = image.read(point.space, point.at, point.count);
    expect(exception).toBe(0);
    return { point, words };
  };
  const { point, words } = read(key);
  if (point.scaleFrom === undefined) return decodePoint(map, point, words, 0);
  const scale = read(point.scaleFrom);
  return decodePoint(map, point, words, 0, decodePoint(map, scale.point, scale.words, 0));
}

describe('every profile', () => {
  it.each(CATALOGUE.map(({ id }) => id))('%s answers every point with a number at rest', (id) => {
    const image = device(id, { ratedW: 8_000 });
    image.step(5_000);
    for (const [key, point] of Object.entries(image.map.points)) {
      if (point.writeOnly === true) continue;
      if (point.as === 'str') {
        expect(decodeText(point, image.raw[point.space], point.at), key).not.toBe('');
        continue;
      }
      const value = seen(image, key);
      expect(value, key).toBeDefined();
      if (point.min !== undefined) expect(value, key).toBeGreaterThanOrEqual(point.min);
      if (point.max !== undefined) expect(value, key).toBeLessThanOrEqual(point.max);
    }
  });
  it('has the chain of the SunSpec devices in order, and nothing behind its end', () => {
    const image = device('sunspec/battery-701');
    const walk = walkChain();
    let step = walk.next();
    while ('read' in step) step = walk.next(image.read('holding', step.read.at, 2).words);
    expect('chain' in step && step.chain.models.map(({ id }) => id)).toEqual([
      1, 701, 702, 704, 713, 714, 715,
    ]);
    const last = 'chain' in step ? step.chain.models.at(-1) : undefined;
    const end = (last?.at ?? 0) + 2 + (last?.length ?? 0);
    expect(image.read('holding', end, 2)).toEqual({ words: [0xffff, 0], exception: 0 });
    expect(image.read('holding', end, 3).exception).toBe(2);
  });
});

describe('put', () => {
  it('is in busbar units and sign, and spreads over the phases', () => {
    const meter = device('sunspec/meter-203', { ratedW: 110_000 });
    meter.put('powerW', -52_340);
    expect(seen(meter, 'powerW')).toBe(-52_340);
    expect(seen(meter, 'powerL1W')).toBe(-17_450);
    expect(seen(meter, 'currentL3A')).toBe(75.9);
    expect(seen(meter, 'powerFactor')).toBe(-1);
    meter.put('powerL1W', -20_000);
    expect(seen(meter, 'powerL1W')).toBe(-20_000);
    const charger = device('edgewatt/demo-wallbox');
    charger.put('powerW', -11_040);
    expect(charger.raw.input.slice(1, 3)).toEqual(Uint16Array.of(0, 11_040));
    expect(charger.take('currentL1A')).toBe(16);
  });
  it('spreads a sum over its parts and brings a limit in W to A', () => {
    const hybrid = device('goodwe/et', { ratedW: 8_000 });
    hybrid.put('pv.powerW', 6_000);
    expect([
      hybrid.take('pv.string1PowerW'),
      hybrid.take('pv.string2PowerW'),
      hybrid.take('pv.powerW'),
    ]).toEqual([3_000, 3_000, 6_000]);
    hybrid.put('battery.chargeMaxW', 4_390); // at 400 V: no BMS allows more than it takes
    expect(hybrid.take('battery.chargeMaxA')).toBe(10);
    expect([
      hybrid.has('pv.powerW'),
      hybrid.has('battery.chargeMaxW'),
      hybrid.has('battery.setW'),
    ]).toEqual([true, true, false]);
    expect(() => hybrid.put('battery.setW', 1)).toThrow('no point battery.setW');
  });
  it('counts energy from a reading of its own', () => {
    const meter = device('eastron/sdm630');
    meter.put('inWh', 1_500);
    expect(meter.take('inWh')).toBe(11_500);
    const fresh = device('sunspec/meter-203', { counterStartWh: 0 });
    expect(fresh.take('inWh')).toBeUndefined();
  });
  it('writes "not available", and never a value that does not fit', () => {
    const meter = device('sunspec/meter-203', { ratedW: 10_000 });
    meter.put('powerW', undefined);
    expect(seen(meter, 'powerW')).toBeUndefined();
    expect(seen(meter, 'powerL2W')).toBeUndefined();
    expect(() => meter.put('powerW', 40_000)).toThrow(RangeError);
    expect(() =>
      device('sunspec/meter-203', {
        ratedW: 10_000,
        exponents: { 'm203.W_SF': 1, 'm203.VA_SF': 1 },
      }).put('powerW', 40_000),
    ).not.toThrow();
  });
});

describe('reads and writes are refused as a device does', () => {
  const battery = () => device('sunspec/battery-701');
  const at = (image: DeviceImage, key: string): number => image.map.points[key]?.at ?? -1;
  it('reads: 2 outside the map, 3 for a wrong count, 1 for a space that is not there', () => {
    const image = device('eastron/sdm630');
    expect(image.read('input', 0, 76).exception).toBe(0);
    expect(image.read('input', 0, 77).exception).toBe(2);
    expect(image.read('input', 0, 0).exception).toBe(3);
    expect(image.read('input', 0, 126).exception).toBe(3);
    expect(image.read('holding', 0, 1).exception).toBe(1);
    expect(device('goodwe/et').read('holding', 65_535, 2).exception).toBe(2);
  });
  it('writes: 2 for what is read-only, 3 for half a point, a sentinel, a wrong value', () => {
    const image = battery();
    expect(image.write('holding', at(image, 'powerW'), [1])).toBe(2);
    expect(image.write('holding', at(image, 'setW'), [1])).toBe(3);
    expect(image.write('holding', at(image, 'setW'), [0x8000, 0])).toBe(3);
    expect(image.write('holding', at(image, 'setMode'), [7])).toBe(3);
    expect(image.write('holding', at(image, 'setEnable'), [2])).toBe(3);
    expect(image.write('holding', at(image, 'setW'), [0xffff, 0xb1e0])).toBe(0);
    expect(image.take('setW')).toBe(-20_000);
    expect(image.write('coil', 0, [1])).toBe(1);
  });
  it('writes nothing of a request that is refused', () => {
    const image = battery();
    const enable = at(image, 'setEnable');
    expect(image.write('holding', enable, [1, 9])).toBe(3);
    expect(image.take('setEnable')).toBe(0);
  });
  it('refuses everything remote under local control', () => {
    const image = battery();
    image.put('localControl', 1);
    expect(image.write('holding', at(image, 'setEnable'), [1])).toBe(4);
  });
});
