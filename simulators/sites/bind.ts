import type { Site, Terminal } from '../../gateway/contracts/values/site.ts';
import type { DeviceImage, DeviceSettings } from '../devices/types.ts';
import type { PlantTruth } from '../plant/plant.ts';
import { type Command, type Commands, clamp, type PlaceTruth } from '../plant/types.ts';
import { streamKey } from '../random.ts';
import {
  type GridNow,
  gridNow,
  METER_QUANTITIES,
  type Quantities,
  type Shown,
  shownByMeter,
  shownByTerminal,
  terminalQuantities,
} from './quantities.ts';

/**
 * The seam between plant and devices of one site. Each turn of the simulator:
 *
 *   for (const image of Object.values(images)) image.step(clock.monoMs());
 *   ({ state, truth } = stepPlant(plant, state, bound.commands(), drive, dtMs));
 *   bound.put(truth);
 */
export interface BoundSite {
  /** What the devices are told to do, by terminal. */
  commands(): Commands;
  /** Lets all devices' registers show one instant of truth, from when somebody looks at them. */
  put(truth: PlantTruth): void;
}

type Images = Readonly<Record<string, DeviceImage>>;

function command(image: DeviceImage, terminal: Terminal): Command {
  const { ownMode, setpointW, limitW, enabled, currentA } = image.control();
  const told: { -readonly [name in keyof Command]: Command[name] } = {};
  if (setpointW !== undefined && !ownMode) told.setW = setpointW;
  if (limitW !== undefined && !ownMode) told.limitW = limitW;
  if (enabled !== undefined && terminal.control === 'on-off') told.enable = enabled;
  if (currentA !== undefined) told.currentA = currentA;
  return told;
}

/** Lets a device's readings follow a place: those that it has; sums follow from their parts. */
function followQuantities(
  image: DeviceImage,
  prefix: string,
  quantities: Quantities,
  shown: () => Shown,
): void {
  const known = Object.entries(quantities)
    .map(([name, quantity]) => ({ key: prefix + name, quantity }))
    .filter(({ key }) => image.has(key) && image.map.sums?.[key] === undefined);
  const keys = known.map(({ key }) => key);
  for (const [n, { key, quantity }] of known.entries()) {
    const later = new Set(keys.slice(n + 1));
    image.follow(key, (set) => set(quantity(shown())), later);
  }
}

/** States that people read on a device, the best of each first. */
const MOVING = ['running', 'mppt', 'on', 'normal'];
const RESTING = ['standby', 'sleeping', 'waiting', 'idle', 'off'];
const AWAY = ['free', 'available', 'unplugged'];
const CHARGING = ['charging'];
const FULL = ['finished', 'connected', 'waiting'];
const PLUGGED = ['connected', 'waiting', 'suspended'];

function statesOf({ kind }: Terminal, place: PlaceTruth): readonly string[] {
  const moving = Math.abs(place.powerW) > 1;
  if (kind !== 'ev') return moving ? MOVING : RESTING;
  if (!place.connected) return AWAY;
  if (moving) return CHARGING;
  return (place.socPct ?? 0) >= 100 ? FULL : PLUGGED;
}

/** Shows the nearest of the states that the device's profile knows. */
function followState(
  image: DeviceImage,
  prefix: string,
  terminal: Terminal,
  shown: () => Shown,
): void {
  const key = `${prefix}state`;
  const states = image.map.points[key]?.states;
  if (states === undefined) return;
  image.follow(key, (set) => {
    const name = statesOf(terminal, shown().place).find((known) => states[known] !== undefined);
    if (name !== undefined) set(states[name]);
  });
}

