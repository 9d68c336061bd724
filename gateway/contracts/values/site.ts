import type { Efficiencies } from './part-load.ts';
import type { Tariff } from './tariff.ts';

/** The site as data (DESIGN section 2). Ids are opaque, stable and never reused. */
export interface Site {
  readonly version: 1;
  readonly id: string;
  readonly tenant: string;
  readonly gateway: string;
  readonly participant: string;
  readonly name: string;
  readonly zone: string; // market and grid zone
  readonly place: Place;
  readonly currency: string; // ISO 4217
  readonly gridCode: string;
  readonly buses: readonly BusSpec[];
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly connections: readonly Connection[];
  readonly devices: readonly Device[];
  readonly terminals: readonly Terminal[];
  readonly stores: readonly StoreSpec[];
  readonly meters: readonly Meter[];
  readonly residuals: readonly Residual[];
  readonly groups: readonly Group[];
  readonly signals: readonly Signal[];
  readonly control: ControlSettings;
  // ed25519, SPKI base64
  readonly directives: { readonly keyId: string; readonly publicKey: string } | undefined;
}

export interface Place {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly timeZone: string; // IANA
}

/** A wire: one owner each, shared by every unit on it. */
export type BusSpec =
  | { readonly id: string; readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly id: string;
      readonly kind: 'rtu-over-tcp' | 'udp';
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly id: string;
      readonly kind: 'serial';
      readonly path: string;
      readonly baud: number;
      readonly parity: 'none' | 'even' | 'odd';
      readonly stopBits: 1 | 2;
      readonly framing?: 'rtu' | 'ascii'; // default RTU
      readonly dataBits?: 7 | 8; // default 8; ASCII knows 7 as well
    };

/** Sums to zero at each ac node; a dc node closes with the converter's loss. */
export interface Node {
  readonly id: string;
  readonly kind: 'ac' | 'dc' | 'backup';
  readonly phases: 1 | 3;
}

/** Node to parent node; a circuit is an edge. Limits each way, undefined = not limited here. */
export interface Edge {
  readonly id: string;
  readonly node: string;
  readonly parent: string;
  readonly limitA?: number; // per phase
  readonly importLimitW?: number;
  readonly exportLimitW?: number;
  readonly limitVa?: number;
}

/** Nodes from `node` up to the grid: through edges, and from a dc node through its converter. */
export function nodesUp(site: Site, node: string): string[] {
  const path = [node];
  for (const at of path) {
    const up =
      site.edges.find((edge) => edge.node === at)?.parent ??
      site.terminals.find((terminal) => terminal.dcNode === at)?.node;
    if (up !== undefined && !path.includes(up)) path.push(up);
  }
  return path;
}

/** Edge of a node to the grid. Power + = import. */
export interface Connection {
  readonly id: string;
  readonly node: string;
  readonly meteringPoint: string;
  readonly netting: 'sum' | 'per-phase'; // how its billing meter counts
  readonly fuseA: number; // per phase
  readonly contractedImportW: number; // all limits >= 0
  readonly contractedExportW: number;
  readonly settlementMs: number; // length of a delivery interval
  readonly demandWindowMs: number; // of the demand charge
  readonly defaultImportLimitW: number; // while no envelope is in force
  readonly defaultExportLimitW: number;
  readonly failsafeImportLimitW: number; // heartbeat lost under an envelope that says `failsafe`
  readonly failsafeExportLimitW: number;
  /** Kept free below each limit: what a step of load may take before slow devices have answered. */
  readonly limitMarginW?: number;
  readonly tariff: Tariff;
}

/** A box on a wire. Has no power of its own: its terminals have. */
export interface Device {
  readonly id: string;
  readonly bus: string;
  readonly unit: number;
  readonly profile: string;
  readonly serial?: string; // bound at commissioning
  readonly codeFile?: string; // beside the site file: what unlocks its writes (profile's `unlock`)
  readonly allowWithoutReversion?: boolean; // control by name although the device has no timer
  readonly ownLimitW?: number; // production limit that is set in the device itself
}

export type TerminalKind = 'pv' | 'battery' | 'load' | 'ev' | 'generator' | 'converter';
export type ControlKind = 'none' | 'limit' | 'setpoint' | 'steps' | 'on-off';

/** Where a device meets a node. Its ratings are positive figures, one for each direction. */
export interface Terminal {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly kind: TerminalKind;
  readonly device?: string;
  readonly part?: string; // which terminal of the profile, for hybrids: 'pv' | 'battery'
  readonly phases: 1 | 3;
  readonly phase?: 'L1' | 'L2' | 'L3'; // of a single-phase one; unknown counts on each
  readonly ratedInW: number; // most that flows INTO the node (production, discharge), >= 0
  readonly ratedOutW: number; // most that flows OUT of the node (consumption, charging), >= 0
  readonly ratedVa?: number;
  readonly control: ControlKind;
  readonly stepsA?: readonly number[]; // control 'steps': allowed currents, 0 = off
  readonly minPowerW: number; // below it a battery or charger rests
  readonly minRunMs: number; // of a switched load, once it is on
  readonly minRestMs: number; // and once it is off
  readonly responseMs: number; // until its power follows a setpoint
  readonly slewWPerS?: number; // of wishes; undefined = as fast as the device can
  readonly priority: number; // 1 first
  readonly dcNode?: string; // a converter's own dc node
  readonly safeState: SafeState;
  readonly ownDroop?: boolean; // its inverter answers frequency itself; undefined = not known
  readonly controlDevice?: string; // where another device does the switching (contactor, wallbox)
  readonly premiumNanoPerWh?: number; // pv: paid for each Wh made, whoever uses it
  readonly duty?: Duty; // on-off load; undefined: what it usually uses a day
}

