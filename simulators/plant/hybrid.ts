import { advanceCells, type CellConfig, type CellState, startCells, wishedW } from './battery.ts';
import { drivenPvW, type PvString, stringPowerW } from './pv.ts';
import { type Script, scriptedW } from './script.ts';
import { type Advanced, type Command, clamp, counted, type Surroundings } from './types.ts';

/**
 * Strings and a battery behind one converter: the setpoint binds the battery, the rest follows from
 * the sum.
 */
export interface HybridConfig {
  readonly kind: 'hybrid';
  readonly id: string; // the converter at the ac node
  readonly pvId: string;
  readonly batteryId: string;
  readonly ratedW: number; // ac, each way
  readonly standbyW: number; // loss at any load
  readonly lossShare: number; // of the converted power
  readonly strings: readonly PvString[];
  readonly cells: CellConfig;
  readonly script?: Script; // what the sun offers, dc, in place of the sky
}

export interface HybridState {
  readonly cells: CellState;
  readonly pv: { readonly inWh: number; readonly outWh: number };
  readonly ac: { readonly inWh: number; readonly outWh: number };
}

export function startHybrid(config: HybridConfig): HybridState {
  const zero = { inWh: 0, outWh: 0 };
  return { cells: startCells(config.cells), pv: zero, ac: zero };
}

/**
 * AC power of the converter for a sum at its dc node: the loss is always taken from the ac side.
 */
export function convertedW(config: HybridConfig, dcW: number): number {
  return dcW - config.standbyW - config.lossShare * Math.abs(dcW);
}

/** DC sums that keep the ac power within the rating. */
function dcBand(config: HybridConfig): { readonly lowW: number; readonly highW: number } {
  return {
    lowW: -(config.ratedW - config.standbyW) / (1 + config.lossShare),
    highW: (config.ratedW + config.standbyW) / (1 - config.lossShare),
  };
}

export function advanceHybrid(
  config: HybridConfig,
  state: HybridState,
  commands: { readonly pv: Command | undefined; readonly battery: Command | undefined },
  s: Surroundings,
): Advanced<HybridState> {
  const driven = drivenPvW(s) ?? scriptedW(config.script, s.fromMs + s.dtMs / 2);
  const stringsW = config.strings.map((string) => stringPowerW(string, s.weather));
  const sunW = stringsW.reduce((sum, w) => sum + w, 0);
  const availableW = driven ?? sunW;
  const allowedW = Math.min(availableW, commands.pv?.limitW ?? availableW);
  const band = dcBand(config);
  const wish = wishedW(config.cells, state.cells, commands.battery, s.gridW);
  // Own mode stores what the converter cannot pass; a setpoint stands, and the strings are held
  // back instead.
  const goal = clamp(
    wish,
    band.lowW - allowedW,
    Math.max(band.highW - allowedW, Math.min(wish, 0)),
  );
  const own = commands.battery?.setW === undefined && config.cells.ownMode === 'self-consumption';
  const surplusW = own ? Math.min(goal, band.highW - allowedW) : goal;
  const cells = advanceCells(config.cells, state.cells, surplusW, s.dtMs);
  const batteryW = cells.place.powerW;
  const pvW = clamp(band.highW - batteryW, 0, allowedW);
  const acW = convertedW(config, pvW + batteryW);
  const pv = counted(state.pv, pvW, s.dtMs);
  const ac = counted(state.ac, acW, s.dtMs);
  const share = sunW > 0 ? pvW / sunW : 0;
  const aloneW = convertedW(config, Math.min(availableW, band.highW));
  return {
    state: { cells: cells.state, pv, ac },
    places: {
      [config.id]: { kind: 'converter', powerW: acW, aloneW, ...ac },
      [config.pvId]: {
        kind: 'pv',
        dc: true,
        powerW: pvW,
        ...pv,
        availableW,
        stringsW: stringsW.map((w) => (sunW > 0 ? w * share : pvW / stringsW.length)),
      },
      [config.batteryId]: { ...cells.place, dc: true },
    },
  };
}
