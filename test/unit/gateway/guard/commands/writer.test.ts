import { describe, expect, test } from 'vitest';
import type { ControlSpec, PointSpec, Profile } from '../../../../../devices/profile.ts';
import type { Site, Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { createWriter } from '../../../../../gateway/guard/commands/writer.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Verdict } from '../../../../../gateway/guard/safety/verdict.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, servePeer } from '../../../../../simulators/wires/peer.ts';

const point = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'holding',
  as: 'u16',
  unit: 'none',
  class: 'state',
  ...more,
});

/** A battery as in SunSpec 704: power in W behind a scale factor, timer, reversion value, enable. */
const TIMED: ControlSpec = {
  binds: '',
  kind: 'setpoint',
  arm: [
    { point: 'setReversionS', value: { from: 'timeoutS' } },
    { point: 'setReversionW', value: { from: 'safeW' } },
  ],
  set: [
    { point: 'setW', value: { from: 'powerW' } },
    { point: 'setEnable', value: { const: 1 } },
  ],
  release: [{ point: 'setEnable', value: { const: 0 } }],
  reversion: {
    to: 'value',
    minS: 1,
    maxS: 300,
    remaining: 'leftS',
    renewedBy: 'any-write',
  },
  flash: 'volatile',
  source: 'test',
};

/** A hybrid without a timer: size and direction in two registers. */
const UNTIMED: ControlSpec = {
  binds: '',
  kind: 'setpoint',
  arm: [],
  set: [
    { point: 'sizeW', value: { from: 'absPowerW' } },
    { point: 'mode', value: { const: 11 }, when: 'charging' },
    { point: 'mode', value: { const: 12 }, when: 'discharging' },
  ],
  release: [{ point: 'mode', value: { const: 1 } }],
  reversion: { to: 'none', minS: 0, maxS: 0, renewedBy: 'none' },
  flash: 'volatile',
  source: 'test',
};

/** A percent limit as in SunSpec 123. */
const LIMIT: ControlSpec = {
  ...TIMED,
  kind: 'limit',
  arm: [{ point: 'setReversionS', value: { from: 'timeoutS' } }],
  set: [
    { point: 'limitPct', value: { from: 'powerPct' } },
    { point: 'setEnable', value: { const: 1 } },
  ],
  reversion: { to: 'full-power', minS: 1, maxS: 300, renewedBy: 'timer-write' },
};

const profile = (control: ControlSpec): Profile => ({
  kind: 'registers',
  id: 'test/device',
  maker: 'Test',
  title: 'Device',
  role: 'battery-inverter',
  source: [],
  wordOrder: 'big',
  limits: { maxRegistersPerRead: 100, pauseMs: 0, timeoutMs: 200, latencyMs: 0, connectDelayMs: 0 },
  control: [control],
  points: {
    powerW: point(0, { as: 'i16', unit: 'W', class: 'control' }),
    ratedW: point(1, { unit: 'W', class: 'slow', scale: 10 }),
    setW: point(10, { as: 'i16', unit: 'W', scaleFrom: 'sf', writable: true }),
    setEnable: point(11, { writable: true }),
    setReversionS: point(12, { unit: 's', writable: true }),
    setReversionW: point(13, { as: 'i16', unit: 'W', scaleFrom: 'sf', writable: true }),
    leftS: point(14, { unit: 's' }),
    sf: point(15, { as: 'sf', class: 'slow' }),
    limitPct: point(16, { unit: 'pct', scale: 0.01, writable: true, min: 0, max: 100 }),
    sizeW: point(20, { unit: 'W', writable: true }),
    mode: point(21, { writable: true }),
  },
  identity: [],
  quirks: [],
  examples: [],
});

const verdict = (powerW: number, more: Partial<Verdict> = {}): Verdict =>
  ({
    terminal: 'battery1',
    kind: 'setpoint',
    powerW,
    currentA: 0,
    code: 'PLAN',
    protective: false,
    ...more,
  }) as Verdict;

interface Options {
  readonly control?: ControlSpec;
  readonly allowed?: boolean;
  readonly budget?: Record<string, number>;
}

