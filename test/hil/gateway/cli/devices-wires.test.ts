import { afterEach, expect, test, vi } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { encodePoint } from '../../../../devices/codec.ts';
import { resolveProfile } from '../../../../devices/resolve.ts';
import { probeDevice, testDevice } from '../../../../gateway/cli/devices-probe.ts';
import { scanDevices } from '../../../../gateway/cli/devices-scan.ts';
import { addressOf } from '../../../../gateway/cli/survey/words.ts';
import type { Peer } from '../../../../simulators/wires/peer.ts';
import { FAR } from '../adapters/modbus/far.ts';

/** `devices scan`, `probe` and `test` find the same meter on every wire that there is. */
const METER = 'eastron/sdm630';
const LOOK = { timeout: '700', json: true };
const SCAN = { ...LOOK, yes: true, units: '1', serial: [], baud: '115200', parity: 'none' };
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).reverse()) await end();
});

/** Registers of the meter alone: everything else is exception 2. */
function becomeMeter(peer: Peer): number {
  const profile = profileById(METER);
  if (profile === undefined) throw new Error(METER);
  const map = resolveProfile(profile);
  peer.registers.clear();
  peer.strict = true;
  const points = Object.values(map.points);
  for (const point of points) {
    const value = point.unit === 'Hz' ? 50 : point.unit === 'V' ? 230 : Math.min(7, point.max ?? 7);
    encodePoint(map, point, value).forEach((word, n) => peer.registers.set(point.at + n, word));
  }
  return points.length;
}

/** All at once; what a program gets on standard output, by the address that it is about. */
async function said(runs: readonly (() => Promise<number>)[]) {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  const codes = await Promise.all(runs.map((run) => run()));
  vi.restoreAllMocks();
  const all = lines.map((line) => JSON.parse(line));
  const of = (json: { devices?: { address: string }[]; address?: string }): string =>
    json.devices?.[0]?.address ?? json.address ?? '';
  return { codes, at: (address: string) => all.find((json) => of(json) === address) };
}

test('two devices with one unit are refused', async () => {
  const far = await FAR['RTU over TCP, ours']?.();
  if (far === undefined) throw new Error('no far end');
  ends.push(far.stop);
  becomeMeter(far.peer);
  far.peer.faults.bend = (frame) => [frame, frame]; // the other one is a little slower
  const place = addressOf(far.bus, 1).slice(0, -'/1'.length);
  const told: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told.push(String(text));
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await scanDevices([place], SCAN)).toBe(1);
  expect(told.filter((text) => text.includes('do two devices have that unit?'))).toHaveLength(1);
});

test('a meter on each kind of wire is scanned, probed and tested', async () => {
  const made = await Promise.all(Object.values(FAR).map((far) => far()));
  const fars = made.filter((far) => far !== undefined); // without socat no lines
  ends.push(...fars.map(({ stop }) => stop));
  const places = fars.map(({ bus, peer }) => ({
    address: addressOf(bus, 1),
    isSerial: bus.kind === 'serial',
    points: becomeMeter(peer),
  }));
  const scan = await said(
    places.map(({ address, isSerial }) => {
      const place = address.slice(0, -'/1'.length);
      return () =>
        isSerial ? scanDevices([], { ...SCAN, serial: [place] }) : scanDevices([place], SCAN);
    }),
  );
  const probe = await said(
    places.map(
      ({ address }) =>
        () =>
          probeDevice(address, LOOK),
    ),
  );
  const tests = await said(
    places.map(
      ({ address }) =>
        () =>
          testDevice(`${METER}@${address}`, LOOK),
    ),
  );
  for (const [n, { address, points }] of places.entries()) {
    expect([scan.codes[n], probe.codes[n], tests.codes[n]], address).toEqual([0, 0, 0]);
    expect(scan.at(address)).toMatchObject({ devices: [{ profile: METER, unit: 1 }] });
    expect(probe.at(address)).toMatchObject({ profile: METER, unit: 1 });
    expect(tests.at(address)).toMatchObject({ ok: true, counts: { good: points } });
  }
  expect(places.length).toBeGreaterThanOrEqual(3);
});
