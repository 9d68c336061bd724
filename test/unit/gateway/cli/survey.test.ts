import { describe, expect, it } from 'vitest';
import { CATALOGUE, profileById } from '../../../../devices/catalogue.ts';
import { encodePoint, encodeUnavailable } from '../../../../devices/codec.ts';
import type { DeviceMap } from '../../../../devices/profile.ts';
import { resolveProfile } from '../../../../devices/resolve.ts';
import { isSameWire } from '../../../../gateway/cli/survey/desk.ts';
import { parseObjects } from '../../../../gateway/cli/survey/identify.ts';
import { type Ask, readAll, readPoint } from '../../../../gateway/cli/survey/judge.ts';
import {
  baudsOf,
  deviceOf,
  lineOf,
  networkOf,
  paritiesOf,
  unitsOf,
} from '../../../../gateway/cli/survey/places.ts';
import { planOf, planText } from '../../../../gateway/cli/survey/scan.ts';
import { addressOf, valueText, whoText } from '../../../../gateway/cli/survey/words.ts';
import { chosen, harmless, writeCheck } from '../../../../gateway/cli/survey/write-check.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import type { Request } from '../../../../gateway/guard/bus/pdu.ts';

function mapOf(id: string): DeviceMap {
  const profile = profileById(id);
  if (profile === undefined) throw new Error(id);
  return resolveProfile(profile);
}
const pointOf = (map: DeviceMap, key: string) => {
  const point = map.points[key];
  if (point === undefined) throw new Error(key);
  return point;
};

/** Registers of a device; what is not among them is exception 2. */
function deviceWith(map: DeviceMap, values: Readonly<Record<string, readonly number[]>>) {
  const words = new Map<number, number>();
  for (const [key, own] of Object.entries(values)) {
    own.forEach((word, n) => words.set(pointOf(map, key).at + n, word));
  }
  const writes: Request[] = [];
  const ask: Ask = async (request) => {
    if (request.fc === 6) words.set(request.at, request.word);
    if (request.fc === 6 || request.fc === 16) writes.push(request);
    if (request.fc === 16) request.words.forEach((word, n) => words.set(request.at + n, word));
    if (request.fc !== 3 && request.fc !== 4) {
      return { ok: true, words: [], sentAtMs: 0, tookMs: 1 };
    }
    const read = Array.from({ length: request.count }, (_, n) => words.get(request.at + n));
    if (read.every((word) => word !== undefined)) {
      return { ok: true, words: read, sentAtMs: 0, tookMs: 1.23 };
    }
    return { ok: false, why: 'exception', exception: 2, detail: 'exception 2', sent: true };
  };
  return { ask, writes, words };
}