async function rig(options: Options = {}) {
  const control = options.control ?? TIMED;
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 1);
  const peer = createPeer('tcp', [1]);
  servePeer(peer, wire.far);
  peer.registers.set(1, 6_000); // 60 kW
  peer.registers.set(14, 60);
  peer.registers.set(15, 1); // tens of watts
  peer.registers.set(16, 10_000);
  const lines: string[] = [];
  const line = (text: string): void => {
    lines.push(text);
  };
  const log: Log = { info: line, warn: line, error: line };
  const terminal: Terminal = {
    id: 'battery1',
    name: 'Battery',
    node: 'main',
    kind: 'battery',
    device: 'inverter1',
    phases: 3,
    ratedInW: 50_000,
    ratedOutW: 50_000,
    control: control.kind,
    minPowerW: 0,
    minRunMs: 0,
    minRestMs: 0,
    responseMs: 1_000,
    priority: 1,
    safeState: { kind: 'zero' },
  };
  const allow = options.allowed === undefined ? {} : { allowWithoutReversion: options.allowed };
  const site = {
    gateway: 'gw',
    buses: [{ id: 'bus', kind: 'tcp', host: 'h', port: 502 }],
    devices: [{ id: 'inverter1', bus: 'bus', unit: 1, profile: 'test/device', ...allow }],
    terminals: [terminal],
  } as unknown as Site;
  const times = timing(1);
  const poller = createPoller(
    site,
    () => profile(control),
    () => wire,
    clock,
    times,
    log,
  );
  void poller.start();
  await clock.advance(2_100);
  const writer = createWriter(site, poller, clock, times, log, options.budget ?? {});
  /** One write as [register, value]; reads are left out. */
  const writes = (): [number, number][] =>
    peer.asked.filter(([fc]) => fc >= 5).map(([, at, value]) => [at, (value << 16) >> 16]);
  const order = (): string[] =>
    peer.asked.filter(([, at]) => at >= 10).map(([fc, at]) => (fc >= 5 ? `write ${at}` : 'read'));
  const submit = async (powerW: number, more: Partial<Verdict> = {}): Promise<void> => {
    writer.submit([verdict(powerW, more)], clock.monoMs());
    await clock.advance(400);
  };
  const cycles = async (count: number, powerW: number, more: Partial<Verdict> = {}) => {
    for (let turn = 0; turn < count; turn += 1) {
      writer.submit([verdict(powerW, more)], clock.monoMs());
      await clock.advance(1_000);
    }
  };
  const clear = (): void => {
    peer.asked.length = 0;
  };
  const lease = () => writer.state()[0]!;
  return { clock, wire, peer, poller, writer, lines, writes, order, submit, cycles, clear, lease };
}

