import { profileById } from '../../devices/catalogue.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Clock } from '../../gateway/ports.ts';
import { type RunningSite, runSite } from '../demo/world.ts';
import { createDeviceImage } from '../devices/image.ts';
import type { DeviceImage, Frame } from '../devices/types.ts';
import type { PlantTruth } from '../plant/plant.ts';
import { deviceSettings } from '../sites/bind.ts';
import { type DemoSite, wired } from '../sites/demo.ts';
import { createVirtualBus, type VirtualBus } from './wires.ts';

/** A site without its gateway: plant, devices and wires, and the judges that watch them. */
export interface VirtualSite extends RunningSite {
  readonly images: Readonly<Record<string, DeviceImage>>;
  readonly buses: ReadonlyMap<string, VirtualBus>;
}

export interface SiteDeps {
  readonly clock: Clock;
  readonly seed: number;
  readonly directives: { readonly keyId: string; readonly publicKey: string };
  readonly onFrame: (site: string, frame: Frame) => void;
  /** A request whose answer was not sent, after its frame. */
  readonly onUnanswered?: (frame: Frame) => void;
  /** Writes of somebody else. */
  readonly onForeign?: (site: string, frame: Frame) => void;
  /** Hears of every sub-step of the plant. */
  readonly onTruth?: (truth: PlantTruth) => void;
  /** What a device is to be seen as by its plant and its wire, in place of itself. */
  readonly dress?: (image: DeviceImage) => DeviceImage;
}

/** Plant and devices are brought to now this often, and when a device is asked after a while. */
const TURN_MS = 1_000;
const FRESH_MS = 500;

export function createVirtualSite(demo: DemoSite, deps: SiteDeps): VirtualSite {
  const { clock, seed } = deps;
  const site: Site = wired(demo.site, demo.site.buses, deps.directives);
  const settings = deviceSettings(site);
  const images = Object.fromEntries(
    site.devices.map(({ id, profile: name }) => {
      const profile = profileById(name);
      if (profile === undefined) throw new RangeError(`no profile ${name}`);
      const bare = createDeviceImage(profile, { id, settings: settings[id] ?? { ratedW: 10_000 } });
      return [id, deps.dress?.(bare) ?? bare];
    }),
  );
  let running: RunningSite | undefined;
  const buses = new Map(
    site.buses.map((bus) => [
      bus.id,
      createVirtualBus(site, bus, {
        clock,
        seed,
        images,
        onFrame: (frame) => {
          running?.frame(frame);
          deps.onFrame(site.id, frame);
        },
        onUnanswered: (frame) => {
          running?.unanswered();
          deps.onUnanswered?.(frame);
        },
        onForeign: (frame) => deps.onForeign?.(site.id, frame),
        onRequest: () => running?.advance(),
      }),
    ]),
  );
  const devices = { images, start: async () => site.buses, stop: async () => undefined };
  const pace = { turnMs: TURN_MS, freshMs: FRESH_MS, balanceTurns: 60 };
  const { onTruth } = deps;
  const own = { site, plant: demo.plant, devices, seed, drive: undefined, ...pace };
  running = runSite(onTruth === undefined ? own : { ...own, onTruth }, clock);
  return { ...running, images, buses };
}
