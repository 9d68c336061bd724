import type { Weather } from './weather.ts';

/**
 * What a device asks of its plant part. Absent = the part runs in its own mode. Powers + into the
 * node.
 */
export interface Command {
  readonly setW?: number; // battery, hybrid's battery
  readonly limitW?: number; // pv: most it may produce, >= 0
  readonly enable?: boolean; // on-off load
  readonly currentA?: number; // ev: per phase, 0 = off
}

/** Commands by terminal id. */
export type Commands = Readonly<Record<string, Command>>;

/** Recorded energy in place of the models; each returns Wh in [fromMs, toMs). */
export interface Drive {
  loadWh(fromMs: number, toMs: number): number;
  pvWh?(fromMs: number, toMs: number): number; // what the sun offers, before any limit
}

/** What a part sees during one sub-step [fromMs, fromMs + dtMs). */
export interface Surroundings {
  readonly fromMs: number;
  readonly dtMs: number;
  readonly timeZone: string;
  readonly weather: Weather;
  readonly gridW: number; // the connection meter's last reading, + import
  readonly drive: Drive | undefined;
}

/** How a place's power lies on L1, L2, L3; together 1. */
export type PhaseShares = readonly [number, number, number];

/**
 * Truth of one place: mean power of the last sub-step and counters in double precision, + into the
 * node. `inWh` is import, production, discharge; `outWh` export, consumption, charge.
 */
export interface PlaceTruth {
  readonly kind: 'grid' | 'pv' | 'battery' | 'load' | 'ev' | 'converter';
  readonly powerW: number;
  readonly inWh: number;
  readonly outWh: number;
  readonly phasesW?: readonly [number, number, number]; // connection, where they are uneven
  readonly dc?: boolean; // behind a converter: no part of the ac node's sum
  readonly availableW?: number; // pv without limit
  readonly aloneW?: number; // ac power with no battery and no limit, where it differs from powerW
  readonly stringsW?: readonly number[];
  readonly socPct?: number;
  readonly temperatureC?: number;
  readonly chargeMaxW?: number; // BMS, >= 0
  readonly dischargeMaxW?: number;
  readonly currentA?: number; // ev, per phase
  readonly connected?: boolean; // ev
  readonly running?: boolean; // compressor
  readonly pressureBar?: number;
}

/** Parts return their own state and the truth of each place they stand for. */
export interface Advanced<State> {
  readonly state: State;
  readonly places: Readonly<Record<string, PlaceTruth>>;
}

/** Counters after `powerW` for `dtMs`. */
export function counted(
  before: { readonly inWh: number; readonly outWh: number },
  powerW: number,
  dtMs: number,
): { readonly inWh: number; readonly outWh: number } {
  const wh = (Math.abs(powerW) * dtMs) / 3_600_000;
  return powerW >= 0
    ? { inWh: before.inWh + wh, outWh: before.outWh }
    : { inWh: before.inWh, outWh: before.outWh + wh };
}

export const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));