describe('a device with a reversion timer', () => {
  test('timer and reversion value are written and read back before the setpoint', async () => {
    const { submit, clear, writes, order, lease, clock } = await rig();
    clear();
    await submit(-12_345);
    expect(writes()).toEqual([
      [12, 60],
      [13, 0],
      [10, -1_234],
      [11, 1],
    ]);
    expect(order()).toEqual([
      'read',
      'write 12',
      'write 13',
      'read',
      'write 10',
      'write 11',
      'read',
    ]);
    expect(lease()).toMatchObject({
      armed: true,
      lastVerified: { powerW: -12_345 },
      mismatches: 0,
      unknownOutcome: false,
    });
    expect(lease().armedUntilMonoMs - clock.monoMs()).toBeGreaterThan(59_000);
  });

  test('rounding never asks for more than the verdict did', async () => {
    const { submit, writes, clear } = await rig();
    clear();
    await submit(19_999);
    await submit(-19_999);
    const powers = writes().filter(([at]) => at === 10);
    expect(powers).toEqual([
      [10, 1_999],
      [10, -1_999],
    ]);
  });

  test('the timer that does not read back keeps the setpoint from being written', async () => {
    const { peer, submit, writes, clear, lease } = await rig();
    const set = peer.registers.set.bind(peer.registers);
    peer.registers.set = (at, value) => (at === 12 ? peer.registers : set(at, value));
    clear();
    await submit(5_000);
    expect(writes().some(([at]) => at === 10)).toBe(false);
    expect(lease()).toMatchObject({ armed: false, mismatches: 1, lastVerified: undefined });
  });

  test('unchanged: no write, only the lease is renewed by a third of its time', async () => {
    const { cycles, submit, clear, writes, lease } = await rig();
    await submit(5_000);
    clear();
    await cycles(59, 5_000);
    expect(writes()).toEqual([
      [12, 60],
      [12, 60],
    ]);
    expect(lease().armed).toBe(true);
  });

  test('a change inside the deadband is not written, but towards zero it always is', async () => {
    const { submit, clear, writes, lease } = await rig();
    await submit(5_000);
    clear();
    for (let powerW = 5_010; powerW <= 5_040; powerW += 10) await submit(powerW);
    expect(writes()).toEqual([]);
    expect(lease().lastVerified?.powerW).toBe(5_000); // what the register holds
    await submit(5_060); // the steps add up to more than the deadband
    expect(writes()).toEqual([
      [10, 506],
      [11, 1],
    ]);
    await submit(5_040);
    expect(writes().at(-2)).toEqual([10, 504]);
  });

  test('written but not applied: told after three, then spaced out; a protective one goes at once', async () => {
    const { peer, cycles, submit, clear, lease, lines, writes } = await rig();
    await submit(1_000);
    const set = peer.registers.set.bind(peer.registers);
    peer.registers.set = (at, value) => (at === 10 ? peer.registers : set(at, value));
    await cycles(3, 9_000);
    expect(lease()).toMatchObject({ mismatches: 3, lastVerified: undefined });
    expect(lines.filter((text) => text.includes('something else'))).toHaveLength(1);
    clear();
    await cycles(3, 9_000);
    expect(writes()).toEqual([]);
    peer.registers.set = set;
    await submit(0, { protective: true });
    expect(lease()).toMatchObject({ mismatches: 0, lastVerified: { powerW: 0 } });
  });

  test('answer to a write lost: read back first, and no second write when it was applied', async () => {
    const { peer, submit, clear, order, lease, writes } = await rig();
    await submit(1_000);
    peer.faults.bend = (frame) => (frame[7] === 6 ? [] : [frame]); // executed, never acknowledged
    clear();
    await submit(2_000);
    expect(writes()).toEqual([[10, 200]]);
    expect(lease()).toMatchObject({ unknownOutcome: true, lastVerified: undefined });
    peer.faults.bend = undefined;
    clear();
    await submit(2_000);
    expect(order()).toEqual(['read']);
    expect(lease()).toMatchObject({ unknownOutcome: false, lastVerified: { powerW: 2_000 } });
  });

  test('the device restarts and forgets: timer first, then the setpoint', async () => {
    const { peer, cycles, submit, clear, writes, lease } = await rig();
    await submit(3_000);
    for (const at of [10, 11, 12, 13]) peer.registers.set(at, 0);
    clear();
    await cycles(8, 3_000);
    expect(writes()).toEqual([
      [12, 60],
      [13, 0],
      [10, 300],
      [11, 1],
    ]);
    expect(lease()).toMatchObject({ armed: true, mismatches: 0 });
  });

  test('another connection: armed and written anew', async () => {
    const { wire, cycles, submit, clear, writes } = await rig();
    await submit(3_000);
    clear();
    wire.far.hangUp('reset');
    await cycles(3, 3_000);
    expect(writes().slice(0, 3)).toEqual([
      [12, 60],
      [13, 0],
      [10, 300],
    ]);
  });

  test('no connection for longer than the timer: not shown as armed', async () => {
    const { peer, cycles, submit, lease } = await rig();
    await submit(3_000);
    peer.faults.drop = true;
    await cycles(70, 3_000);
    expect(lease().armed).toBe(false);
  });

  test('latest wins: what was overtaken is never written', async () => {
    const { clock, peer, writer, writes, clear } = await rig();
    peer.faults.delayMs = 50;
    clear();
    for (const powerW of [1_000, 2_000, 3_000, 4_000]) {
      writer.submit([verdict(powerW)], clock.monoMs());
      await clock.advance(20);
    }
    await clock.advance(2_000);
    expect(writes().filter(([at]) => at === 10)).toEqual([
      [10, 100],
      [10, 400],
    ]);
  });

  test('release, and it is read back', async () => {
    const { submit, clear, writes, lease, peer } = await rig();
    await submit(3_000);
    clear();
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([[11, 0]]);
    expect(peer.registers.get(11)).toBe(0);
    expect(lease()).toMatchObject({ armed: false, lastVerified: { kind: 'release' } });
    clear();
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([]);
  });

  test('the last writes before a stop are verified, or named as failed in bounded time', async () => {
    const good = await rig();
    await good.submit(3_000);
    let result: unknown;
    void good.writer.releaseAll([verdict(0, { protective: true })]).then((done) => {
      result = done;
    });
    await good.clock.advance(5_000);
    expect(result).toEqual({ verified: true, failed: [] });
    expect(good.peer.registers.get(10)).toBe(0);
    good.clear();
    await good.submit(9_000); // too late: nothing is taken any more
    expect(good.writes()).toEqual([]);

    const dead = await rig();
    await dead.submit(3_000);
    dead.peer.faults.drop = true;
    void dead.writer.releaseAll([verdict(0)]).then((done) => {
      result = done;
    });
    await dead.clock.advance(5_000);
    expect(result).toEqual({ verified: false, failed: ['battery1'] });
  });

  test('exceptions: 6 is tried again, 3 is told and spaced out', async () => {
    const { peer, cycles, lease, lines, clear } = await rig();
    peer.faults.exception = 6;
    await cycles(2, 1_000);
    expect(lease().refused).toBeUndefined();
    peer.faults.exception = undefined;
    await cycles(1, 1_000);
    expect(lease().lastVerified?.powerW).toBe(1_000);
    const answer = peer.faults;
    answer.bend = (frame) =>
      frame[7] === 6 ? [Uint8Array.from([...frame.slice(0, 5), 3, 1, 0x86, 3])] : [frame];
    clear();
    await cycles(5, 2_000);
    expect(lease().refused).toContain('exception 3');
    expect(lines.filter((text) => text.includes('exception 3'))).toHaveLength(1);
    expect(peer.asked.filter(([fc]) => fc === 6)).toHaveLength(1);
  });
});

