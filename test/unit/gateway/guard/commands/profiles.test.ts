import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../../devices/catalogue.ts';
import type { ControlSpec, Profile, WriteStep } from '../../../../../devices/profile.ts';
import type { Site, Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import { createWriter } from '../../../../../gateway/guard/commands/writer.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createDeviceImage } from '../../../../../simulators/devices/image.ts';
import { createMbapSession } from '../../../../../simulators/devices/mbap.ts';
import type { Frame } from '../../../../../simulators/devices/types.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { KERNEL } from '../../../../fixtures/kernel.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

const RATED_W = 10_000;
const CURRENT_A = 10;
const all = CATALOGUE.flatMap((profile) =>
  profile.control.map(
    (spec) => [`${profile.id} ${spec.binds || 'itself'}`, profile, spec] as const,
  ),
);
/** All that needs no other schedule than a setpoint or a limit in watts. */
const cases = all.filter(([, , { kind }]) => kind === 'setpoint' || kind === 'limit');
const TERMINALS = { setpoint: 'battery', limit: 'pv', steps: 'ev', 'on-off': 'load' } as const;

const terminal = (spec: ControlSpec): Terminal => ({
  id: 'terminal1',
  name: 'Terminal',
  node: 'main',
  kind: TERMINALS[spec.kind],
  device: 'device1',
  ...(spec.binds === '' ? {} : { part: spec.binds }),
  phases: 3,
  ratedInW: RATED_W,
  ratedOutW: RATED_W,
  control: spec.kind,
  minPowerW: 0,
  minRunMs: 0,
  minRestMs: 0,
  responseMs: 1_000,
  priority: 1,
  safeState: { kind: 'own-mode' },
});

const inside = (at: number, from: number, { length }: readonly number[]): boolean =>
  at >= from && at < from + length;

/** Points of a sequence in its order, one list a frame; steps of the other direction left out. */
function framesOf(steps: readonly WriteStep[], powerW: number): string[][] {
  const direction = powerW < 0 ? 'charging' : 'discharging';
  const own = steps.filter(({ when }) => when === undefined || when === direction);
  return own.reduce<string[][]>((list, { point, together }) => {
    if (together === true && list.length > 0) list.at(-1)?.push(point);
    else list.push([point]);
    return list;
  }, []);
}

/** The gateway's own bus, poll plan and writer before the device that the profile describes. */
async function rig(profile: Profile, spec: ControlSpec) {
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 1);
  const settings = { ratedW: RATED_W, chargeMaxW: RATED_W, dischargeMaxW: RATED_W };
  const image = createDeviceImage(profile, { id: 'device1', settings });
  const written: Frame[] = [];
  const onFrame = (frame: Frame): void => {
    if (frame.write) written.push(frame);
  };
  const station = { bus: 'bus', units: new Map([[1, image]]), clock, onFrame };
  let session = createMbapSession(station);
  wire.far.onOpen = () => {
    session = createMbapSession(station);
  };
  wire.far.onBytes = (bytes) => {
    image.step(clock.monoMs());
    for (const out of session.feed(bytes).out) wire.far.send(out);
  };
  const lines: string[] = [];
  const log: Log = {
    info: () => undefined,
    warn: (text) => void lines.push(text),
    error: (text) => void lines.push(text),
  };
  const site = {
    gateway: 'gw',
    buses: [{ id: 'bus', kind: 'tcp', host: 'h', port: 502 }],
    devices: [
      { id: 'device1', bus: 'bus', unit: 1, profile: profile.id, allowWithoutReversion: true },
    ],
    terminals: [terminal(spec)],
  } as unknown as Site;
  const times = timing(1);
  const buses = busMaker(site, () => wire, clock, times, log);
  const poller = createPoller(site, () => profile, buses, clock, times, log);
  void poller.start();
  await clock.advance(20_000);
  const writer = createWriter(site, poller, clock, times, log, {}, KERNEL);
  const told = () => {
    image.step(clock.monoMs());
    return image.control();
  };
  const cycles = async (count: number, kind: ControlSpec['kind'] | 'release', powerW: number) => {
    for (let n = 0; n < count; n += 1) {
      const more = kind === 'steps' ? { currentA: CURRENT_A } : {};
      writer.submit([verdictOf('terminal1', kind, powerW, more)], clock.monoMs());
      await clock.advance(1_000);
    }
  };
  const lease = () => writer.state()[0]!;
  /** Points of each frame that was written since the last call, and its values. */
  const frames = () =>
    written.splice(0).map(({ address, values, exception }) => {
      const keys = Object.values(image.map.points)
        .filter(({ writable, at, writeAt = at }) => writable && inside(writeAt, address, values))
        .sort((a, b) => (a.writeAt ?? a.at) - (b.writeAt ?? b.at))
        .map(({ key }) => key);
      return { keys, values, exception };
    });
  return { clock, image, poller, told, cycles, lease, lines, frames };
}

