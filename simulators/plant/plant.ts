import { advanceBattery, type BatteryConfig, type CellState, startCells } from './battery.ts';
import {
  advanceCompressor,
  type CompressorConfig,
  type CompressorState,
  startCompressor,
} from './compressor.ts';
import { advanceEv, type EvConfig, type EvState, startEv } from './ev.ts';
import { advanceHybrid, type HybridConfig, type HybridState, startHybrid } from './hybrid.ts';
import { advanceLoad, type LoadConfig, type LoadState } from './loads.ts';
import { advancePv, type PvConfig, type PvState, startPv } from './pv.ts';
import {
  type Advanced,
  type Commands,
  counted,
  type Drive,
  type PhaseShares,
  type PlaceTruth,
} from './types.ts';
import { type Climate, weatherAt } from './weather.ts';

const PHASES = [0, 1, 2] as const;

/**
 * The physics of one site as pure, seeded steps:
 *
 *   let state = startPlant(config, fromMs);
 *   ({ state, truth } = stepPlant(config, state, commands, drive, dtMs));
 *
 * Any dt is cut into sub-steps of at most `config.subMs` (1 s), so an accelerated run stays
 * physical. In each sub-step every power is constant, the connection carries what the ac node
 * leaves, and counters add it up.
 */
export type PartConfig =
  | PvConfig
  | BatteryConfig
  | HybridConfig
  | LoadConfig
  | CompressorConfig
  | EvConfig;

export interface PlantConfig {
  readonly site: string;
  readonly seed: number;
  readonly climate: Climate;
  readonly timeZone: string; // IANA
  readonly connection: string; // id of the place that closes the node's sum
  readonly parts: readonly PartConfig[];
  /** How places lie on L1, L2, L3, by id; a third each for those without. */
  readonly phaseShares?: Readonly<Record<string, PhaseShares>>;
  readonly subMs?: number; // longest sub-step, default 1000
}

type PartState = PvState | CellState | HybridState | LoadState | CompressorState | EvState;

export interface PlantState {
  readonly atMs: number; // UTC
  readonly gridW: number;
  readonly grid: { readonly inWh: number; readonly outWh: number };
  readonly withoutBattery: { readonly inWh: number; readonly outWh: number };
  readonly parts: Readonly<Record<string, PartState>>;
}

export interface PlantTruth {
  readonly site: string;
  readonly atMs: number; // end of the step
  readonly places: Readonly<Record<string, PlaceTruth>>; // connection, terminals; + into the node
  /**
   * What the connection would have carried with no battery and no limit, + import, with its own
   * counters.
   */
  readonly withoutBattery: {
    readonly powerW: number;
    readonly inWh: number;
    readonly outWh: number;
  };
  readonly weather: { readonly ghiWPerM2: number; readonly temperatureC: number };
}

function startPart(part: PartConfig): PartState {
  switch (part.kind) {
    case 'pv':
      return startPv(part);
    case 'battery':
      return startCells(part);
    case 'hybrid':
      return startHybrid(part);
    case 'load':
      return { inWh: 0, outWh: 0 };
    case 'compressor':
      return startCompressor(part);
    case 'ev':
      return startEv();
  }
}

export function startPlant(config: PlantConfig, atMs: number): PlantState {
  return {
    atMs,
    gridW: 0,
    grid: { inWh: 0, outWh: 0 },
    withoutBattery: { inWh: 0, outWh: 0 },
    parts: Object.fromEntries(config.parts.map((part) => [part.id, startPart(part)])),
  };
}

type SubStep = Parameters<typeof advancePv>[3];

/**
 * States are made by `startPart` of the same configuration, so kind and state always belong
 * together.
 */
function advancePart(
  config: PlantConfig,
  part: PartConfig,
  state: PartState | undefined,
  commands: Commands,
  s: SubStep,
): Advanced<PartState> {
  const command = commands[part.id];
  switch (part.kind) {
    case 'pv':
      return advancePv(part, state as PvState, command, s);
    case 'battery':
      return advanceBattery(part, state as CellState, command, s);
    case 'hybrid': {
      const both = { pv: commands[part.pvId], battery: commands[part.batteryId] };
      return advanceHybrid(part, state as HybridState, both, s);
    }
    case 'load':
      return advanceLoad(part, state as LoadState, config.seed, s);
    case 'compressor':
      return advanceCompressor(part, state as CompressorState, command, config.seed, s);
    case 'ev':
      return advanceEv(part, state as EvState, command, config.seed, s);
  }
}

function subStep(
  config: PlantConfig,
  state: PlantState,
  commands: Commands,
  drive: Drive | undefined,
  dtMs: number,
): { state: PlantState; truth: PlantTruth } {
  const weather = weatherAt(config.climate, state.atMs + dtMs / 2);
  const s: SubStep = {
    fromMs: state.atMs,
    dtMs,
    timeZone: config.timeZone,
    weather,
    gridW: state.gridW,
    drive,
  };
  const parts: Record<string, PartState> = {};
  const places: Record<string, PlaceTruth> = {};
  let sumW = 0;
  let aloneW = 0;
  const phasesW: [number, number, number] = [0, 0, 0];
  for (const part of config.parts) {
    const advanced = advancePart(config, part, state.parts[part.id], commands, s);
    parts[part.id] = advanced.state;
    for (const id in advanced.places) {
      const place = advanced.places[id];
      if (place === undefined) continue;
      places[id] = place;
      if (place.dc === true) continue;
      sumW += place.powerW;
      for (const n of PHASES) phasesW[n] -= place.powerW * (config.phaseShares?.[id]?.[n] ?? 1 / 3);
      aloneW += place.aloneW ?? place.powerW;
    }
  }
  const gridW = 0 - sumW;
  const grid = counted(state.grid, gridW, dtMs);
  const withoutBattery = counted(state.withoutBattery, 0 - aloneW, dtMs);
  const atMs = state.atMs + dtMs;
  places[config.connection] = {
    kind: 'grid',
    powerW: gridW,
    ...grid,
    ...(config.phaseShares && { phasesW }),
  };
  return {
    state: { atMs, gridW, grid, withoutBattery, parts },
    truth: {
      site: config.site,
      atMs,
      places,
      withoutBattery: { powerW: 0 - aloneW, ...withoutBattery },
      weather: { ghiWPerM2: weather.ghiWPerM2, temperatureC: weather.temperatureC },
    },
  };
}

/**
 * Lets `dtMs` > 0 pass under constant commands.
 * @param drive  recorded load and PV in place of the models; car and compressor then stand still
 * @param seen   called after every sub-step, for judges that must not miss one
 */
export function stepPlant(
  config: PlantConfig,
  state: PlantState,
  commands: Commands,
  drive: Drive | undefined,
  dtMs: number,
  seen?: (truth: PlantTruth) => void,
): { state: PlantState; truth: PlantTruth } {
  const count = Math.max(1, Math.ceil(dtMs / (config.subMs ?? 1_000)));
  let now = state;
  let truth: PlantTruth | undefined;
  for (let n = 1; n <= count; n += 1) {
    const untilMs = state.atMs + (dtMs * n) / count;
    const after = subStep(config, now, commands, drive, untilMs - now.atMs);
    now = after.state;
    truth = after.truth;
    seen?.(truth);
  }
  if (truth === undefined) throw new RangeError('a step needs a positive duration');
  return { state: now, truth };
}