describe('a device without a reversion timer', () => {
  test('is not controlled unless the site file names it', async () => {
    const { submit, writes, lease, lines } = await rig({ control: UNTIMED });
    await submit(1_000);
    expect(writes()).toEqual([]);
    expect(lease().refused).toContain('reversion');
    expect(lines.some((text) => text.includes('reversion'))).toBe(true);
  });

  test('but it may always be given back', async () => {
    const { submit, writes } = await rig({ control: UNTIMED });
    await submit(0, { kind: 'release' });
    expect(writes()).toEqual([[21, 1]]);
  });

  test('turning round: never the new size in the old direction', async () => {
    const { peer, submit, clear, writes } = await rig({ control: UNTIMED, allowed: true });
    peer.registers.set(21, 1);
    await submit(-2_000);
    clear();
    await submit(5_000);
    expect(writes()).toEqual([
      [20, 2_000],
      [21, 12],
      [20, 5_000],
      [21, 12],
    ]);
    clear();
    await submit(-1_000);
    expect(writes()).toEqual([
      [20, 1_000],
      [21, 11],
    ]);
  });
});

test('a percent limit refers to the rating of the device, not of the terminal', async () => {
  const { submit, writes, clear } = await rig({ control: LIMIT });
  clear();
  await submit(15_000, { kind: 'limit' });
  expect(writes()).toEqual([
    [12, 60],
    [16, 2_500], // 25.00 % of 60 kW
    [11, 1],
  ]);
});

test('a timer that only its own register renews is renewed although setpoints are written', async () => {
  const { submit, cycles, clear, writes } = await rig({ control: LIMIT });
  await submit(15_000, { kind: 'limit' });
  clear();
  for (let turn = 0; turn < 45; turn += 1) await cycles(1, 15_000 + 100 * turn, { kind: 'limit' });
  expect(writes().filter(([at]) => at === 12).length).toBeGreaterThanOrEqual(2);
});

test('stored registers have a daily budget that survives a restart', async () => {
  const control: ControlSpec = { ...UNTIMED, flash: 'persistent', writesPerDay: 10 };
  const first = await rig({ control, allowed: true });
  for (let turn = 1; turn <= 10; turn += 1) await first.submit(turn * 1_000);
  expect(first.writes()).toHaveLength(10);
  expect(first.lease().refused).toContain('out of writes');
  const budget = first.writer.budget();
  expect(Object.values(budget)).toEqual([10]);
  const second = await rig({ control, allowed: true, budget });
  await second.submit(1_000);
  expect(second.writes()).toEqual([]);
  second.clock.stepWall(86_400_000);
  await second.clock.advance(11_000);
  second.clear();
  await second.submit(1_000);
  expect(second.writes()).toHaveLength(2);
  expect(Object.values(second.writer.budget())).toEqual([2]);
});