/** @throws RangeError when a controlled or metered device has no image */
export function bindSite(
  site: Pick<Site, 'zone' | 'terminals' | 'meters'>,
  images: Images,
  seed: number,
): BoundSite {
  const image = (id: string): DeviceImage => {
    const found = images[id];
    if (found === undefined) throw new RangeError(`no image of device '${id}'`);
    return found;
  };
  const grid = gridNow(streamKey(seed, `grid:${site.zone}`));
  const controlled = site.terminals
    .filter((terminal) => terminal.control !== 'none')
    .map((terminal) => ({
      terminal,
      image: image(terminal.controlDevice ?? terminal.device ?? terminal.id),
    }));
  const metered = site.meters.map((meter) => ({ meter, image: image(meter.device) }));
  const measured = site.terminals
    .filter((terminal) => terminal.device !== undefined)
    .map((terminal) => ({ terminal, image: image(terminal.device ?? '') }));
  const showing = new Set([...metered, ...measured].map((one) => one.image));
  let latest: PlantTruth | undefined;
  /** How a box shows a place of the latest truth; worked out when it is asked. */
  const shownOf = (id: string, first: PlaceTruth, show: Show): (() => Shown) => {
    let of: PlantTruth | undefined;
    let shown: Shown | undefined;
    return () => {
      if (shown === undefined || latest !== of) {
        shown = show(latest?.places[id] ?? first, grid(latest?.atMs ?? 0));
        of = latest;
      }
      return shown;
    };
  };
  /** A place always has the same values, so the first truth says which there are to follow. */
  const follow = ({ places }: PlantTruth): void => {
    for (const { meter, image: box } of metered) {
      const place = places[meter.of];
      if (place === undefined) continue;
      const isTurned = meter.direction === 'out-of-node';
      const shown = shownOf(meter.of, place, (own, now) => shownByMeter(isTurned, own, now));
      followQuantities(box, '', METER_QUANTITIES, shown);
    }
    for (const { terminal, image: box } of measured) {
      const place = places[terminal.id];
      if (place === undefined) continue;
      const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
      const shown = shownOf(terminal.id, place, shownByTerminal);
      followQuantities(box, prefix, terminalQuantities(terminal, place), shown);
      followState(box, prefix, terminal, shown);
    }
  };
  return {
    commands: () => {
      const commands: Record<string, Command> = {};
      for (const { terminal, image: told } of controlled) {
        commands[terminal.id] = command(told, terminal);
      }
      return commands;
    },
    put: (truth) => {
      if (latest === undefined) follow(truth);
      latest = truth;
      for (const box of showing) box.renew();
    },
  };
}

type Show = (place: PlaceTruth, grid: GridNow) => Shown;

/** Nameplates of a site's devices, for the servers that simulate them. */
export function deviceSettings(site: Site): Record<string, DeviceSettings> {
  const settings: Record<string, DeviceSettings> = {};
  for (const meter of site.meters) {
    const connection = site.connections.find((entry) => entry.id === meter.of);
    const terminal = site.terminals.find((entry) => entry.id === meter.of);
    const ratedW = connection
      ? connection.fuseA * 690
      : Math.max(terminal?.ratedInW ?? 0, terminal?.ratedOutW ?? 0);
    settings[meter.device] = { ratedW: clamp(ratedW, 5_000, 1e7) };
  }
  for (const terminal of site.terminals) {
    const device = terminal.device ?? terminal.controlDevice;
    if (device === undefined) continue;
    const store = site.stores.find((entry) => entry.terminal === terminal.id);
    const ratedW = Math.max(terminal.ratedInW, terminal.ratedOutW);
    const known = settings[device];
    settings[device] = {
      ...known,
      ratedW: terminal.part === undefined ? ratedW : (known?.ratedW ?? ratedW),
      ...(terminal.kind === 'battery'
        ? { chargeMaxW: terminal.ratedOutW, dischargeMaxW: terminal.ratedInW }
        : {}),
      ...(store && terminal.kind === 'battery' ? { capacityWh: store.usableWh } : {}),
      ...(terminal.kind === 'pv' ? { strings: 2 } : {}),
    };
  }
  return settings;
}
