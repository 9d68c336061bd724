import type { DeviceView } from '../../contracts/values/image.ts';
import type { PhaseReading } from '../../contracts/values/phases.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { StoreSpec, Terminal } from '../../contracts/values/site.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { FineCharge } from './soc.ts';

/** What the poller shows at one instant: readings by device and point key. */
export interface Seen {
  readonly readings: Readonly<Record<string, Readonly<Record<string, Reading>>>>;
  readonly devices: readonly DeviceView[];
  /**
   * Whether the device's profile has such a point; undefined while the device was never reached.
   */
  readonly offers: (deviceId: string, key: string) => boolean | undefined;
  /** What each terminal was last told, W. */
  readonly sent?: Readonly<Record<string, number>>;
  /** Terminals whose device acknowledges and does not follow. */
  readonly deaf?: readonly string[];
}

export type GridPresence = 'present' | 'absent' | 'unknown';

/**
 * The process image: one frozen view of the site for one cycle. Powers + into the node. NaN means
 * not known, an age of Infinity never read. `powerW` of a failing reading is its last good value,
 * with its age.
 */
export interface SiteState {
  readonly nowMs: number;
  readonly wallMs: Instant;
  readonly points: Readonly<Record<string, Reading>>;
  readonly grid: GridPresence;
  readonly connections: readonly ConnectionState[];
  readonly terminals: readonly TerminalState[];
}

/** A power with its age; `failing` when the newest attempt to read it did not succeed. */
export interface Measured {
  readonly powerW: number;
  readonly ageMs: number;
  readonly failing: boolean;
}

export type PhaseState = PhaseReading;

export interface ConnectionState extends Measured {
  readonly id: string;
  readonly phases: readonly PhaseState[];
  readonly inWh: number; // counters; NaN = unknown
  readonly outWh: number;
  readonly aligned: Aligned;
  readonly doubt: Doubt | undefined;
  readonly still?: Still;
}

/** What a meter shows again and again. */
export interface Still {
  readonly sinceMs: number; // of its newest change; NaN = not known
  readonly moveW: number; // a quicker move of devices by more than this must show
}

/** Why a meter's word does not count, although it answers. */
export interface Doubt {
  readonly kind: 'frozen' | 'impossible' | 'turned';
  readonly sinceMs: number;
  readonly atMs: number; // of the last reading that could be believed
  readonly lastW: number; // that reading
  readonly sure: boolean; // no passing inconsistency: people must know
}

/**
 * The connection and its controllable terminals as they stand now: meters and inverters are late
 * in different ways, and adding values of different moments makes a control loop swing.
 */
export interface Aligned {
  readonly atMs: number; // of the meter's newest value
  readonly gridW: number; // what it would show now
  readonly shiftsW: readonly number[]; // the same less what it shows, of each measured phase
  readonly byTerminal: Readonly<Record<string, number>>; // NaN where not fresh
}

export interface TerminalState extends Measured {
  readonly id: string;
  readonly spec: Terminal;
  readonly connection: string;
  readonly device: string | undefined; // what is written to: controlDevice, otherwise device
  readonly store: StoreSpec | undefined;
  readonly measured: boolean; // something measures its power
  readonly deaf?: true | undefined; // its device does not follow: given back, and does what it does
  readonly capability: Capability;
}

/**
 * What a terminal can do now. undefined = its device has no such point, NaN = it has, but it is
 * not known now.
 */
export interface Capability {
  readonly socLowPct: number; // lowest it may be: counts against discharging
  readonly socHighPct: number; // highest it may be: counts against charging
  readonly fine?: FineCharge | undefined; // the same, with what flowed since the gauge moved
  readonly temperatureC: number | undefined;
  readonly chargeMaxW: number | undefined; // BMS, >= 0
  readonly dischargeMaxW: number | undefined;
  readonly ratedW: number | undefined; // nameplate as the device says
  readonly fault?: number | undefined; // 0 = none
  readonly chargeRequestW?: number | undefined; // its BMS asks for charge, 0 = for none
  readonly shareInW: number | undefined; // room that a shared converter leaves, + into the node
  readonly shareOutW: number | undefined; // and out of it, as a positive figure
}