describe('where to look', () => {
  it('takes subnets without their first and last address, hosts and ports', () => {
    const subnet = networkOf('192.168.1.77/24');
    expect(subnet).toHaveLength(254);
    expect(subnet[0]).toMatchObject({ kind: 'tcp', host: '192.168.1.1', port: 502 });
    expect(subnet.at(-1)).toMatchObject({ host: '192.168.1.254' });
    expect(networkOf('10.0.0.8/31:1502')).toMatchObject([
      { host: '10.0.0.8', port: 1_502 },
      { host: '10.0.0.9', port: 1_502 },
    ]);
    expect(networkOf('rtu://10.0.0.8/32:4196')).toMatchObject([
      { kind: 'rtu-over-tcp', host: '10.0.0.8', port: 4_196 },
    ]);
    expect(networkOf('meter.local:503')).toMatchObject([{ host: 'meter.local', port: 503 }]);
  });

  it('takes lines with their settings, or with all that are left open', () => {
    expect(lineOf('/dev/ttyUSB0@19200e', [9_600], ['none'])).toMatchObject([
      { path: '/dev/ttyUSB0', baud: 19_200, parity: 'even' },
    ]);
    expect(lineOf('ascii:///dev/ttyUSB0@9600e', [], [])).toMatchObject([{ framing: 'ascii' }]);
    expect(lineOf('/dev/ttyUSB0', baudsOf('9600,19200'), paritiesOf('none,even'))).toHaveLength(4);
    expect(unitsOf('1-3,7,2')).toEqual([1, 2, 3, 7]);
  });

  it('takes one device, and says it again in the same form', () => {
    for (const text of [
      '192.168.1.20:502/3',
      '/dev/ttyUSB0@9600e/7',
      'rtu://192.168.1.30:4196/2',
      'udp://meter.local:502/1',
      'ascii:///dev/ttyUSB0@9600e/7',
    ]) {
      const { bus, unit = 0 } = deviceOf(text);
      expect(addressOf(bus, unit)).toBe(text);
    }
    expect(deviceOf('/dev/serial/by-id/usb-1')).toMatchObject({
      bus: { path: '/dev/serial/by-id/usb-1', baud: 9_600, parity: 'none' },
      unit: undefined,
    });
  });

  it.each([
    ['8.8.8.0/24', networkOf, 'not a private network'],
    ['10.0.0.0/8', networkOf, 'a /22 or smaller'],
    ['192.168.1.300/24', networkOf, 'not a subnet'],
    ['a b', networkOf, 'not a host'],
    ['host:99999', networkOf, 'not a port'],
    ['1-x', unitsOf, 'not a range of units'],
    ['9-1', unitsOf, 'not a range of units'],
    ['1-300', unitsOf, 'not a range of units'],
    ['96', baudsOf, 'not a list of baud rates'],
    ['mark', paritiesOf, 'not a parity'],
    ['host/1/2', deviceOf, 'not a device'],
    ['host/256', deviceOf, 'not a unit'],
    ['rtu:///dev/ttyUSB0', deviceOf, 'not a device'],
    ['http://host', deviceOf, 'not a transport'],
    ['rtu://8.8.8.0/24', networkOf, 'not a private network'],
  ])('refuses %s in one line', (text, parse, why) => {
    expect(() => parse(text)).toThrow(Fault);
    expect(() => parse(text)).toThrow(why);
  });

  it('says beforehand what it costs', () => {
    const pacing = { timeoutMs: 700, pauseMs: 20, connectMs: 1_500 };
    const lines = [lineOf('/dev/ttyUSB0@9600', [], ['none', 'even'])];
    const field = { hosts: networkOf('192.168.1.0/24'), lines, units: unitsOf('1-10') };
    const plan = planOf(field, pacing);
    expect(plan).toMatchObject({ connections: 254, settings: 2 });
    expect(plan.connectMostMs).toBe(32 * 1_500);
    expect(plan.serialMostMs).toBe(2 * 10 * plan.silentUnitMs);
    const text = planText(field, pacing).join('\n');
    expect(text).toContain('254 network address(es): one connection each, 8 hosts at a time');
    expect(text).toContain('/dev/ttyUSB0 (9600 none, 9600 even; until a unit answers)');
    expect(text).toContain('Reads only');
  });

  it('knows a wire by another name', () => {
    const wire = (place: string) => deviceOf(place).bus;
    expect(isSameWire(wire('localhost:502'), wire('127.0.0.1'))).toBe(true);
    expect(isSameWire(wire('127.0.0.1:503'), wire('127.0.0.1'))).toBe(false);
    expect(isSameWire(wire('rtu://127.0.0.1:503'), wire('127.0.0.1:503'))).toBe(true);
    expect(isSameWire(wire('udp://127.0.0.1:503'), wire('127.0.0.1:503'))).toBe(false);
    expect(isSameWire(wire('/dev/../dev/null'), wire('/dev/null@19200'))).toBe(true);
    expect(isSameWire(wire('/dev/null'), wire('127.0.0.1'))).toBe(false);
  });
});

