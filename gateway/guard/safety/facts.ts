/**
 * What the kernel knows, in its own words: it imports nothing. Powers in W, + into the node. NaN
 * means not known and never passes a comparison; undefined means that the device has no such
 * thing.
 */
export type Kind = 'setpoint' | 'limit' | 'steps' | 'on-off';

/** Fixed for a terminal, from the site file. */
export interface TerminalLimits {
  readonly terminal: string;
  readonly connection: string;
  readonly kind: Kind;
  readonly ratedInW: number; // >= 0
  readonly ratedOutW: number; // >= 0
  readonly minPowerW: number;
  // powerW >= 0, rising, first 0
  readonly steps: readonly { readonly currentA: number; readonly powerW: number }[];
  readonly priority: number; // 1 first
  readonly slewWPerS: number; // Infinity = none
  readonly directionRestMs: number;
  readonly minRunMs: number;
  readonly minRestMs: number;
  // only where charge must be known: a battery under a setpoint
  readonly store: StoreLimits | undefined;
  readonly safe:
    | { readonly kind: 'own-mode' }
    | { readonly kind: 'zero' }
    | { readonly kind: 'limit'; readonly limitW: number };
}

export interface StoreLimits {
  readonly socMinPct: number;
  readonly socMaxPct: number;
  readonly reservePct: number;
  readonly fullPct?: number; // charged up to here while it is filled; without it never
  readonly chargeMinC: number;
}

/** Now, for a terminal. */
export interface TerminalFacts {
  readonly ageMs: number; // of its own power; 0 where nothing measures it
  readonly alignedW: number; // its power at the instant of `ConnectionFacts.gridW`
  /** Setpoint that its device stands under; NaN = none, undefined = as last judged. */
  readonly toldW: number | undefined;
  readonly socLowPct: number;
  readonly socHighPct: number;
  readonly temperatureC: number | undefined;
  readonly chargeMaxW: number | undefined;
  readonly dischargeMaxW: number | undefined;
  readonly ratedW: number | undefined;
  readonly shareInW: number | undefined;
  readonly shareOutW: number | undefined;
  readonly fault?: number | undefined; // of the battery itself: anything but 0 is one
  readonly isFilling?: boolean; // charged to the full now, as the site file asks
  readonly commissioned: boolean;
}

export interface ConnectionFacts {
  readonly ageMs: number;
  readonly gridW: number;
  readonly importLimitW: number;
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

export interface Facts {
  readonly nowMs: number;
  readonly freshMs: number; // older: nothing new is decided
  readonly safeAfterMs: number; // older: the safe state
  readonly bootId: string;
  readonly agentEpoch: number;
  readonly islanded: boolean;
  readonly observing: boolean;
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
