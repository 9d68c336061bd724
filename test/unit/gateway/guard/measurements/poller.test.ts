import { expect, test } from 'vitest';
import type { PointSpec, Profile } from '../../../../../devices/profile.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, servePeer } from '../../../../../simulators/wires/peer.ts';

const point = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'holding',
  as: 'i16',
  unit: 'W',
  class: 'control',
  ...more,
});

const METER: Profile = {
  kind: 'registers',
  id: 'test/meter',
  maker: 'Test',
  title: 'Meter',
  role: 'meter',
  source: [],
  wordOrder: 'big',
  limits: {
    maxRegistersPerRead: 100,
    pauseMs: 0,
    timeoutMs: 200,
    latencyMs: 100,
    connectDelayMs: 0,
  },
  control: [],
  points: {
    powerW: point(0, { scaleFrom: 'sf', min: -100_000, max: 100_000 }),
    sf: point(1, { as: 'sf', unit: 'none', class: 'slow' }),
    voltageL1V: point(2, { as: 'u16', unit: 'V', scale: 0.1, min: 0, max: 300 }),
    socPct: point(400, { as: 'u16', unit: 'pct', class: 'state' }),
    inWh: point(700, { as: 'u32', unit: 'Wh', class: 'slow' }),
    serial: point(900, { as: 'str', words: 4, unit: 'none', class: 'slow' }),
    thirdW: point(1_200, { only: 'models with three strings' }),
    orderW: point(3, { writable: true, writeOnly: true }),
    frequencyHz: point(4, { as: 'u16', unit: 'Hz', scale: 0.01, class: 'control' }),
  },
  sums: { doubleW: ['powerW', 'powerW'], allW: ['powerW', 'thirdW'], noneW: ['thirdW'] },
  identity: ['serial'],
  quirks: [],
  examples: [],
};

interface Options {
  readonly kind?: 'tcp' | 'serial';
  readonly speed?: number;
  readonly serial?: string;
  readonly refuse?: string;
  readonly strange?: boolean; // its device says WRNG in place of ABCD, at first
  readonly connectMs?: number;
  readonly points?: Profile['points'];
}

async function rig(options: Options = {}) {
  const kind = options.kind ?? 'tcp';
  const speed = options.speed ?? 1;
  const clock = createVirtualClock({ speed });
  const wire = createMemoryWire(clock, 'memory', 1);
  const peer = createPeer(kind === 'tcp' ? 'tcp' : 'rtu', [1]);
  servePeer(peer, wire.far);
  const put = (at: number, ...words: number[]): void => {
    words.forEach((word, index) => peer.registers.set(at + index, word & 0xffff));
  };
  put(0, 1_234, 1, 2_305);
  put(400, 55);
  put(700, 1, 2);
  put(900, ...(options.strange ? [0x5752, 0x4e47] : [0x4142, 0x4344]), 0, 0);
  wire.far.refuse = options.refuse;
  const { open } = wire;
  wire.open = async () => {
    const wait = options.connectMs ?? 0;
    await new Promise<void>((done) => clock.realAt(clock.realMs() + wait, done));
    return open();
  };
  const lines: string[] = [];
  const line = (text: string): void => {
    lines.push(text);
  };
  const log: Log = { info: line, warn: line, error: line };
  const serial = options.serial === undefined ? {} : { serial: options.serial };
  const site: Pick<Site, 'gateway' | 'buses' | 'devices'> = {
    gateway: 'gw',
    buses: [
      kind === 'tcp'
        ? { id: 'bus', kind, host: 'h', port: 502 }
        : { id: 'bus', kind, path: '/dev/x', baud: 19_200, parity: 'none', stopBits: 1 },
    ],
    devices: [{ id: 'meter1', bus: 'bus', unit: 1, profile: 'test/meter', ...serial }],
  };
  const times = timing(speed);
  const profile: Profile = { ...METER, points: { ...METER.points, ...options.points } };
  const poller = createPoller(
    site as Site,
    (id) => (id === METER.id ? profile : undefined),
    busMaker(site, () => wire, clock, times, log),
    clock,
    times,
    log,
  );
  let started = false;
  void poller.start().then(() => {
    started = true;
  });
  await clock.until(() => started, 10_000 * speed);
  const cycles = (count: number) => clock.advance(count * times.cycleMs);
  const read = (key: string) => poller.snapshot().readings['meter1']?.[key];
  const view = () => poller.snapshot().devices[0];
  return { clock, wire, peer, put, poller, times, lines, cycles, read, view };
}

