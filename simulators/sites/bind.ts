import type { Meter, Site, Terminal } from '../../gateway/contracts/values/site.ts';
import type { DeviceImage, DeviceSettings } from '../devices/types.ts';
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
  const { ownMode, setpointW, limitW, enabled, currentA } = image.control();
  const told: { -readonly [name in keyof Command]: Command[name] } = {};
  if (setpointW !== undefined && !ownMode) told.setW = setpointW;
  if (limitW !== undefined && !ownMode) told.limitW = limitW;
  if (enabled !== undefined && terminal.control === 'on-off') told.enable = enabled;
  if (currentA !== undefined) told.currentA = currentA;
  return told;
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

/** A power, and what it is in registers that know one direction. */
const directed = (powerW: number): Values => ({
  powerW,
  importW: Math.max(0, powerW),
  exportW: Math.min(0, powerW),
  dischargeW: Math.max(0, powerW),
  chargeW: Math.min(0, powerW),
});

/** Electrical values of a three-phase box: a third each, a constant power factor. */
function electrical(
  powerW: number,
  powerFactor: number,
  { frequencyHz, voltageV }: GridNow,
  phasesW?: readonly number[],
): Values {
  const [voltageL1V, voltageL2V, voltageL3V] = voltageV;
  const powerL1W = phasesW?.[0] ?? powerW / 3;
  const powerL2W = phasesW?.[1] ?? powerW / 3;
  const powerL3W = phasesW?.[2] ?? powerW / 3;
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

function meterValues(meter: Meter, place: PlaceTruth, grid: GridNow): Values {
  const turned = meter.direction === 'out-of-node';
  const phasesW = place.phasesW?.map((phaseW) => (turned ? 0 - phaseW : phaseW));
  const values = electrical(turned ? 0 - place.powerW : place.powerW, 0.97, grid, phasesW);
  values['inWh'] = turned ? place.outWh : place.inWh;
  values['outWh'] = turned ? place.inWh : place.outWh;
  return values;
}

/** Names of a string's values, by its number from 0. */
const STRINGS = Array.from({ length: 16 }, (_, n) => ({
  powerW: `string${n + 1}PowerW`,
  voltageV: `string${n + 1}VoltageV`,
  currentA: `string${n + 1}CurrentA`,
}));

function terminalValues(terminal: Terminal, place: PlaceTruth, grid: GridNow): Values {
  const isDc = place.dc === true;
  const values = isDc ? directed(place.powerW) : electrical(place.powerW, 1, grid);
  values['inWh'] = place.inWh;
  values['outWh'] = place.outWh;
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
    const names = STRINGS[n];
    if (names === undefined) return;
    values[names.powerW] = watts;
    values[names.voltageV] = watts > 0 ? STRING_V : 0;
    values[names.currentA] = watts / STRING_V;
  });
  return values;
}

type Write = (values: Values) => void;

/**
 * Puts values into a device. Which of them it has is asked once: a place always has the same ones.
 * Sums follow from their parts.
 */
function writer(image: DeviceImage, prefix: string): Write {
  let shown: ReturnType<typeof shownOf> | undefined;
  const shownOf = (values: Values) => {
    const known = Object.keys(values)
      .map((name) => ({ key: prefix + name, name }))
      .filter(({ key }) => image.has(key) && image.map.sums?.[key] === undefined);
    const keys = known.map(({ key }) => key);
    return known.map((one, n) => ({ ...one, later: new Set(keys.slice(n + 1)) }));
  };
  return (values) => {
    shown ??= shownOf(values);
    for (const { key, name, later } of shown) image.put(key, values[name], later);
  };
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
function stateWriter(
  image: DeviceImage,
  prefix: string,
  terminal: Terminal,
): (place: PlaceTruth) => void {
  const key = `${prefix}state`;
  const states = image.map.points[key]?.states;
  if (states === undefined) return () => undefined;
  return (place) => {
    const name = statesOf(terminal, place).find((known) => states[known] !== undefined);
    if (name !== undefined) image.put(key, states[name]);
  };
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
  const filled = new Map<DeviceImage, Fill[]>();
  const fill = (shown: DeviceImage, place: string, put: Fill['put']): void => {
    filled.set(shown, [...(filled.get(shown) ?? []), { place, put }]);
  };
  for (const { meter, image: shown } of metered) {
    const write = writer(shown, '');
    fill(shown, meter.of, (place, atMs) => write(meterValues(meter, place, grid(atMs))));
  }
  for (const { terminal, image: shown } of measured) {
    const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
    const write = writer(shown, prefix);
    const writeState = stateWriter(shown, prefix, terminal);
    fill(shown, terminal.id, (place, atMs) => {
      write(terminalValues(terminal, place, grid(atMs)));
      writeState(place);
    });
  }
  let latest: PlantTruth | undefined;
  const debts = [...filled].map(([shown, fills]) => ({
    shown,
    pay: () => {
      if (latest !== undefined) show(fills, latest);
    },
  }));
  return {
    commands: () => {
      const commands: Record<string, Command> = {};
      for (const { terminal, image: told } of controlled) {
        commands[terminal.id] = command(told, terminal);
      }
      return commands;
    },
    put: (truth) => {
      latest = truth;
      for (const { shown, pay } of debts) shown.owe(pay);
    },
  };
}

/** One place that a device shows. */
interface Fill {
  readonly place: string;
  readonly put: (place: PlaceTruth, atMs: number) => void;
}

function show(fills: readonly Fill[], { places, atMs }: PlantTruth): void {
  for (const { place, put } of fills) {
    const there = places[place];
    if (there !== undefined) put(there, atMs);
  }
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