describe.each(cases)('%s', (_name, profile, spec) => {
  const kind = spec.kind as 'setpoint' | 'limit';
  const wishes = kind === 'limit' ? [4_000, 2_500] : [-3_000, 3_000, -1_000];

  it('is polled, takes what is asked, holds it by renewal, and is given back', async () => {
    const { poller, told, cycles, lease, lines } = await rig(profile, spec);
    expect(poller.snapshot().devices[0]?.state).toBe('ok');
    for (const powerW of wishes) {
      await cycles(3, kind, powerW);
      expect(lease().refused).toBeUndefined();
      expect(lease().lastVerified?.powerW).toBe(powerW);
      const now = told();
      expect(now.ownMode).toBe(false);
      expect(now.setpointW ?? now.limitW).toBeCloseTo(powerW, -2);
    }
    const last = wishes.at(-1) ?? 0;
    await cycles(70, kind, last);
    expect(told().ownMode, 'held beyond its own time').toBe(false);
    await cycles(3, 'release', 0);
    expect(lease().lastVerified?.kind).toBe('release');
    if (spec.release.length > 0) expect(told().ownMode).toBe(true);
    expect(lines).toEqual([]);
  });

  it('ends by itself when the gateway falls silent, or never, as the profile says', async () => {
    const { clock, told, cycles } = await rig(profile, spec);
    await cycles(3, kind, wishes[0] ?? 0);
    await clock.advance(305_000);
    if (spec.reversion.to === 'none') expect(told().ownMode).toBe(false);
    else if (spec.reversion.to !== 'value') expect(told().ownMode).toBe(true);
    else expect(told().leftMs).toBeUndefined();
  });
});

describe.each(all)('%s, on the wire', (_name, profile, spec) => {
  const { arm, set, release, heartbeat, flash } = spec;
  const powerW = { setpoint: 3_000, limit: 4_000, steps: -6_900, 'on-off': -7_500 }[spec.kind];

  it('is armed, set in the order of its profile, beaten, hardly worn, released', async () => {
    const { image, told, cycles, lease, frames, lines } = await rig(profile, spec);
    expect(frames()).toEqual([]);
    await cycles(3, spec.kind, powerW);
    const first = frames();
    expect(first.filter(({ exception }) => exception !== 0)).toEqual([]);
    const isBeat = ({ keys }: { keys: readonly string[] }): boolean =>
      heartbeat !== undefined && keys.includes(heartbeat.point);
    const asked = first.filter((frame) => !isBeat(frame)).map(({ keys }) => keys);
    const [armed, sequence] = [framesOf(arm, powerW), framesOf(set, powerW)];
    // What is stored and shows its value already is left alone.
    const due = (keys: readonly string[]): boolean =>
      asked.some((own) => own.join() === keys.join());
    const worn = (keys: readonly string[]): boolean =>
      flash === 'persistent' || keys.some((key) => image.map.points[key]?.stored === true);
    const expected = [...armed, ...sequence].filter((keys) => !worn(keys) || due(keys));
    expect(asked.slice(0, expected.length)).toEqual(expected);
    expect(told().ownMode).toBe(false);

    await cycles(60, spec.kind, powerW);
    const held = frames();
    expect(held.filter(({ keys }) => worn(keys))).toEqual([]);
    if (heartbeat !== undefined) {
      const beats = held.filter(isBeat).map(({ values }) => values.at(-1));
      expect(beats.length).toBeGreaterThanOrEqual(Math.floor(60 / heartbeat.everyS) - 1);
      expect(beats.slice(1).every((beat, n) => beat === (beats[n] ?? 0) + 1)).toBe(true);
    }
    await cycles(3, 'release', 0);
    expect(lease().lastVerified?.kind).toBe('release');
    const given = frames().filter((frame) => !isBeat(frame) && !worn(frame.keys));
    const wanted = framesOf(release, 0).filter((keys) => !worn(keys));
    expect(given.map(({ keys }) => keys)).toEqual(wanted);
    expect(lines).toEqual([]);
  });
});
