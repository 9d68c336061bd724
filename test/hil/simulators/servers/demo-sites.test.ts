import { afterEach, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import { createClock, newOrigin } from '../../../../gateway/adapters/clock.ts';
import { makeWire } from '../../../../gateway/adapters/modbus/wire.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { busMaker } from '../../../../gateway/guard/bus/buses.ts';
import { createPoller } from '../../../../gateway/guard/measurements/poller.ts';
import type { Poller } from '../../../../gateway/guard/measurements/types.ts';
import type { SiteDevices } from '../../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../../simulators/sites/bind.ts';
import { demoSites, wired } from '../../../../simulators/sites/demo.ts';

const SPEED = 96;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Every number of a site's devices that the gateway does not hold as good. */
function missing(poller: Poller, devices: SiteDevices): string[] {
  const { readings } = poller.snapshot();
  return Object.values(devices.images).flatMap((image) => {
    const points = Object.values(image.map.points).filter(({ as }) => as !== 'str' && as !== 'sf');
    const keys = [...points.map(({ key }) => key), ...Object.keys(image.map.sums ?? {})];
    return keys
      .filter((key) => readings[image.id]?.[key]?.quality !== 'good')
      .map((key) => `${image.id} ${key}`);
  });
}

it.each(demoSites(7).map(({ site }) => [site.id, site] as const))(
  '%s: the gateway reads every point of every simulated device over real wires',
  async (_id, site) => {
    const clock = createClock(newOrigin(SPEED, Date.UTC(2026, 5, 1, 10)));
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const devices = createSiteDevices(site, { clock, settings: deviceSettings(site) });
    stops.push(devices.stop);
    const buses = await devices.start();
    const real = wired(site, buses, undefined);
    const times = timing(SPEED);
    const own = busMaker(real, makeWire, clock, times, log);
    const poller = createPoller(real, profileById, own, clock, times, log);
    stops.push(() => poller.stop());
    await poller.start();
    await expect.poll(() => missing(poller, devices), { timeout: 20_000 }).toEqual([]);

    const [meter] = site.meters;
    if (meter === undefined) throw new Error('no meter');
    devices.images[meter.device]?.put('powerW', -4_000);
    const seen = () => poller.snapshot().readings[meter.device]?.['powerW'];
    await expect.poll(seen, { timeout: 20_000 }).toMatchObject({ quality: 'good', value: -4_000 });
  },
);
