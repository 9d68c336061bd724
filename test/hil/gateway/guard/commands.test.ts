import { test } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createClock, newOrigin } from '../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../gateway/adapters/modbus/wire.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../gateway/guard/bus/buses.ts';
import { createWriter } from '../../../../gateway/guard/commands/writer.ts';
import { createPoller } from '../../../../gateway/guard/measurements/poller.ts';
import type { Log } from '../../../../gateway/ports.ts';
import type { Commanded } from '../../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites, wired } from '../../../../simulators/sites/demo.ts';
import { KERNEL } from '../../../fixtures/kernel.ts';
import { verdictOf } from '../../../fixtures/verdicts.ts';

const SPEED = 96;

const [field, factory, house] = demoSites(7);
const GENERIC = 'sunspec/generic';
/** The same site with a battery inverter of the 100 series. */
const older = {
  ...field.site,
  id: 'sunfield with model 124',
  devices: field.site.devices.map((device) =>
    device.id === 'inverter2' ? { ...device, profile: 'sunspec/battery-124' } : device,
  ),
};
/** Verdicts of one cycle, what the devices must then be told, and the safe end. */
const CASES = [
  {
    site: field.site,
    verdicts: [verdictOf('battery1', 'setpoint', -20_000), verdictOf('pv1', 'limit', 30_000)],
    told: { inverter2: { setpointW: -20_000 }, inverter1: { limitW: 30_000 } },
    safe: [verdictOf('battery1', 'setpoint', 0), verdictOf('pv1', 'release', 0)],
    end: { inverter2: { setpointW: 0 }, inverter1: { ownMode: true } },
  },
  {
    site: factory.site,
    verdicts: [verdictOf('battery1', 'setpoint', 15_000), verdictOf('compressor1', 'on-off', 0)],
    told: { inverter1: { setpointW: 15_000 }, relay1: { enabled: false } },
    safe: [verdictOf('battery1', 'release', 0), verdictOf('compressor1', 'release', 0)],
    end: { inverter1: { ownMode: true }, relay1: { ownMode: true } },
  },
  {
    site: house.site,
    verdicts: [
      verdictOf('battery1', 'setpoint', -3_000),
      verdictOf('ev1', 'steps', -6_900, { currentA: 10 }),
    ],
    told: { hybrid1: { setpointW: -3_000 }, wallbox1: { currentA: 10 } },
    safe: [verdictOf('battery1', 'release', 0), verdictOf('ev1', 'release', 0)],
    end: { hybrid1: { ownMode: true }, wallbox1: { ownMode: true } },
  },
  // Devices that the gateway knows nothing of but their models.
  ...[field.site, older].map((site) => ({
    site,
    by: GENERIC,
    verdicts: [verdictOf('battery1', 'setpoint', -20_000), verdictOf('pv1', 'limit', 30_000)],
    told: { inverter2: { setpointW: -20_000 }, inverter1: { limitW: 30_000 } },
    safe: [verdictOf('battery1', 'setpoint', 0), verdictOf('pv1', 'release', 0)],
    end: { inverter2: { setpointW: 0 }, inverter1: { ownMode: true } },
  })),
] as const;

const nameOf = (one: (typeof CASES)[number]): string =>
  'by' in one ? `${one.site.id} by ${one.by}` : one.site.id;

// At once: each of them waits most of its time.
test.concurrent.for(CASES.map((one) => [nameOf(one), one] as const))(
  '%s: commands reach the devices, are verified and kept alive, and are given back',
  async ([, one], { expect, onTestFinished }) => {
    const { site, verdicts, told, safe, end } = one;
    const clock = createClock(newOrigin(SPEED, Date.UTC(2026, 5, 1, 10)));
    const times = timing(SPEED);
    const lines: string[] = [];
    const line = (text: string): void => {
      lines.push(text);
    };
    const log: Log = { info: () => undefined, warn: line, error: line };
    const devices = createSiteDevices(site, { clock, settings: deviceSettings(site) });
    onTestFinished(devices.stop);
    const started = wired(site, await devices.start(), undefined);
    const known = started.devices.map((device) =>
      'by' in one ? { ...device, profile: one.by } : device,
    );
    const real = { ...started, devices: known };
    const buses = busMaker(real, makeWire, clock, times, log);
    const poller = createPoller(real, profileById, buses, clock, times, log);
    onTestFinished(() => poller.stop());
    await poller.start();
    const writer = createWriter(real, poller, clock, times, log, {}, KERNEL);

    let running = true;
    onTestFinished(() => {
      running = false;
    });
    const turn = (): void => {
      if (!running) return;
      for (const image of Object.values(devices.images)) image.step(clock.monoMs());
      writer.submit(verdicts, clock.monoMs());
      clock.at(clock.monoMs() + times.cycleMs, turn);
    };
    turn();
    const commanded = (of: Readonly<Record<string, unknown>>): Record<string, Commanded> =>
      Object.fromEntries(Object.keys(of).map((id) => [id, devices.images[id]!.control()]));
    await expect.poll(() => commanded(told), { timeout: 20_000 }).toMatchObject(told);
    const verified = () => writer.state().every((lease) => lease.lastVerified !== undefined);
    await expect.poll(verified, { timeout: 20_000 }).toBe(true);

    // Longer than any reversion time: kept alive all along.
    const untilMs = clock.monoMs() + 1.5 * times.reversionMs;
    await expect
      .poll(
        () => {
          expect(commanded(told)).toMatchObject(told);
          return clock.monoMs() >= untilMs;
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    expect(writer.state().map((lease) => lease.mismatches)).toEqual(verdicts.map(() => 0));
    if ('by' in one) expect(devices.images['inverter2']?.take('heartbeat')).toBeGreaterThan(0);
    // Control readings keep up with the accelerated cycle.
    const states = () => poller.snapshot().devices.map((view) => [view.id, view.state]);
    const allWell = site.devices.map((device) => [device.id, 'ok']);
    await expect.poll(states, { timeout: 20_000 }).toEqual(allWell);

    running = false;
    expect(await writer.releaseAll(safe)).toEqual({ verified: true, failed: [] });
    for (const image of Object.values(devices.images)) image.step(clock.monoMs());
    expect(commanded(end)).toMatchObject(end);
    expect(lines).toEqual([]);
  },
);
