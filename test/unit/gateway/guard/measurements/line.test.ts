import { describe, expect, test } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer } from '../../../../../simulators/wires/peer.ts';

const TURNAROUND_MS = 20;
const CHARACTER_BITS = 10;

/** Uniform in [0, 1), the same in every run (mulberry32). */
function drawn(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Three-phase meters on one line that is as slow as its baud rate. */
async function line(baud: 9_600 | 38_400, units: number, dead?: number, seed = 1) {
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 0);
  const living = Array.from({ length: units }, (_, n) => n + 1).filter((unit) => unit !== dead);
  const peer = createPeer('rtu', living);
  const characterMs = (1_000 * CHARACTER_BITS) / baud;
  const random = drawn(seed);
  const fault = { lostShare: 0, deadUnit: 0, deadUpTo: 0, slowUnit: 0, slowMs: 0 };
  const isDead = (unit: number) => unit === fault.deadUnit || unit <= fault.deadUpTo;
  wire.far.onBytes = (bytes) =>
    peer.heard(bytes, (reply) => {
      if (isDead(reply[0] ?? 0) || random() < fault.lostShare) return;
      const wireMs = (bytes.length + reply.length) * characterMs;
      const slowMs = reply[0] === fault.slowUnit ? fault.slowMs : 0;
      wire.far.send(reply, wireMs + TURNAROUND_MS + slowMs);
    });
  const lines: string[] = [];
  const note = (text: string): void => {
    lines.push(text);
  };
  const log: Log = { info: () => undefined, warn: note, error: note };
  const site: Pick<Site, 'gateway' | 'buses' | 'devices'> = {
    gateway: 'gw',
    buses: [{ id: 'line', kind: 'serial', path: '/dev/x', baud, parity: 'none', stopBits: 1 }],
    devices: Array.from({ length: units }, (_, n) => ({
      id: `meter${n + 1}`,
      bus: 'line',
      unit: n + 1,
      profile: 'eastron/sdm630',
    })),
  };
  const times = timing(1);
  const followed: number[] = [];
  const poller = createPoller(
    site as Site,
    profileById,
    busMaker(site, () => wire, clock, times, log),
    clock,
    times,
    log,
    (_, controlMs) => followed.push(controlMs),
  );
  let started = false;
  void poller.start().then(() => {
    started = true;
  });
  await clock.until(() => started, 10_000);
  /** Oldest power of any meter that lives, looked at every 50 ms. */
  const oldestMs = async (forMs: number): Promise<number> => {
    let oldest = 0;
    for (let ms = 0; ms < forMs; ms += 50) {
      await clock.advance(50);
      const { readings } = poller.snapshot();
      for (const unit of living.filter((one) => !isDead(one))) {
        const reading = readings[`meter${unit}`]?.['powerW'];
        oldest = Math.max(oldest, clock.monoMs() - (reading?.atMs ?? Number.NEGATIVE_INFINITY));
      }
    }
    return oldest;
  };
  const states = () => poller.snapshot().devices.map(({ state }) => state);
  return { clock, peer, fault, lines, followed, oldestMs, states, times };
}

describe('a line that cannot carry all that is read over it', () => {
  test('is told at the start, with the arithmetic; what it promises is kept', async () => {
    const { lines, followed, oldestMs, states } = await line(9_600, 16);
    const [said] = lines.filter((text) => text.startsWith('bus line cannot carry'));
    expect(said).toMatch(/32 reads of 0\.\d\d s on average are 2\.\d\d s of wire time/);
    expect(said).toContain('a cycle has 0.90 s');
    expect(said).toMatch(/control points are read every \d cycles/);
    const freshMs = followed.at(-1) ?? 0;
    expect(freshMs).toBeGreaterThan(5_000);
    expect(freshMs).toBeLessThanOrEqual(15_000);
    expect(said).toContain(`up to ${(freshMs / 1_000).toFixed(1)} s count as fresh, margin`);
    await oldestMs(10_000); // the first rounds find out what a meter takes
    const oldest = await oldestMs(60_000);
    expect(oldest).toBeLessThan(freshMs);
    expect(new Set(states())).toEqual(new Set(['ok']));
    expect(lines.filter((text) => text.includes('cannot carry')).length).toBeLessThanOrEqual(2);
  });

  test('one that can says nothing, and reads everything in every cycle', async () => {
    const { lines, followed, oldestMs } = await line(38_400, 10);
    await oldestMs(5_000);
    expect(await oldestMs(20_000)).toBeLessThan(2_200);
    expect(lines).toEqual([]);
    expect(followed).toEqual([]);
  });
});

test.each([1, 4])('unit %i of ten is dead: the others wait at most one cycle', async (dead) => {
  const healthy = await line(38_400, 10);
  await healthy.oldestMs(5_000);
  const usualMs = await healthy.oldestMs(20_000);
  const { oldestMs, states, times } = await line(38_400, 10, dead);
  // From its first time-out on: three in a row, then the probes of the open breaker.
  expect(await oldestMs(120_000)).toBeLessThanOrEqual(usualMs + times.cycleMs);
  expect(states()[dead - 1]).toBe('silent');
});

test.each([1, 4])('unit %i of ten dies in operation: the others wait a cycle', async (dead) => {
  const { fault, oldestMs, states, times } = await line(38_400, 10);
  await oldestMs(5_000);
  const usualMs = await oldestMs(20_000);
  fault.deadUnit = dead;
  expect(await oldestMs(120_000)).toBeLessThanOrEqual(usualMs + times.cycleMs);
  expect(states()[dead - 1]).toBe('silent');
  fault.deadUnit = 0;
  await oldestMs(25_000); // the longest pause of an open breaker, and its way back
  expect(states()[dead - 1]).toBe('ok');
});

test('five of ten die in operation: together they cost no more, and are back in 30 s', async () => {
  const { fault, oldestMs, states, times } = await line(38_400, 10);
  await oldestMs(5_000);
  const usualMs = await oldestMs(20_000);
  fault.deadUpTo = 5;
  await oldestMs(20_000); // five at a time are lost at first, each with its own three time-outs
  expect(await oldestMs(60_000)).toBeLessThanOrEqual(usualMs + times.cycleMs);
  fault.deadUpTo = 0;
  await oldestMs(30_000);
  expect(new Set(states())).toEqual(new Set(['ok']));
});

test('three answers of ten lost: readings stay fresh enough for control', async () => {
  for (const seed of [1, 2, 3]) {
    const { fault, oldestMs, states, times } = await line(38_400, 3, undefined, seed);
    await oldestMs(10_000);
    fault.lostShare = 0.3;
    // One that is lost again and again holds; none comes to its safe state.
    expect(await oldestMs(120_000)).toBeLessThan(0.9 * times.safeByMs);
    fault.lostShare = 0;
    await oldestMs(5_000);
    expect(new Set(states())).toEqual(new Set(['ok']));
  }
});

test.each([120, 300])('a unit that answers %i ms later than ever: waited for again', async (ms) => {
  const { fault, oldestMs, states, times } = await line(38_400, 3);
  await oldestMs(10_000);
  Object.assign(fault, { slowUnit: 2, slowMs: ms });
  expect(await oldestMs(15_000)).toBeLessThan(0.9 * times.safeByMs);
  expect(await oldestMs(30_000)).toBeLessThan(times.freshMs.control);
  expect(new Set(states())).toEqual(new Set(['ok']));
});
