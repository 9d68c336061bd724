import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { encodePoint } from '../../../../devices/codec.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import type { DeviceSettings } from '../../../../simulators/devices/types.ts';

/** A device on a timeline: writes in canonical values, as the gateway's writer makes them. */
function device(name: string, settings: DeviceSettings) {
  const profile = profileById(name);
  if (profile === undefined) throw new Error(name);
  const image = createDeviceImage(profile, { id: 'device1', settings });
  let nowMs = 1_000_000;
  image.step(nowMs);
  return {
    image,
    write(key: string, value: number): number {
      const point = image.map.points[key];
      if (point === undefined) throw new Error(key);
      const exponent = point.scaleFrom === undefined ? undefined : image.take(point.scaleFrom);
      return image.write('holding', point.at, encodePoint(image.map, point, value, exponent));
    },
    after(seconds: number) {
      nowMs += seconds * 1_000;
      image.step(nowMs);
      return image.control();
    },
  };
}

describe('sunspec/battery-701: 704', () => {
  const armed = () => {
    const battery = device('sunspec/battery-701', { ratedW: 50_000 });
    for (const [key, value] of [
      ['setReversionS', 60],
      ['setReversionW', -1_000],
      ['setReversionEnable', 1],
      ['setMode', 1],
      ['setW', -20_000],
      ['setEnable', 1],
    ] as const)
      expect(battery.write(key, value)).toBe(0);
    return battery;
  };
  it('follows the setpoint while its time runs, and shows what is left', () => {
    const battery = armed();
    expect(battery.after(0)).toEqual({ ownMode: false, setpointW: -20_000, leftMs: 60_000 });
    expect(battery.after(18.5)).toMatchObject({ setpointW: -20_000, leftMs: 41_500 });
    expect(battery.image.take('setReversionLeftS')).toBe(42);
  });
  it('reverts to the value when nobody writes', () => {
    const battery = armed();
    expect(battery.after(59.9)).toMatchObject({ setpointW: -20_000 });
    expect(battery.after(0.1)).toEqual({ ownMode: false, setpointW: -1_000 });
    expect(battery.image.take('setReversionLeftS')).toBe(0);
    expect(battery.image.take('setEnable')).toBe(1);
  });
  it('is renewed by any write of the control, not by others', () => {
    const battery = armed();
    battery.after(50);
    battery.write('setW', 10_000);
    expect(battery.after(50)).toMatchObject({ setpointW: 10_000 });
    battery.write('heartbeat', 1);
    expect(battery.after(10)).toMatchObject({ setpointW: -1_000 });
  });
  it('is released by its enable, and reverts to the own mode where the reversion says so', () => {
    const released = armed();
    released.write('setEnable', 0);
    expect(released.after(0)).toEqual({ ownMode: true });
    expect(released.after(100)).toEqual({ ownMode: true });
    const off = armed();
    off.write('setReversionEnable', 0);
    expect(off.after(60)).toEqual({ ownMode: true });
  });
  it('never ends with a reversion time of 0', () => {
    const battery = armed();
    battery.write('setReversionS', 0);
    expect(battery.after(1e6)).toEqual({ ownMode: false, setpointW: -20_000 });
  });
  it('counts its heartbeat in seconds', () => {
    const battery = armed();
    battery.after(7.9);
    expect(battery.image.take('deviceHeartbeat')).toBe(7);
  });
});

describe('sunspec/pv-inverter: 123', () => {
  it('limits to a share of its nameplate, then is back at full power', () => {
    const inverter = device('sunspec/pv-inverter', { ratedW: 60_000 });
    expect(inverter.after(0)).toEqual({ ownMode: true });
    inverter.write('limitReversionS', 60);
    inverter.write('limitPct', 25.5);
    expect(inverter.after(0)).toEqual({ ownMode: true });
    inverter.write('limitEnable', 1);
    expect(inverter.after(1)).toEqual({ ownMode: false, limitW: 15_300, leftMs: 59_000 });
    inverter.write('limitPct', 0);
    expect(inverter.after(59)).toMatchObject({ limitW: 0 });
    expect(inverter.after(1)).toEqual({ ownMode: true });
    expect(inverter.image.take('limitEnable')).toBe(0);
  });
});

