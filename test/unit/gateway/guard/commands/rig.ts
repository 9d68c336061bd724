import type { ControlSpec, PointSpec, Profile } from '../../../../../devices/profile.ts';
import type { Site, Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import type { ForeignPolicy } from '../../../../../gateway/guard/commands/foreign.ts';
import { createWriter } from '../../../../../gateway/guard/commands/writer.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Verdict } from '../../../../../gateway/guard/safety/verdict.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, servePeer } from '../../../../../simulators/wires/peer.ts';
import { KERNEL } from '../../../../fixtures/kernel.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

const point = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'holding',
  as: 'u16',
  unit: 'none',
  class: 'state',
  ...more,
});

/** A battery as in SunSpec 704: power behind a scale factor, timer, reversion value, enable. */
export const TIMED: ControlSpec = {
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
export const UNTIMED: ControlSpec = {
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
export const LIMIT: ControlSpec = {
  ...TIMED,
  kind: 'limit',
  arm: [{ point: 'setReversionS', value: { from: 'timeoutS' } }],
  set: [
    { point: 'limitPct', value: { from: 'powerPct' } },
    { point: 'setEnable', value: { const: 1 } },
  ],
  reversion: { to: 'full-power', minS: 1, maxS: 300, renewedBy: 'timer-write' },
};

const profile = (control: ControlSpec, more: Partial<Profile>): Profile => ({
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
    // 30 and 32 go in one frame and cannot be read; 40 is stored
    deafW: point(30, { as: 'i32', unit: 'W', writable: true, writeOnly: true }),
    deafMode: point(32, { as: 'u32', writable: true, writeOnly: true }),
    storedMode: point(40, { writable: true, stored: true }),
    heartbeat: point(41, { writable: true }),
    minutesS: point(42, { unit: 's', scale: 60, writable: true, min: 60, max: 3_600 }),
    codeNumber: point(44, { as: 'u32', writable: true, writeOnly: true }),
    asideW: point(43, { as: 'i16', unit: 'W', writable: true, writeAt: 50 }),
  },
  identity: [],
  quirks: [],
  examples: [],
  ...(more as object),
});

interface Wish {
  readonly kind?: Verdict['kind'];
  readonly protective?: boolean;
}

export const verdict = (powerW: number, wish: Wish = {}): Verdict =>
  verdictOf('battery1', wish.kind ?? 'setpoint', powerW, {
    ...(wish.protective === undefined ? {} : { protective: wish.protective }),
  });

const terminalOf = (control: ControlSpec): Terminal => ({
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
});

interface Options {
  readonly control?: ControlSpec;
  readonly allowed?: boolean;
  readonly budget?: Record<string, number>;
  readonly profile?: Partial<Profile>;
  readonly foreignWrites?: ForeignPolicy;
  readonly code?: number;
}

export async function rig(options: Options = {}) {
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
  const allow = options.allowed === undefined ? {} : { allowWithoutReversion: options.allowed };
  const site = {
    gateway: 'gw',
    buses: [{ id: 'bus', kind: 'tcp', host: 'h', port: 502 }],
    devices: [{ id: 'inverter1', bus: 'bus', unit: 1, profile: 'test/device', ...allow }],
    terminals: [terminalOf(control)],
    control: { foreignWrites: options.foreignWrites },
  } as unknown as Site;
  const times = timing(1);
  const poller = createPoller(
    site,
    () => profile(control, options.profile ?? {}),
    busMaker(site, () => wire, clock, times, log),
    clock,
    times,
    log,
  );
  void poller.start();
  await clock.advance(2_100);
  const codes = new Map(options.code === undefined ? [] : [['inverter1', options.code]]);
  const { budget = {} } = options;
  const writer = createWriter(site, poller, clock, times, log, budget, KERNEL, undefined, codes);
  /** One write as [register, value]; reads are left out. */
  const writes = (): [number, number][] =>
    peer.asked.filter(([fc]) => fc >= 5).map(([, at, value]) => [at, (value << 16) >> 16]);
  const order = (): string[] =>
    peer.asked.filter(([, at]) => at >= 10).map(([fc, at]) => (fc >= 5 ? `write ${at}` : 'read'));
  const submit = async (powerW: number, more: Wish = {}): Promise<void> => {
    writer.submit([verdict(powerW, more)], clock.monoMs());
    await clock.advance(400);
  };
  const cycles = async (count: number, powerW: number, more: Wish = {}) => {
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
