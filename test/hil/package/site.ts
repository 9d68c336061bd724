import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClockOrigin, createClock } from '../../../gateway/adapters/clock.ts';
import { type RunningSite, runSite } from '../../../simulators/demo/world.ts';
import type { SiteDevices } from '../../../simulators/devices/types.ts';
import { createSiteDevices } from '../../../simulators/servers/site-devices.ts';
import { deviceSettings } from '../../../simulators/sites/bind.ts';
import { demoSites, demoSiteText, wired } from '../../../simulators/sites/demo.ts';

export interface Field {
  readonly world: RunningSite;
  readonly images: SiteDevices['images'];
  /** Where the devices answer, HOST:PORT. */
  readonly hosts: readonly string[];
  stop(): Promise<void>;
}

const SEED = 3;

/**
 * Sunfield's devices on real sockets, in real time unless an origin is given, and the files of a
 * gateway in front of them as an installer leaves them in `dir`.
 */
export async function startField(
  dir: string,
  dataDir: string,
  pagePort: number,
  origin?: ClockOrigin,
): Promise<Field> {
  const [demo] = demoSites(SEED);
  const clock = createClock(origin);
  let world: RunningSite | undefined;
  const devices: SiteDevices = createSiteDevices(demo.site, {
    clock,
    settings: deviceSettings(demo.site),
    onFrame: (frame) => world?.frame(frame),
    onRequest: () => world?.advance(),
  });
  const site = wired(demo.site, await devices.start(), undefined);
  world = runSite({ site, plant: demo.plant, devices, seed: SEED, drive: undefined }, clock);
  mkdirSync(dir, { recursive: true });
  // Its gateway runs as another user, who alone may keep records: the devices are allowed by name.
  const unprovenAllowed = site.devices.map(({ id }) => id);
  const allowed = { ...site, control: { ...site.control, unprovenAllowed } };
  writeFileSync(join(dir, 'site.yaml'), demoSiteText(allowed, demo.comment));
  const gateway = ['version: 1', `dataDir: ${dataDir}`, `page: { port: ${pagePort} }`];
  writeFileSync(join(dir, 'gateway.yaml'), `${gateway.join('\n')}\n`);
  const running = world;
  return {
    world: running,
    images: devices.images,
    hosts: site.buses.map((bus) => (bus.kind === 'serial' ? '' : `${bus.host}:${bus.port}`)),
    async stop() {
      running.stop();
      await devices.stop();
    },
  };
}