test.each(['tcp', 'serial'] as const)(
  '%s: readings with quality and the request time',
  async (kind) => {
    const { clock, read, cycles, view } = await rig({ kind });
    await cycles(5);
    expect(read('powerW')).toMatchObject({ quality: 'good', value: 12_340 });
    expect(read('voltageL1V')).toMatchObject({ quality: 'good', value: 230.5 });
    expect(read('socPct')).toMatchObject({ quality: 'good', value: 55 });
    expect(read('inWh')).toMatchObject({ quality: 'good', value: 65_538 });
    expect(read('doubleW')).toMatchObject({ quality: 'good', value: 24_680 });
    const ageMs = clock.monoMs() - (read('powerW')?.atMs ?? 0);
    expect(ageMs).toBeGreaterThanOrEqual(100); // the device's own latency counts
    expect(ageMs).toBeLessThan(1_100);
    expect(view()).toMatchObject({ state: 'ok', timeouts: 0 });
  },
);

test('polls keep to the grid: one control read a cycle, accelerated too', async () => {
  for (const speed of [1, 96]) {
    const { peer, cycles } = await rig({ speed });
    await cycles(2);
    peer.asked.length = 0;
    await cycles(60);
    const control = peer.asked.filter(([, at]) => at === 0).length;
    expect(control).toBe(60);
    expect(peer.asked.filter(([, at]) => at === 400)).toHaveLength(6);
    expect(peer.asked.filter(([, at]) => at === 700)).toHaveLength(2);
  }
});

test('silence: unknown at once, holding, safe, silent, then ok again', async () => {
  const { peer, read, cycles, view } = await rig();
  await cycles(3);
  peer.faults.drop = true;
  await cycles(2);
  expect(read('powerW')).toMatchObject({ quality: 'timeout', last: 12_340 });
  expect(read('doubleW')).toMatchObject({ quality: 'timeout', last: 24_680 });
  expect(view()?.state).toBe('holding');
  await cycles(5);
  expect(view()?.state).toBe('safe');
  await cycles(10);
  expect(view()?.state).toBe('silent');
  peer.faults.drop = false;
  await cycles(30); // back to normal control within 30 s of the fault's end
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 12_340 });
  expect(view()?.state).toBe('ok');
});

test('a closed connection is noticed and mended', async () => {
  const { wire, read, cycles, view } = await rig();
  await cycles(2);
  wire.far.refuse = 'nobody listens there';
  wire.far.hangUp('reset');
  await cycles(2);
  expect(read('powerW')).toMatchObject({ quality: 'timeout', last: 12_340 });
  expect(view()?.state).toBe('holding');
  wire.far.refuse = undefined;
  await cycles(20);
  expect(read('powerW')?.quality).toBe('good');
});

test('a slow connection: the start waits for the first answers', async () => {
  const { read } = await rig({ connectMs: 900 });
  expect(read('powerW')?.quality).toBe('good');
});

test('absent at the start: the guard starts, the device is found later', async () => {
  const { wire, read, cycles, view, poller } = await rig({ refuse: 'nobody listens there' });
  expect(read('powerW')).toBeUndefined();
  expect(view()?.state).toBe('silent');
  expect(poller.map('meter1')).toBeUndefined();
  wire.far.refuse = undefined;
  await cycles(20);
  expect(read('powerW')?.quality).toBe('good');
  expect(poller.map('meter1')?.profile).toBe('test/meter');
});

test('a sentinel is unavailable, nonsense is implausible, both keep the last value', async () => {
  const { put, read, cycles } = await rig();
  await cycles(2);
  put(0, 0x8000);
  put(2, 5_000);
  await cycles(2);
  expect(read('powerW')).toMatchObject({ quality: 'unavailable', last: 12_340 });
  expect(read('voltageL1V')).toMatchObject({ quality: 'implausible', last: 230.5 });
});

test('a scale factor that flips between two registers never becomes a wrong power', async () => {
  const { peer, put, cycles, poller } = await rig();
  await cycles(2);
  const seen = new Set<number>();
  const watch = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) {
      await cycles(1);
      const reading = poller.snapshot().readings['meter1']?.['powerW'];
      if (reading?.quality === 'good') seen.add(reading.value);
    }
  };
  put(1, 2); // the factor is already the new one, the value still the old one
  await watch(1);
  put(0, 123);
  await watch(3);
  expect([...seen]).toEqual([12_300]);
  expect(peer.asked.length).toBeGreaterThan(0);
});

test('a counter torn inside one answer never counts, one that was reset does', async () => {
  const { put, read, cycles } = await rig();
  put(700, 0, 65_530);
  await cycles(70);
  const seen: unknown[] = [];
  const next = async (high: number, low: number): Promise<void> => {
    put(700, high, low);
    await cycles(31);
    const reading = read('inWh');
    seen.push(reading?.quality === 'good' ? reading.value : reading);
  };
  await next(0, 65_534);
  await next(1, 65_534); // the high word of the next moment
  await next(1, 6);
  await next(0, 8); // the high word of the moment before
  await next(1, 10);
  expect(seen).toEqual([65_534, 65_534, 65_542, 65_542, 65_546]);
  await next(0, 3);
  await next(0, 5);
  expect(seen.slice(-2)).toEqual([65_546, 5]);
});

