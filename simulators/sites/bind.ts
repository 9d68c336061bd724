import type { Meter, Site, Terminal } from '../../gateway/contracts/values/site.ts';
import type { DeviceImage, DeviceSettings } from '../devices/types.ts';
import { ONE_WAY } from '../devices/values.ts';
import type { PlantTruth } from '../plant/plant.ts';
import { type Command, type Commands, clamp, type PlaceTruth } from '../plant/types.ts';
import { noiseAt, streamKey } from '../random.ts';

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
type Values = Record<string, number | undefined>;

const BATTERY_V = 400;
const STRING_V = 620;

function command(image: DeviceImage, terminal: Terminal): Command {
  const told = image.control();
  const free = told.ownMode;
  return {
    ...(told.setpointW !== undefined && !free ? { setW: told.setpointW } : {}),
    ...(told.limitW !== undefined && !free ? { limitW: told.limitW } : {}),
    ...(told.enabled !== undefined && terminal.control === 'on-off'
      ? { enable: told.enabled }
      : {}),
    ...(told.currentA !== undefined ? { currentA: told.currentA } : {}),
  };
}

/** Voltages and frequency breathe; all boxes of a site see the same ones. */
interface GridNow {
  readonly atMs: number;
  readonly frequencyHz: number;
  readonly voltageV: readonly [number, number, number];
}

function gridNow(key: number): (atMs: number) => GridNow {
  let last: GridNow | undefined;
  const voltage = (phase: number, atMs: number): number =>
    230.4 + 1.6 * noiseAt(key ^ phase, atMs, 30_000);
  return (atMs) => {
    if (last?.atMs === atMs) return last;
    last = {
      atMs,
      frequencyHz: 50 + 0.018 * noiseAt(key ^ 9, atMs, 20_000),
      voltageV: [voltage(1, atMs), voltage(2, atMs), voltage(3, atMs)],
    };
    return last;
  };
}

/** Electrical values of a three-phase box: a third each, a constant power factor. */
function electrical(
  powerW: number,
  powerFactor: number,
  { frequencyHz, voltageV }: GridNow,
  phasesW?: readonly number[],
): Values {
  const [voltageL1V, voltageL2V, voltageL3V] = voltageV;
  const [powerL1W = powerW / 3, powerL2W = powerW / 3, powerL3W = powerW / 3] = phasesW ?? [];
  const apparentVa = Math.abs(powerW) / powerFactor;
  return {
    ...directed(powerW),
    powerL1W,
    powerL2W,
    powerL3W,
    voltageL1V,
    voltageL2V,
    voltageL3V,
    currentL1A: Math.abs(powerL1W) / powerFactor / voltageL1V,
    currentL2A: Math.abs(powerL2W) / powerFactor / voltageL2V,
    currentL3A: Math.abs(powerL3W) / powerFactor / voltageL3V,
    frequencyHz,
    apparentVa,
    powerFactor,
    reactiveVar: Math.sqrt(Math.max(0, apparentVa * apparentVa - powerW * powerW)),
  };
}

/** A power, and what it is in registers that know one direction. */
function directed(powerW: number): Values {
  const values: Values = { powerW };
  for (const name in ONE_WAY) values[name] = ONE_WAY[name]?.(powerW);
  return values;
}

function meterValues(meter: Meter, place: PlaceTruth, grid: GridNow): Values {
  const turned = meter.direction === 'out-of-node';
  const phasesW = place.phasesW?.map((phaseW) => (turned ? 0 - phaseW : phaseW));
  return {
    ...electrical(turned ? 0 - place.powerW : place.powerW, 0.97, grid, phasesW),
    inWh: turned ? place.outWh : place.inWh,
    outWh: turned ? place.inWh : place.outWh,
  };
}