/** The larger of both ratings, W >= 0: what shares of nameplate are of. */
export const nameplateW = ({ ratedInW, ratedOutW }: Pick<Terminal, 'ratedInW' | 'ratedOutW'>) =>
  Math.max(ratedInW, ratedOutW);

/** How long a load is to run each of these local days, and when it may. */
export interface Duty {
  readonly minutesPerDay: number;
  readonly weekdays?: readonly number[]; // 1 = Monday; default all
  readonly fromMinute: number; // of the local day
  readonly untilMinute: number; // 1440 = midnight
}

export type SafeState =
  | { readonly kind: 'own-mode' }
  | { readonly kind: 'zero' }
  // >= 0, production limit; legal with zero load
  | { readonly kind: 'limit'; readonly limitW: number };

export interface StoreSpec extends Efficiencies {
  readonly id: string;
  readonly terminal: string; // battery or ev
  readonly usableWh: number;
  readonly socMinPct: number;
  readonly socMaxPct: number;
  readonly reservePct: number; // backup reserve
  readonly blackStartPct?: number; // kept beyond it, for the restart of an island
  readonly fullCharge?: FullCharge; // undefined: none is asked for
  readonly wearNanoPerWh: number; // per Wh through the store, one way
  readonly chargeMinC: number; // no charge below this cell temperature
  readonly ready?: { readonly minuteOfDay: number; readonly socPct: number }; // local, each day
  readonly mayChargeFromGrid?: boolean; // false: no import while it charges
  readonly mayExport?: boolean; // false: no export while it discharges
  readonly endValueNanoPerWh?: number; // of a Wh left at a plan's end; default from the prices
}

/**
 * LFP cells show their charge only when they are full: so a battery is filled now and then, by the
 * sun and cheap hours from `everyDays` on, by force `withinDays` later.
 */
export interface FullCharge {
  readonly everyDays: number;
  readonly withinDays: number;
}

/** What is kept back while the grid is there, %: for a blackout, and for a restart after it. */
export const reserveOf = ({ reservePct, blackStartPct = 0 }: StoreSpec): number =>
  Math.min(100, reservePct + blackStartPct);

/**
 * Readings of an edge, connection or terminal; several for one place are ordered, the first good
 * one counts.
 */
export interface Meter {
  readonly id: string;
  readonly of: string; // id of a connection, edge or terminal
  readonly device: string;
  readonly part?: string; // part of a hybrid that carries it: 'meter'
  readonly direction: 'into-node' | 'out-of-node'; // what the meter counts as +, as proven
  readonly class: 'billing' | 'control' | 'check';
  readonly resolutionW: number;
  readonly latencyMs: number;
}

/** A meter whose values are younger than this when they are read counts as prompt. */
export const PROMPT_METER_MS = 100;

/** At most one unmetered terminal a node; its power is what the node's sum leaves. */
export interface Residual {
  readonly node: string;
  readonly terminal: string;
}

export interface Group {
  readonly id: string;
  readonly terminals: readonly string[];
}

/**
 * Relay or ripple contact in, contactor out, grid present, frequency (Hz): a device point and its
 * meaning.
 */
export interface Signal {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  readonly meaning: 'grid-present' | 'curtail' | 'contactor' | 'frequency';
  readonly safeValue: number;
}

/** Operator's choices; limits are the connection's. */
export interface ControlSettings {
  readonly active: boolean; // false: observing
  readonly peakLimitW?: number; // peak shaving on the connection's mean import
  readonly peakPowerLimitW?: number; // and on its power of each moment
  readonly rampPctPerMin?: number; // of nameplate, after a start and after the grid's return
  readonly droop?: DroopSettings; // undefined: none
  /** Most by which single-phase sources and stores may differ between two phases; default none. */
  readonly unbalanceLimitVa?: number;
  readonly unprovenAllowed: readonly string[]; // devices under control without commissioning record
  readonly marketEnabled: boolean;
  /**
   * Where somebody else changes our setpoint: write ours again (insist, the default), let it stand
   * until the next renewal (alarm), or write nothing there for a while (yield). Always reported.
   */
  readonly foreignWrites?: 'insist' | 'alarm' | 'yield';
  readonly advice?: AdviceBounds; // undefined: ADVICE_BOUNDS
}

/** Droop on frequency by the gateway, where no inverter has one: power follows frequency. */
export interface DroopSettings {
  readonly nominalHz: number;
  readonly deadbandHz: number; // either side of nominal
  readonly droopPct: number; // change of frequency for the whole power: 5 % of 50 Hz is 40 % a Hz
  readonly terminals: readonly string[]; // each with `ownDroop: false`
}

/** How far a model's advice may lean on the plan, where the gateway file lets it. */
export interface AdviceBounds {
  readonly reserveMaxPct: number; // of each store's usable energy
  readonly marginMaxPct: number; // of the load
  readonly orderMarginMaxMicroPerKwh: number;
}

export const ADVICE_BOUNDS: AdviceBounds = {
  reserveMaxPct: 50,
  marginMaxPct: 25,
  orderMarginMaxMicroPerKwh: 20_000,
};
