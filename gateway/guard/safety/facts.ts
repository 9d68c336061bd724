/**
 * What the kernel knows, in its own words: it imports nothing. Powers in W, + into the node; times
 * and ages in ms on the guard's monotonic clock. NaN means not known and never passes a comparison;
 * undefined means that the device has no such thing.
 */
export type Kind = 'setpoint' | 'limit' | 'steps' | 'on-off';

/** Fixed for a terminal, from the site file. */
export interface TerminalLimits {
  readonly terminal: string;
  readonly connection: string;
  readonly kind: Kind;
  readonly ratedInW: number; // >= 0
  readonly ratedOutW: number; // >= 0
  readonly minPowerW: number; // of a setpoint: below it the battery rests
  // powerW >= 0, rising, first 0
  readonly steps: readonly { readonly currentA: number; readonly powerW: number }[];
  readonly priority: number; // 1 first
  readonly slewWPerS: number; // of wishes; Infinity = none
  readonly directionRestMs: number; // between two turns of a battery
  readonly minRunMs: number; // of a switched load, once it is on
  readonly minRestMs: number; // and once it is off
  // only where charge must be known: a battery under a setpoint
  readonly store: StoreLimits | undefined;
  readonly safe:
    | { readonly kind: 'own-mode' }
    | { readonly kind: 'zero' }
    | { readonly kind: 'limit'; readonly limitW: number };
}

/** Bounds of a battery's charge, from the site file. */
export interface StoreLimits {
  readonly socMinPct: number; // no discharge at or below it
  readonly socMaxPct: number; // no charge at or above it
  readonly reservePct: number; // kept back for a blackout: no discharge at or below it
  readonly fullPct?: number; // charged up to here while it is filled; without it never
  readonly chargeMinC: number; // no charge below this cell temperature
}

/** Now, for a terminal. */
export interface TerminalFacts {
  readonly ageMs: number; // of its own power; 0 where nothing measures it
  readonly alignedW: number; // its power at the instant of `ConnectionFacts.gridW`
  /** Setpoint that its device stands under; NaN = none, undefined = as last judged. */
  readonly toldW: number | undefined;
  readonly way?: Told | undefined; // undefined = as last judged
  readonly socLowPct: number; // lowest that its charge may be: counts against discharging
  readonly socHighPct: number; // highest that it may be: counts against charging
  readonly temperatureC: number | undefined; // of its cells
  readonly chargeMaxW: number | undefined; // that its BMS allows now, >= 0
  readonly dischargeMaxW: number | undefined;
  readonly ratedW: number | undefined; // nameplate as the device says
  readonly shareInW: number | undefined; // room that a shared converter leaves into the node, >= 0
  readonly shareOutW: number | undefined; // and out of it
  readonly fault?: number | undefined; // of the battery itself: anything but 0 is one
  readonly isFilling?: boolean; // charged to the full now, as the site file asks
  readonly commissioned: boolean;
}

/** Which way a battery was last really asked to go, beyond rest. */
export interface Told {
  readonly direction: -1 | 1;
  readonly turnedAtMs: number | undefined; // at the latest; undefined = as last judged
}

/** Now, for a connection. */
export interface ConnectionFacts {
  readonly ageMs: number; // of its meter's power
  readonly gridW: number; // + import, as it stands now
  readonly importLimitW: number; // the tightest of contract, fuse and grid, >= 0
  readonly exportLimitW: number;
}

/**
 * A place inside the site whose power is limited: a circuit, or one phase of it or of a connection.
 * Powers in W, import + towards the terminals behind it.
 */
export interface CircuitFacts {
  readonly importW: number; // now, or the most that may flow in where nothing measures it
  readonly exportW: number; // the same the other way
  readonly measured: boolean;
  readonly importLimitW: number;
  readonly exportLimitW: number;
  /** What share of a terminal's power crosses it: 1, or a third for a phase; without one: none. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Everything that a turn is judged by. */
export interface Facts {
  readonly nowMs: number;
  readonly freshMs: number; // older: nothing new is decided
  readonly safeAfterMs: number; // older: the safe state
  readonly bootId: string; // of this guard: a proposal of another boot does not count
  readonly agentEpoch: number; // of the newest agent known: nor does one of an older agent
  readonly islanded: boolean; // the grid is gone: everything is released
  readonly observing: boolean; // nothing may be written at this site
  readonly connections: Readonly<Record<string, ConnectionFacts>>;
  readonly circuits: readonly CircuitFacts[]; // a circuit before the one that feeds it
  readonly terminals: Readonly<Record<string, TerminalFacts>>;
}

/**
 * What someone outside would like; never trusted. `powerW` undefined gives the terminal to its
 * device.
 */
export interface Proposal {
  readonly terminal: string;
  readonly powerW: number | undefined;
  readonly code: string;
  readonly bootId: string;
  readonly agentEpoch: number;
}

/** What the kernel remembers of a terminal. `powerW` NaN = released, undefined = never judged. */
export interface TerminalMemory {
  readonly powerW: number | undefined;
  readonly atMs: number;
  readonly direction: -1 | 0 | 1; // last one that was not rest
  readonly turnedAtMs: number;
  readonly on: boolean;
  readonly switchedAtMs: number;
}

export type Memory = Readonly<Record<string, TerminalMemory>>;

export const NEW_MEMORY: TerminalMemory = {
  powerW: undefined,
  atMs: Number.NaN,
  direction: 0,
  turnedAtMs: Number.NEGATIVE_INFINITY,
  on: false,
  switchedAtMs: Number.NEGATIVE_INFINITY,
};

/**
 * How well a terminal and its connection are known: act, keep the last order, or the safe state.
 */
export type Freshness = 'fresh' | 'holding' | 'safe';

/** A terminal on its way through the rules. `powerW` NaN = released. */
export interface Ruling {
  readonly limits: TerminalLimits;
  readonly powerW: number;
  readonly lowW: number; // device bounds: how far protection may go
  readonly highW: number;
  readonly alignedW: number;
  readonly code: string;
  readonly protective: boolean;
  readonly movable: boolean; // false: a safe state, or a power that nobody knows
  readonly state: Freshness;
  readonly past: TerminalMemory;
}

export const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));