test('a refused range is split once, what is missing is asked no more', async () => {
  const { peer, put, poller, cycles, read, lines } = await rig();
  await cycles(2);
  peer.strict = true;
  peer.registers.delete(2);
  await cycles(4);
  expect(read('powerW')).toMatchObject({ quality: 'good' });
  expect(read('voltageL1V')).toMatchObject({ quality: 'unavailable', last: 230.5 });
  const asked = peer.asked.length;
  put(0, 99);
  await cycles(10);
  expect(read('powerW')).toMatchObject({ value: 990 });
  expect(peer.asked.length - asked).toBeLessThanOrEqual(12);
  expect(lines.filter((line) => line.includes('voltageL1V'))).toHaveLength(1);
  expect(poller.snapshot().bad).toBe(0);
});

test('a device that refuses everything while it starts is read again within a minute', async () => {
  const { peer, cycles, read, lines } = await rig();
  await cycles(2);
  peer.faults.exception = 2;
  await cycles(20);
  expect(read('powerW')).toMatchObject({ quality: 'unavailable', last: 12_340 });
  peer.faults.exception = undefined;
  await cycles(60);
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 12_340 });
  expect(read('voltageL1V')).toMatchObject({ quality: 'good', value: 230.5 });
  expect(lines.filter((line) => line.includes('does not have powerW'))).toHaveLength(1);
});

test('exceptions 5 and 6 are tried again, 4 is told once', async () => {
  const { peer, cycles, read, lines } = await rig();
  await cycles(2);
  for (const exception of [5, 6]) {
    peer.faults.exception = exception;
    await cycles(2);
    expect(read('powerW')?.quality).toBe('timeout');
    peer.faults.exception = undefined;
    await cycles(1);
    expect(read('powerW')?.quality).toBe('good');
  }
  peer.faults.exception = 4;
  await cycles(5);
  expect(lines.filter((line) => line.includes('reports a failure for registers 0'))).toHaveLength(
    1,
  );
});

test('another serial number than the bound one: only observed', async () => {
  const other = await rig({ serial: 'XYZ' });
  await other.clock.advance(2_000);
  expect(other.view()?.state).toBe('observing');
  expect(other.lines.some((line) => line.includes('ABCD') && line.includes('XYZ'))).toBe(true);
  const bound = await rig({ serial: 'ABCD' });
  expect(bound.view()?.state).toBe('ok');
  // The same for a device whose serial number is a number: 0x41424344.
  const points = { serial: point(900, { as: 'u32', unit: 'none', class: 'slow' }) };
  const numeric = await rig({ serial: '1094861636', points });
  expect(numeric.view()?.state).toBe('ok');
  const exchanged = await rig({ serial: '1094861637', points });
  await exchanged.clock.advance(2_000);
  expect(exchanged.view()?.state).toBe('observing');
});

test('a strange serial is read again, a stranger asked until the right one is back', async () => {
  const { clock, put, view, lines } = await rig({ serial: 'ABCD', strange: true });
  expect(view()?.state).not.toBe('observing'); // doubted: not known, and not told
  put(900, 0x4142, 0x4344, 0, 0);
  await clock.advance(3_000);
  expect(view()?.state).toBe('ok');
  expect(lines.filter((line) => line.includes('serial'))).toEqual([]);

  const exchanged = await rig({ serial: 'ABCD', strange: true });
  await exchanged.clock.advance(3_000);
  expect(exchanged.view()?.state).toBe('observing');
  exchanged.put(900, 0x4142, 0x4344, 0, 0); // without a word from the wire
  await exchanged.clock.advance(21_000);
  expect(exchanged.view()?.state).toBe('ok');
  expect(exchanged.lines.at(-1)).toMatch(/serial ABCD answers again/);
});

test('stop settles and leaves nothing behind', async () => {
  const { clock, poller, peer } = await rig();
  peer.faults.drop = true;
  await clock.advance(700);
  await poller.stop();
  await clock.advance(30_000);
  expect(clock.pending).toBe(0);
});

test('an unknown profile or device is said at once', async () => {
  const { poller } = await rig();
  expect(() => poller.bus('nobody')).toThrow('nobody');
});

test('a sum leaves out what the device does not have, and never what failed', async () => {
  const { peer, read, cycles } = await rig();
  peer.strict = true;
  await cycles(5);
  expect(read('thirdW')).toMatchObject({ quality: 'unavailable' });
  expect(read('allW')).toMatchObject({ quality: 'good', value: 12_340 });
  expect(read('noneW')).toMatchObject({ quality: 'unavailable' });
  peer.faults.drop = true;
  await cycles(2);
  expect(read('allW')?.quality).toBe('timeout');
});

test('what can only be written is never read', async () => {
  const { peer, cycles, read } = await rig();
  await cycles(20);
  expect(read('orderW')).toBeUndefined();
  expect(peer.asked.some(([, at, count]) => at <= 3 && at + count > 3)).toBe(false);
});
