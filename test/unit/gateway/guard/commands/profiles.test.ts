import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../../devices/catalogue.ts';
import type { ControlSpec, Profile } from '../../../../../devices/profile.ts';
import type { Site, Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../../gateway/guard/bus/buses.ts';
import { createWriter } from '../../../../../gateway/guard/commands/writer.ts';
import { createPoller } from '../../../../../gateway/guard/measurements/poller.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createDeviceImage } from '../../../../../simulators/devices/image.ts';
import { createMbapSession } from '../../../../../simulators/devices/mbap.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

const RATED_W = 10_000;
/** All that needs no other schedule than a setpoint or a limit in watts. */
const cases = CATALOGUE.flatMap((profile) =>
  profile.control
    .filter(({ kind }) => kind === 'setpoint' || kind === 'limit')
    .map((spec) => [`${profile.id} ${spec.binds || 'itself'}`, profile, spec] as const),
);

const terminal = (spec: ControlSpec): Terminal => ({
  id: 'terminal1',
  name: 'Terminal',
  node: 'main',
  kind: spec.kind === 'limit' ? 'pv' : 'battery',
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

/** The gateway's own bus, poll plan and writer before the device that the profile describes. */
async function rig(profile: Profile, spec: ControlSpec) {
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 1);
  const settings = { ratedW: RATED_W, chargeMaxW: RATED_W, dischargeMaxW: RATED_W };
  const image = createDeviceImage(profile, { id: 'device1', settings });
  const station = { bus: 'bus', units: new Map([[1, image]]), clock };
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
  const writer = createWriter(site, poller, clock, times, log, {});
  const told = () => {
    image.step(clock.monoMs());
    return image.control();
  };
  const cycles = async (count: number, kind: 'setpoint' | 'limit' | 'release', powerW: number) => {
    for (let n = 0; n < count; n += 1) {
      writer.submit([verdictOf('terminal1', kind, powerW)], clock.monoMs());
      await clock.advance(1_000);
    }
  };
  const lease = () => writer.state()[0]!;
  return { clock, poller, told, cycles, lease, lines };
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
