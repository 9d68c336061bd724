import { setTimeout as pause } from 'node:timers/promises';
import type { PointSpec, Profile } from '../../../devices/profile.ts';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import type { Site } from '../../../gateway/contracts/values/site.ts';
import { timing } from '../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../gateway/guard/bus/buses.ts';
import { createPoller } from '../../../gateway/guard/measurements/poller.ts';
import { round } from './parts.ts';

const DEVICES = 32;
const POINTS = 60;
const SETTLE_MS = 10_000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

const POINT: Omit<PointSpec, 'at'> = { space: 'holding', as: 'u32', unit: 'W', class: 'control' };

const PROFILE: Profile = {
  kind: 'registers',
  id: 'bench/meter60',
  maker: 'Bench',
  title: 'Meter of 60 points',
  role: 'meter',
  source: [],
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 125,
    pauseMs: 0,
    timeoutMs: 800,
    latencyMs: 0,
    connectDelayMs: 0,
  },
  control: [],
  points: Object.fromEntries(
    Array.from({ length: POINTS }, (_, n) => [`p${n}W`, { ...POINT, at: 2 * n }]),
  ),
  identity: [],
  quirks: [],
  examples: [],
};

/**
 * 32 devices with a connection each and 60 points each at 1 Hz: the guard's reading part, with a
 * frozen picture of all readings once a second. Not in it: deciding, writing, records.
 */
export async function site32(port: number, measureMs: number): Promise<object> {
  const ids = Array.from({ length: DEVICES }, (_, n) => `d${n}`);
  const site: Pick<Site, 'gateway' | 'buses' | 'devices'> = {
    gateway: 'bench',
    buses: ids.map((id) => ({ id, kind: 'tcp', host: '127.0.0.1', port })),
    devices: ids.map((id) => ({ id, bus: id, unit: 1, profile: PROFILE.id })),
  };
  const clock = createClock();
  const times = timing(1);
  const buses = busMaker(site, makeWire, clock, times, QUIET);
  const poller = createPoller(site as Site, () => PROFILE, buses, clock, times, QUIET);
  await poller.start();
  await pause(SETTLE_MS);
  const before = process.cpuUsage();
  const good = poller.snapshot().good;
  const startMs = clock.realMs();
  let oldestMs = 0;
  let failed = 0;
  for (let second = 1; second * 1_000 <= measureMs; second += 1) {
    await pause(startMs + second * 1_000 - clock.realMs());
    for (const readings of Object.values(poller.snapshot().readings)) {
      for (const reading of Object.values(readings)) {
        oldestMs = Math.max(oldestMs, clock.monoMs() - reading.atMs);
        if (reading.quality !== 'good') failed += 1;
      }
    }
  }
  const { user, system } = process.cpuUsage(before);
  const read = (poller.snapshot().good - good) / (DEVICES * POINTS);
  await poller.stop();
  return {
    devices: DEVICES,
    pointsEach: POINTS,
    measuredS: measureMs / 1_000,
    cpuPct: round((user + system) / 10 / measureMs, 2),
    cyclesRead: round(read, 1),
    readingsNotGood: failed,
    oldestReadingMs: round(oldestMs, 0),
  };
}
