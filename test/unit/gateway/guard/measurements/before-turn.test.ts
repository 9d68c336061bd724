import { expect, test } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, frameOf } from '../../../../../simulators/wires/peer.ts';

const CHARACTER_BITS = 10;
const TURNAROUND_MS = 20;
const READ = 4; // input registers
const POWER_AT = 40;

/** A meter whose control points are one block of 50 registers, alone on a line. */
async function meter(baud: 9_600 | 115_200, refusesPower = false) {
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 0);
  const peer = createPeer('rtu', [1]);
  const characterMs = (1_000 * CHARACTER_BITS) / baud;
  wire.far.onBytes = (bytes) => {
    const isAlone = bytes[1] === READ && bytes[3] === POWER_AT && bytes[5] === 2;
    const send = (reply: Uint8Array): void =>
      wire.far.send(reply, (bytes.length + reply.length) * characterMs + TURNAROUND_MS);
    if (refusesPower && isAlone) send(frameOf('rtu', 1, [READ | 0x80, 2]));
    else peer.heard(bytes, send);
  };
  const lines: string[] = [];
  const note = (text: string): void => {
    lines.push(text);
  };
  const site = {
    gateway: 'gw',
    buses: [{ id: 'line', kind: 'serial', path: '/dev/x', baud, parity: 'none', stopBits: 1 }],
    devices: [{ id: 'm', bus: 'line', unit: 1, profile: 'carlo-gavazzi/em340-em530' }],
    connections: [{ id: 'grid' }],
    meters: [{ of: 'grid', device: 'm' }],
  } as unknown as Site;
  const log = { info: () => undefined, warn: note, error: note };
  const times = timing(1);
  const buses = busMaker(site, () => wire, clock, times, log);
  const poller = createPoller(site, profileById, buses, clock, times, log);
  void poller.start();
  await clock.advance(20_000);
  peer.asked.length = 0;
  const agesMs = { powerW: 0, voltageL1V: 0 };
  for (let turn = 0; turn < 20; turn += 1) {
    await clock.advance(times.cycleMs - (clock.monoMs() % times.cycleMs));
    for (const key of ['powerW', 'voltageL1V'] as const) {
      const reading = poller.reading('m', key);
      expect(reading?.quality).toBe('good');
      agesMs[key] = Math.max(agesMs[key], clock.monoMs() - (reading?.atMs ?? 0));
    }
  }
  return { agesMs, lines, alone: peer.asked.filter(([, at]) => at === POWER_AT).length };
}

test('a slow line: the power alone, right before each turn, and the rest before it', async () => {
  const { agesMs, lines, alone } = await meter(9_600);
  expect(agesMs.powerW).toBeLessThan(55);
  expect(agesMs.voltageL1V).toBeLessThan(250);
  expect(alone).toBeGreaterThanOrEqual(20);
  expect(lines).toEqual([]);
});

test('a fast one: all in one read, for the power alone would not be there sooner', async () => {
  const { agesMs, alone } = await meter(115_200);
  expect(agesMs.powerW).toBeLessThan(45);
  expect(agesMs.voltageL1V).toBe(agesMs.powerW);
  expect(alone).toBe(0);
});

test('a meter that refuses the power alone keeps it, from the read of all', async () => {
  const { agesMs, lines } = await meter(9_600, true);
  expect(agesMs.powerW).toBeLessThan(250);
  expect(lines).toEqual([]);
});
