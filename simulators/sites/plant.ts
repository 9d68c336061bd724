import { conversionOf } from '../../gateway/contracts/values/part-load.ts';
import type { Site, StoreSpec, Terminal } from '../../gateway/contracts/values/site.ts';
import type { CellConfig } from '../plant/battery.ts';
import type { PartConfig, PlantConfig } from '../plant/plant.ts';
import type { PvString } from '../plant/pv.ts';
import type { PhaseShares } from '../plant/types.ts';
import type { Climate } from '../plant/weather.ts';

/**
 * The plant that belongs to a site file: every terminal becomes a part with the same id, sized by
 * its ratings. What a site file does not say (orientation of a roof, own mode of a battery, kind of
 * a load) comes as options.
 */
export interface PlantOptions {
  readonly seed: number;
  readonly climate?: Climate; // default: the site's place
  readonly loads?: Readonly<Record<string, 'factory' | 'house' | 'none'>>; // default: by size
  readonly strings?: Readonly<Record<string, readonly PvString[]>>; // by pv terminal
  readonly ownModes?: Readonly<Record<string, CellConfig['ownMode']>>; // by battery terminal
  readonly startSocPct?: number; // default 50
}

/**
 * A field facing east and west at 15 degrees, 113 % of the inverter; on a roof, south and west at
 * 30.
 */
function defaultStrings(terminal: Terminal, roof: boolean): PvString[] {
  const [a, b] = roof ? [180, 250] : [110, 250];
  const tiltDeg = roof ? 30 : 15;
  const ratedW = terminal.ratedInW * (roof ? 0.5 : 0.565);
  return [
    { ratedW, tiltDeg, azimuthDeg: a },
    { ratedW, tiltDeg, azimuthDeg: b },
  ];
}

const USUAL_LOSSES = { chargeShare: 0.97, dischargeShare: 0.97 };

function cells(
  terminal: Terminal,
  store: StoreSpec | undefined,
  ownMode: CellConfig['ownMode'],
  startSocPct: number,
): CellConfig {
  return {
    capacityWh: store?.usableWh ?? terminal.ratedInW * 2,
    chargeRatedW: terminal.ratedOutW,
    dischargeRatedW: terminal.ratedInW,
    ...(store === undefined ? USUAL_LOSSES : conversionOf(store)),
    lagMs: 400,
    ownMode,
    ownMinPct: store?.socMinPct ?? 5,
    ownMaxPct: store?.socMaxPct ?? 100,
    startSocPct,
    roomC: 18,
  };
}

function hybridPart(site: Site, converter: Terminal, options: PlantOptions): PartConfig[] {
  const behind = site.terminals.filter((terminal) => terminal.node === converter.dcNode);
  const pv = behind.find((terminal) => terminal.kind === 'pv');
  const battery = behind.find((terminal) => terminal.kind === 'battery');
  if (pv === undefined || battery === undefined) {
    throw new RangeError(`converter '${converter.id}' needs a pv and a battery at its dc node`);
  }
  const store = site.stores.find((entry) => entry.terminal === battery.id);
  const ownMode = options.ownModes?.[battery.id] ?? 'self-consumption';
  return [
    {
      kind: 'hybrid',
      id: converter.id,
      pvId: pv.id,
      batteryId: battery.id,
      ratedW: converter.ratedInW,
      standbyW: 18,
      lossShare: 0.022,
      strings: options.strings?.[pv.id] ?? defaultStrings(pv, true),
      cells: cells(battery, store, ownMode, options.startSocPct ?? 50),
    },
  ];
}

function part(site: Site, terminal: Terminal, options: PlantOptions): PartConfig[] {
  const { id } = terminal;
  const store = site.stores.find((entry) => entry.terminal === id);
  switch (terminal.kind) {
    case 'pv':
      return [
        {
          kind: 'pv',
          id,
          ratedW: terminal.ratedInW,
          strings: options.strings?.[id] ?? defaultStrings(terminal, false),
          rampWPerS: terminal.ratedInW * 0.25,
        },
      ];
    case 'battery': {
      const ownMode = options.ownModes?.[id] ?? 'idle';
      const config = cells(terminal, store, ownMode, options.startSocPct ?? 50);
      return [{ kind: 'battery', id, ...config }];
    }
    case 'converter':
      return terminal.dcNode === undefined ? [] : hybridPart(site, terminal, options);
    case 'ev':
      return [
        {
          kind: 'ev',
          id,
          arrivesMinute: 1_050,
          leavesMinute: 450,
          needWh: 20_000,
          batteryWh: 60_000,
          maxA: Math.round(terminal.ratedOutW / 690),
          minA: 6,
        },
      ];
    case 'load':
    case 'generator':
      return loadPart(terminal, options);
  }
}

function loadPart(terminal: Terminal, options: PlantOptions): PartConfig[] {
  const { id, ratedOutW } = terminal;
  if (terminal.control === 'on-off') {
    return [
      {
        kind: 'compressor',
        id,
        ratedW: ratedOutW,
        startBar: 6,
        stopBar: 10,
        minRunMs: 60_000,
        minRestMs: 60_000,
        supplyBarPerMin: 0.3,
      },
    ];
  }
  const model = options.loads?.[id] ?? (ratedOutW > 30_000 ? 'factory' : 'house');
  return [{ kind: 'load', id, model, peakW: ratedOutW * 0.82 }];
}

const ON_PHASE: Readonly<Record<string, PhaseShares>> = {
  L1: [1, 0, 0],
  L2: [0, 1, 0],
  L3: [0, 0, 1],
};

/** Single-phase terminals on the phase that the site file names. */
function phaseSharesOf({ terminals }: Site): Pick<PlantConfig, 'phaseShares'> {
  const named = terminals.flatMap(({ id, phases, phase }) => {
    const shares = phases === 1 && phase !== undefined ? ON_PHASE[phase] : undefined;
    return shares === undefined ? [] : [[id, shares] as const];
  });
  return named.length > 0 ? { phaseShares: Object.fromEntries(named) } : {};
}

/**
 * @throws RangeError when the site has no connection or a converter without pv and battery behind
 * it
 */
export function plantFromSite(site: Site, options: PlantOptions): PlantConfig {
  const connection = site.connections[0];
  if (connection === undefined) throw new RangeError(`site '${site.id}' has no connection`);
  const dc = new Set(site.nodes.filter((node) => node.kind === 'dc').map((node) => node.id));
  const { latitudeDeg, longitudeDeg, timeZone } = site.place;
  return {
    site: site.id,
    seed: options.seed,
    climate: options.climate ?? { seed: options.seed, latitudeDeg, longitudeDeg },
    timeZone,
    connection: connection.id,
    ...phaseSharesOf(site),
    parts: site.terminals
      .filter((terminal) => !dc.has(terminal.node))
      .flatMap((terminal) => part(site, terminal, options)),
  };
}
