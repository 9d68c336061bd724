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
  /** Writes one instant of truth into all devices' registers. */
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

/**
 * Electrical values of a three-phase box: a third each, voltages that breathe, a constant power
 * factor.
 */
function electrical(
  powerW: number,
  powerFactor: number,
  key: number,
  atMs: number,
  phasesW?: readonly number[],
): Values {
  const values: Values = { powerW };
  for (const [name, share] of Object.entries(ONE_WAY)) values[name] = share(powerW);
  const frequencyHz = 50 + 0.018 * noiseAt(key ^ 9, atMs, 20_000);
  const apparentVa = Math.abs(powerW) / powerFactor;
  [1, 2, 3].forEach((phase) => {
    const voltageV = 230.4 + 1.6 * noiseAt(key ^ phase, atMs, 30_000);
    const phaseW = phasesW?.[phase - 1] ?? powerW / 3;
    values[`powerL${phase}W`] = phaseW;
    values[`voltageL${phase}V`] = voltageV;
    values[`currentL${phase}A`] = Math.abs(phaseW) / powerFactor / voltageV;
  });
  return {
    ...values,
    frequencyHz,
    apparentVa,
    powerFactor,
    reactiveVar: Math.sqrt(Math.max(0, apparentVa * apparentVa - powerW * powerW)),
  };
}

function meterValues(meter: Meter, place: PlaceTruth, key: number, atMs: number): Values {
  const turned = meter.direction === 'out-of-node';
  const phasesW = place.phasesW?.map((phaseW) => (turned ? 0 - phaseW : phaseW));
  return {
    ...electrical(turned ? 0 - place.powerW : place.powerW, 0.97, key, atMs, phasesW),
    inWh: turned ? place.outWh : place.inWh,
    outWh: turned ? place.inWh : place.outWh,
  };
}

function terminalValues(terminal: Terminal, place: PlaceTruth, key: number, atMs: number): Values {
  const values: Values = {
    ...electrical(place.powerW, 1, key, atMs),
    inWh: place.inWh,
    outWh: place.outWh,
    cabinetC: 24 + Math.abs(place.powerW) / 4_000,
  };
  if (place.dc === true) {
    for (const name of Object.keys(values)) {
      const isDc = name === 'powerW' || name === 'inWh' || name === 'outWh' || name in ONE_WAY;
      if (!isDc) delete values[name];
    }
  }
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

/** Only what the device has; sums follow from their parts. */
function write(image: DeviceImage, prefix: string, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    const key = prefix + name;
    if (image.has(key) && image.map.sums?.[key] === undefined) image.put(key, value);
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
  const key = streamKey(seed, `grid:${site.zone}`);
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
  return {
    commands: () =>
      Object.fromEntries(
        controlled.map(({ terminal, image: told }) => [terminal.id, command(told, terminal)]),
      ),
    put: (truth) => {
      for (const entry of metered) {
        const place = truth.places[entry.meter.of];
        if (place) write(entry.image, '', meterValues(entry.meter, place, key, truth.atMs));
      }
      for (const { terminal, image: told } of measured) {
        const place = truth.places[terminal.id];
        if (place === undefined) continue;
        const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
        write(told, prefix, terminalValues(terminal, place, key, truth.atMs));
        writeState(told, prefix, terminal, place);
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
