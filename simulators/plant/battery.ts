import { exp } from '../../devices/maths.ts';
import {
  type Conversion,
  chargeForW,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../gateway/contracts/values/part-load.ts';
import {
  type Advanced,
  type Command,
  clamp,
  counted,
  type PlaceTruth,
  type Surroundings,
} from './types.ts';

/** Cells behind an inverter. */
export interface CellConfig extends Conversion {
  readonly capacityWh: number;
  readonly chargeRatedW: number;
  readonly dischargeRatedW: number;
  readonly lagMs: number; // time constant of the answer to a setpoint
  readonly ownMode: 'idle' | 'self-consumption'; // without a setpoint
  readonly ownMinPct: number; // SoC band that the device keeps in its own mode
  readonly ownMaxPct: number;
  readonly startSocPct: number;
  readonly roomC: number;
}

export interface BatteryConfig extends CellConfig {
  readonly kind: 'battery';
  readonly id: string;
}

export interface CellState {
  readonly storedWh: number;
  readonly lagW: number; // where the lag stands at the end of the sub-step
  readonly cellC: number;
  readonly inWh: number;
  readonly outWh: number;
}

export function startCells(config: CellConfig): CellState {
  return {
    storedWh: (config.capacityWh * config.startSocPct) / 100,
    lagW: 0,
    cellC: config.roomC,
    inWh: 0,
    outWh: 0,
  };
}

export const socPct = (config: CellConfig, state: CellState): number =>
  (state.storedWh / config.capacityWh) * 100;

/**
 * What the BMS allows: tapered above 92 % and below 8 %, less when cold, no charge below 0 degC.
 */
export function bmsLimits(
  config: CellConfig,
  state: CellState,
): { readonly chargeMaxW: number; readonly dischargeMaxW: number } {
  const soc = socPct(config, state);
  const full = clamp((100 - soc) / 8, 0, 1) * 0.92 + 0.08;
  const empty = clamp(soc / 8, 0, 1) * 0.9 + 0.1;
  const coldCharge = state.cellC < 0 ? 0 : clamp(0.2 + state.cellC * 0.08, 0, 1);
  const coldDischarge = clamp((state.cellC + 20) / 20, 0, 1);
  return {
    chargeMaxW: soc >= 100 ? 0 : config.chargeRatedW * full * coldCharge,
    dischargeMaxW: soc <= 0 ? 0 : config.dischargeRatedW * empty * coldDischarge,
  };
}

/** Own mode or setpoint, before any limit. The own rule steers the connection meter to zero. */
export function wishedW(
  config: CellConfig,
  state: CellState,
  command: Command | undefined,
  gridW: number,
): number {
  if (command?.setW !== undefined) return command.setW;
  if (config.ownMode === 'idle') return 0;
  const soc = socPct(config, state);
  const wishW = state.lagW + gridW;
  if (wishW > 0 && soc <= config.ownMinPct) return 0;
  return wishW < 0 && soc >= config.ownMaxPct ? 0 : wishW;
}

/**
 * One sub-step towards `goalW`: first-order lag, BMS limits, and never more than the cells hold or
 * take. The mean power of the sub-step is what flows and what meters see, so energies close
 * exactly.
 */
export function advanceCells(
  config: CellConfig,
  state: CellState,
  goalW: number,
  dtMs: number,
): { readonly state: CellState; readonly place: PlaceTruth } {
  const bms = bmsLimits(config, state);
  const targetW = clamp(goalW, -bms.chargeMaxW, bms.dischargeMaxW);
  const decay = exp(-dtMs / config.lagMs);
  const meanShare = (config.lagMs / dtMs) * (1 - decay);
  const hours = dtMs / 3_600_000;
  const roomW = chargeForW(config, (config.capacityWh - state.storedWh) / hours);
  const heldW = dischargeForW(config, state.storedWh / hours);
  const meanW = targetW + (state.lagW - targetW) * meanShare;
  const powerW = clamp(meanW, -Math.max(0, roomW), Math.max(0, heldW));
  const cellW = powerW >= 0 ? outOfStoreW(config, powerW) : -intoStoreW(config, -powerW);
  const heatWhPerK = config.capacityWh * 0.00175;
  const lossWh = (cellW - powerW) * hours;
  const drift = (config.roomC - state.cellC) * (1 - exp(-hours / 4));
  const next: CellState = {
    storedWh: clamp(state.storedWh - cellW * hours, 0, config.capacityWh),
    lagW: targetW + (state.lagW - targetW) * decay,
    cellC: state.cellC + drift + (0.5 * lossWh) / heatWhPerK,
    ...counted(state, powerW, dtMs),
  };
  const allowed = bmsLimits(config, next);
  return {
    state: next,
    place: {
      kind: 'battery',
      powerW,
      aloneW: 0,
      inWh: next.inWh,
      outWh: next.outWh,
      socPct: socPct(config, next),
      temperatureC: next.cellC,
      ...allowed,
    },
  };
}

/** A battery with its own inverter at the ac node. */
export function advanceBattery(
  config: BatteryConfig,
  state: CellState,
  command: Command | undefined,
  s: Surroundings,
): Advanced<CellState> {
  const goalW = wishedW(config, state, command, s.gridW);
  const { state: next, place } = advanceCells(config, state, goalW, s.dtMs);
  return { state: next, places: { [config.id]: place } };
}
