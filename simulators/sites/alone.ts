import type { DeviceMap, Profile } from '../../devices/profile.ts';
import type { Site, Terminal, TerminalKind } from '../../gateway/contracts/values/site.ts';
import { dressed } from '../devices/dressed.ts';
import type { DeviceImage } from '../devices/types.ts';
import type { CellConfig } from '../plant/battery.ts';
import { type PartConfig, type PlantConfig, startPlant, stepPlant } from '../plant/plant.ts';
import type { PvString } from '../plant/pv.ts';
import { bindSite } from './bind.ts';

/**
 * A house around one device, so that it shows what a device of its kind shows: a meter the
 * connection, an inverter the sun, a battery its charge, a charger a car. What the device is told
 * to do takes effect.
 */
export interface Surroundings {
  /** Lets the time pass since the last call. */
  turn(nowMs: number): void;
}

const PLACE = { latitudeDeg: 48.1, longitudeDeg: 9.2 };
const TIME_ZONE = 'Europe/Berlin';
/** Between two turns; requests come faster. */
const SHORTEST_MS = 100;

/** Nameplate where nobody names one, W; of a meter the connection behind it. */
export const USUAL_W: Readonly<Record<Profile['role'], number>> = {
  meter: 43_000,
  'pv-inverter': 10_000,
  'battery-inverter': 10_000,
  hybrid: 10_000,
  'ev-charger': 11_000,
  relay: 7_500,
};

const strings = (ratedW: number): PvString[] => [
  { ratedW: ratedW / 2, tiltDeg: 30, azimuthDeg: 180 },
  { ratedW: ratedW / 2, tiltDeg: 30, azimuthDeg: 250 },
];

const cells = (ratedW: number): CellConfig => ({
  capacityWh: 2 * ratedW,
  chargeRatedW: ratedW,
  dischargeRatedW: ratedW,
  chargeShare: 0.97,
  dischargeShare: 0.97,
  lagMs: 400,
  ownMode: 'self-consumption',
  ownMinPct: 5,
  ownMaxPct: 100,
  startSocPct: 50,
  roomC: 18,
});

function partsOf(role: Profile['role'], ratedW: number): PartConfig[] {
  const houseW = role === 'meter' ? ratedW / 5 : ratedW;
  const load: PartConfig = { kind: 'load', id: 'load', model: 'house', peakW: 0.6 * houseW };
  const pv: PartConfig = {
    kind: 'pv',
    id: 'pv',
    ratedW: houseW,
    strings: strings(houseW),
    rampWPerS: houseW / 4,
  };
  switch (role) {
    case 'meter':
    case 'pv-inverter':
      return [load, pv];
    case 'battery-inverter':
      return [load, pv, { kind: 'battery', id: 'battery', ...cells(ratedW) }];
    case 'hybrid':
      return [
        load,
        {
          kind: 'hybrid',
          id: 'converter',
          pvId: 'pv',
          batteryId: 'battery',
          ratedW,
          standbyW: 18,
          lossShare: 0.022,
          strings: strings(ratedW),
          cells: cells(ratedW),
        },
      ];
    case 'ev-charger':
      return [load, pv, carOf(ratedW)];
    case 'relay':
      return [load, pv, compressorOf(ratedW)];
  }
}

const carOf = (ratedW: number): PartConfig => ({
  kind: 'ev',
  id: 'ev',
  arrivesMinute: 0,
  leavesMinute: 1_439,
  needWh: 40_000,
  batteryWh: 60_000,
  maxA: Math.round(ratedW / 690),
  minA: 6,
});

const compressorOf = (ratedW: number): PartConfig => ({
  kind: 'compressor',
  id: 'machine',
  ratedW,
  startBar: 6,
  stopBar: 10,
  minRunMs: 60_000,
  minRestMs: 60_000,
  supplyBarPerMin: 0.3,
});

/** Which place the device itself stands for, and how it is told. */
const ITSELF: Readonly<
  Record<Profile['role'], readonly [id: string, kind: TerminalKind, control: Terminal['control']]>
> = {
  meter: ['grid', 'load', 'none'],
  'pv-inverter': ['pv', 'pv', 'limit'],
  'battery-inverter': ['battery', 'battery', 'setpoint'],
  hybrid: ['converter', 'converter', 'none'],
  'ev-charger': ['ev', 'ev', 'steps'],
  relay: ['machine', 'load', 'on-off'],
};

/** Parts of a profile's keys: 'meter.powerW' is the power at the connection. */
const PARTS: readonly (readonly [
  part: string,
  id: string,
  kind: TerminalKind,
  control: Terminal['control'],
])[] = [
  ['pv', 'pv', 'pv', 'limit'],
  ['battery', 'battery', 'battery', 'setpoint'],
  ['meter', 'grid', 'load', 'none'],
  ['load', 'load', 'load', 'none'],
];

function terminalsOf(role: Profile['role'], map: DeviceMap, ratedW: number): Terminal[] {
  const base = {
    node: 'main',
    device: 'device',
    phases: 3,
    ratedInW: ratedW,
    ratedOutW: ratedW,
    minPowerW: 0,
    minRunMs: 0,
    minRestMs: 0,
    responseMs: 0,
    priority: 1,
    safeState: { kind: 'own-mode' },
  } as const;
  const [id, kind, control] = ITSELF[role];
  const keys = [...Object.keys(map.points), ...Object.keys(map.sums ?? {})];
  const parts = PARTS.filter(([part]) => keys.some((key) => key.startsWith(`${part}.`)));
  // The connection is told its meter's way; the rest belongs to a terminal each.
  const own: Terminal[] = role === 'meter' ? [] : [{ ...base, id, name: id, kind, control }];
  return [
    ...own,
    ...parts.map(([part, place, of, by]) => ({
      ...base,
      id: place,
      name: place,
      part,
      kind: of,
      control: role === 'hybrid' ? by : ('none' as const),
    })),
  ];
}

const METER: Site['meters'][number] = {
  id: 'm1',
  of: 'grid',
  device: 'device',
  direction: 'into-node',
  class: 'check',
  resolutionW: 1,
  latencyMs: 0,
};

/** A value that the register cannot hold stays what it was. */
function tolerant(image: DeviceImage): DeviceImage {
  return dressed(image, (_, set) => (value) => {
    try {
      set(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  });
}

/** @param startMs UTC, where the sun stands at the first turn */
export function surround(image: DeviceImage, seed: number, startMs: number): Surroundings {
  const { role } = image.profile;
  const { ratedW } = image.settings;
  const config: PlantConfig = {
    site: 'alone',
    seed,
    climate: { seed, ...PLACE },
    timeZone: TIME_ZONE,
    connection: 'grid',
    parts: partsOf(role, ratedW),
  };
  const site = {
    zone: 'z1',
    terminals: terminalsOf(role, image.map, ratedW),
    meters: role === 'meter' ? [METER] : [],
  };
  const bound = bindSite(site, { device: tolerant(image) }, seed);
  let state = startPlant(config, startMs);
  let lastMs: number | undefined;
  return {
    turn(nowMs) {
      const dtMs = lastMs === undefined ? 1_000 : nowMs - lastMs;
      if (dtMs < SHORTEST_MS) return;
      lastMs = nowMs;
      const stepped = stepPlant(config, state, bound.commands(), undefined, dtMs);
      state = stepped.state;
      bound.put(stepped.truth);
    },
  };
}