describe('what a point says', () => {
  const map = mapOf('sungrow/sh');
  const frequency = pointOf(map, 'frequencyHz');
  const read = (words: readonly number[]) =>
    readPoint(deviceWith(map, { frequencyHz: words }).ask, map, frequency);

  it('is good, implausible, unavailable, refused or silent', async () => {
    const good = await read(encodePoint(map, frequency, 50));
    expect(good).toMatchObject({ state: 'good', value: 50, tookMs: 1.2 });
    expect(valueText(good)).toBe('50 Hz');
    const high = await read(encodePoint(map, frequency, 500));
    expect(high).toMatchObject({ state: 'implausible' });
    expect(high.why).toMatch(/^above \d+ Hz$/);
    const none = await read(encodeUnavailable(map, frequency));
    expect(none.state).toBe('unavailable');
    expect(none).not.toHaveProperty('value');
    expect(await read([])).toMatchObject({
      state: 'exception',
      exception: 2,
      why: 'exception 2: it does not have that register',
    });
    const nobody: Ask = async () => ({ ok: false, why: 'timeout', detail: 'late', sent: true });
    expect(await readPoint(nobody, map, frequency)).toMatchObject({ state: 'silent' });
  });

  it('does not ask a device that is gone for ever', async () => {
    let asked = 0;
    const nobody: Ask = async () => {
      asked += 1;
      return { ok: false, why: 'timeout', detail: 'late', sent: true };
    };
    const points = await readAll(nobody, map, () => undefined);
    expect(points.length).toBeGreaterThan(10);
    expect(asked).toBe(10); // five points, twice each
    expect(points.filter(({ state }) => state === 'good')).toEqual([]);
  });

  it('cannot steer a terminal', () => {
    expect(whoText({ identity: { maker: 'A\u001b[2J\nB' }, objects: {} })).toBe('A?[2J?B');
  });

  it('of 43/14 takes what is there, whatever the lengths say', () => {
    const text = (words: string) => [...words].map((char) => char.charCodeAt(0));
    const bytes = [1, 1, 0, 0, 2, 0, 4, ...text('ACME'), 1, 3, ...text('M\u00071')];
    expect(parseObjects(bytes)).toEqual({ vendor: 'ACME', product: 'M1' });
    expect(parseObjects([1, 1, 0, 0, 9, 0, 200, 65])).toMatchObject({ vendor: 'A' });
    expect(parseObjects([])).toEqual({});
  });
});

describe('writing for a test', () => {
  it('is for volatile times alone, never for what a device acts on or keeps', () => {
    let count = 0;
    for (const profile of CATALOGUE.filter(({ kind }) => kind === 'registers')) {
      const map = resolveProfile(profile);
      for (const { key, unit, stored } of harmless(map)) {
        count += 1;
        expect([key, unit, stored]).toEqual([key, 's', undefined]);
        for (const { set } of map.control) {
          const acting = set.filter(({ value }) => !('from' in value) || value.from !== 'timeoutS');
          expect(acting.map(({ point }) => point)).not.toContain(key);
        }
      }
    }
    expect(count).toBeGreaterThan(0);
  });

  it('refuses a setpoint, and names what may be written', () => {
    const map = mapOf('edgewatt/demo-relay');
    expect(() => chosen(map, 'enable')).toThrow('the device acts on it, or keeps it');
    expect(() => chosen(map, 'nonsense')).toThrow('no such point');
    expect(() => chosen(mapOf('eastron/sdm630'), true)).toThrow('no --write');
  });

  it('puts back what was there, and tells an ignored write', async () => {
    const map = mapOf('edgewatt/demo-relay');
    const [point] = harmless(map);
    if (point === undefined) throw new Error('no timer');
    const sound = deviceWith(map, { [point.key]: [30] });
    expect(await writeCheck(sound.ask, map, point)).toMatchObject({
      state: 'proven',
      beforeValue: 30,
      writtenValue: 31,
      backValue: 31,
    });
    expect(sound.writes).toHaveLength(2);
    expect(sound.words.get(point.at)).toBe(30);
    const deaf = deviceWith(map, { [point.key]: [0] });
    const ignoring: Ask = (request) =>
      request.fc === 6
        ? Promise.resolve({ ok: true, words: [], sentAtMs: 0, tookMs: 1 })
        : deaf.ask(request);
    expect(await writeCheck(ignoring, map, point)).toMatchObject({
      state: 'ignored',
      writtenValue: 60,
    });
  });
});