describe('sunspec/battery-124', () => {
  it('takes both rates on one value as a setpoint, then is on its own', () => {
    const battery = device('sunspec/battery-124', { ratedW: 8_000 });
    battery.write('setReversionS', 60);
    battery.write('dischargeRatePct', -30);
    battery.write('chargeRatePct', -30);
    battery.write('setMode', 3);
    expect(battery.after(0)).toEqual({ ownMode: false, setpointW: -2_400, leftMs: 60_000 });
    const out = battery.image.map.points['dischargeRatePct']?.at ?? 0;
    expect(battery.image.raw.holding.slice(out, out + 2)).toEqual(
      Uint16Array.of(-3000 & 0xffff, 3000),
    );
    expect(battery.after(60)).toEqual({ ownMode: true });
  });
});

describe('goodwe/et', () => {
  it('holds the last command for ever: there is no time', () => {
    const hybrid = device('goodwe/et', { ratedW: 8_000 });
    expect(hybrid.after(0)).toEqual({ ownMode: true });
    hybrid.write('battery.setSizeW', 3_000);
    hybrid.write('battery.setMode', 11);
    expect(hybrid.after(0)).toEqual({ ownMode: false, setpointW: -3_000 });
    hybrid.write('battery.setMode', 12);
    expect(hybrid.after(1e6)).toEqual({ ownMode: false, setpointW: 3_000 });
    hybrid.write('battery.setMode', 1);
    expect(hybrid.after(0)).toEqual({ ownMode: true });
    expect(hybrid.image.write('holding', 47_511, [5])).toBe(3);
  });
});

describe('edgewatt/demo-wallbox', () => {
  it('charges in steps, and falls back to its failsafe current', () => {
    const charger = device('edgewatt/demo-wallbox', { ratedW: 11_040 });
    expect(charger.after(0)).toEqual({ ownMode: true, currentA: 16 });
    charger.write('setReversionS', 60);
    charger.write('failsafeCurrentA', 6);
    charger.write('setCurrentA', 13);
    charger.write('setEnable', 1);
    expect(charger.after(0)).toEqual({ ownMode: false, currentA: 13, leftMs: 60_000 });
    expect(charger.write('setCurrentA', 5.9)).toBe(3);
    charger.after(30);
    charger.write('heartbeat', 1);
    expect(charger.after(59)).toMatchObject({ currentA: 13, leftMs: 1_000 });
    expect(charger.after(1)).toEqual({ ownMode: false, currentA: 6 });
    charger.write('setEnable', 0);
    expect(charger.after(0)).toEqual({ ownMode: true, currentA: 16 });
  });
});

describe('edgewatt/demo-relay', () => {
  it('is commanded while its time runs, then lets go', () => {
    const relay = device('edgewatt/demo-relay', { ratedW: 15_000 });
    expect(relay.after(0)).toEqual({ ownMode: true });
    expect(relay.write('enable', 0)).toBe(3);
    expect(relay.write('enable', 1)).toBe(0);
    expect(relay.after(0)).toEqual({ ownMode: true });
    relay.write('setReversionS', 60);
    relay.write('enable', 0);
    expect(relay.after(10)).toEqual({ ownMode: false, enabled: false, leftMs: 50_000 });
    expect([relay.image.take('state'), relay.image.take('setReversionLeftS')]).toEqual([0, 50]);
    relay.write('heartbeat', 2);
    expect(relay.after(59)).toMatchObject({ enabled: false });
    expect(relay.after(1)).toEqual({ ownMode: true });
    expect([
      relay.image.take('state'),
      relay.image.take('enable'),
      relay.image.take('commanded'),
    ]).toEqual([1, 1, 0]);
  });
  it('is released at once by a time of 0', () => {
    const relay = device('edgewatt/demo-relay', { ratedW: 15_000 });
    relay.write('setReversionS', 60);
    relay.write('enable', 1);
    expect(relay.after(0)).toMatchObject({ ownMode: false, enabled: true });
    relay.write('setReversionS', 0);
    expect(relay.after(0)).toEqual({ ownMode: true });
  });
});

it('time never runs back', () => {
  const battery = device('sunspec/battery-701', { ratedW: 50_000 });
  battery.write('setReversionS', 60);
  battery.write('setMode', 1);
  battery.write('setEnable', 1);
  battery.after(30);
  battery.image.step(0);
  expect(battery.image.control()).toMatchObject({ leftMs: 30_000 });
});