function terminalValues(terminal: Terminal, place: PlaceTruth, grid: GridNow): Values {
  const isDc = place.dc === true;
  const values: Values = {
    ...(isDc ? directed(place.powerW) : electrical(place.powerW, 1, grid)),
    inWh: place.inWh,
    outWh: place.outWh,
  };
  if (!isDc) values['cabinetC'] = 24 + Math.abs(place.powerW) / 4_000;
  if (place.socPct !== undefined && terminal.kind === 'battery') {
    values['socPct'] = place.socPct;
    values['sohPct'] = 99;
    values['temperatureC'] = place.temperatureC;
    values['chargeMaxW'] = place.chargeMaxW;
    values['dischargeMaxW'] = place.dischargeMaxW;
    values['voltageV'] = BATTERY_V;
    values['currentA'] = place.powerW / BATTERY_V;
    values['chargeMaxA'] = Math.floor((place.chargeMaxW ?? 0) / BATTERY_V);
    values['dischargeMaxA'] = Math.floor((place.dischargeMaxW ?? 0) / BATTERY_V);
  }
  if (terminal.kind === 'ev') values['socPct'] = place.connected ? place.socPct : undefined;
  place.stringsW?.forEach((watts, n) => {
    values[`string${n + 1}PowerW`] = watts;
    values[`string${n + 1}VoltageV`] = watts > 0 ? STRING_V : 0;
    values[`string${n + 1}CurrentA`] = watts / STRING_V;
  });
  return values;
}

/** Which values a device has, by the name that they have here; sums follow from their parts. */
const KEYS = new WeakMap<DeviceImage, Map<string, string | undefined>>();

function keyOf(image: DeviceImage, prefix: string, name: string): string | undefined {
  const keys = KEYS.get(image) ?? new Map<string, string | undefined>();
  KEYS.set(image, keys);
  const full = prefix + name;
  if (!keys.has(full)) {
    keys.set(full, image.has(full) && image.map.sums?.[full] === undefined ? full : undefined);
  }
  return keys.get(full);
}

function write(image: DeviceImage, prefix: string, values: Values): void {
  for (const name in values) {
    const key = keyOf(image, prefix, name);
    if (key !== undefined) image.put(key, values[name]);
  }
}

/** States that people read on the device: the nearest of the names that its profile knows. */
function writeState(
  image: DeviceImage,
  prefix: string,
  terminal: Terminal,
  place: PlaceTruth,
): void {
  const key = `${prefix}state`;
  const states = image.map.points[key]?.states;
  if (states === undefined) return;
  const moving = Math.abs(place.powerW) > 1;
  const wanted =
    terminal.kind === 'ev'
      ? !place.connected
        ? ['free', 'available', 'unplugged']
        : moving
          ? ['charging']
          : (place.socPct ?? 0) >= 100
            ? ['finished', 'connected', 'waiting']
            : ['connected', 'waiting', 'suspended']
      : moving
        ? ['running', 'mppt', 'on', 'normal']
        : ['standby', 'sleeping', 'waiting', 'idle', 'off'];
  const name = wanted.find((known) => states[known] !== undefined);
  if (name !== undefined) image.put(key, states[name]);
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
  const filled = new Map<DeviceImage, ((truth: PlantTruth) => void)[]>();
  const fill = (
    shown: DeviceImage,
    place: string,
    put: (place: PlaceTruth, atMs: number) => void,
  ) =>
    filled.set(shown, [
      ...(filled.get(shown) ?? []),
      ({ places, atMs }) => {
        const there = places[place];
        if (there !== undefined) put(there, atMs);
      },
    ]);
  for (const { meter, image: shown } of metered) {
    fill(shown, meter.of, (place, atMs) => write(shown, '', meterValues(meter, place, grid(atMs))));
  }
  for (const { terminal, image: shown } of measured) {
    const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
    fill(shown, terminal.id, (place, atMs) => {
      write(shown, prefix, terminalValues(terminal, place, grid(atMs)));
      writeState(shown, prefix, terminal, place);
    });
  }
  return {
    commands: () =>
      Object.fromEntries(
        controlled.map(({ terminal, image: told }) => [terminal.id, command(told, terminal)]),
      ),
    put: (truth) => {
      for (const [shown, fills] of filled) {
        shown.owe(() => {
          for (const fill of fills) fill(truth);
        });
      }
    },
  };
}

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
