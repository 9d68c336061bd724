import type { KeptOverride } from './override.ts';
import type { Reading } from './reading.ts';
import type { Instant } from './time.ts';

/** The ladder of modes, from all well down (DESIGN section 3). */
export type Mode = 'trading' | 'planning' | 'rules' | 'holding' | 'safe';
/** `untimed`: the wall clock cannot be trusted, nothing is traded. */
export type ModeFlag = 'limited' | 'observing' | 'islanded' | 'untimed';

/** Who may decide, highest first; each level only narrows what those above left open. */
export const AUTHORITY = [
  'device-protection',
  'site-safety',
  'emergency',
  'grid-envelope',
  'operator-override',
  'demand-response',
  'peak-limit',
  'market-position',
  'plan',
  'self-consumption',
] as const;
export type Authority = (typeof AUTHORITY)[number];

/** Why a cycle decided as it did: one code for machines, one sentence for people. */
export interface Reason {
  readonly authority: Authority;
  readonly code: ReasonCode;
  readonly sentence: string;
}

export type ReasonCode =
  | 'SELF_CONSUMPTION'
  | 'PLAN'
  | 'MARKET_POSITION'
  | 'PEAK_LIMIT'
  | 'IMPORT_LIMIT'
  | 'EXPORT_LIMIT'
  | 'FUSE_LIMIT'
  | 'UNBALANCE'
  | 'ENVELOPE'
  | 'LIMIT_UNREACHABLE'
  | 'EMERGENCY'
  | 'RAMP'
  | 'FREQUENCY'
  | 'ENERGY_ORIGIN'
  | 'SOC_MIN'
  | 'SOC_MAX'
  | 'RESERVE'
  | 'BMS_LIMIT'
  | 'TOO_COLD'
  | 'STALE'
  | 'HOLDING'
  | 'SAFE_STATE'
  | 'OBSERVING'
  | 'ISLANDED'
  | 'SLEW'
  | 'DIRECTION_REST'
  | 'MIN_RUN'
  | 'MIN_REST'
  | 'NOT_COMMISSIONED'
  | 'COMMISSIONING'
  | 'BMS_FAULT'
  | 'BMS_REQUEST'
  | 'FULL_CHARGE'
  | 'OVERRIDE'
  | 'DEMAND_RESPONSE'
  | 'IDLE';

/** A device as others may see it. Counts are since the start of the guard. */
export interface DeviceView {
  readonly id: string;
  /** silent: it answers nothing; observing: it is read, and nothing is written to it. */
  readonly state: 'ok' | 'holding' | 'safe' | 'silent' | 'observing';
  readonly latencyMs: number; // of the last answered request, real milliseconds
  readonly timeouts: number; // requests without an answer
  readonly exceptions: number; // requests that it refused
  readonly readsGood: number;
  readonly readsBad: number;
  readonly writes: number;
  readonly leaseUntilMs?: Instant; // wall clock; reversion armed until then
  readonly follows?: false; // it takes orders and shows something else
  readonly deafSinceMs?: Instant; // with `follows`: since when
  readonly triedAgainAtMs?: Instant; // likewise: until then only its safe state is written
}

/** What a verdict asked of a terminal in this cycle. */
export interface DecisionView {
  readonly terminal: string;
  readonly powerW: number | null; // null = released to the device's own mode
  readonly limitW?: number; // production limit for control 'limit'
  readonly reason: Reason;
}

/** What bound from an instant on, as it is kept. */
export interface Decision {
  readonly atMs: Instant;
  readonly mode: Mode;
  readonly reason: Reason;
  readonly decisions: readonly DecisionView[];
}

/**
 * One cycle of the guard as others may see it: the frozen readings, the mode and the decision.
 * Points are `terminal.quantity` (`pv1.powerW`, `grid.inWh`), powers + into the node. Sent to the
 * agent, newest only.
 */
export interface Image {
  readonly cycle: number; // turns of this guard, early ones included
  readonly bootId: string;
  readonly monoMs: number; // of the turn, on the guard's monotonic clock
  readonly wallMs: Instant;
  readonly mode: Mode;
  readonly flags: readonly ModeFlag[];
  readonly modeSinceMs: Instant; // wall clock
  readonly reason: Reason;
  readonly points: Readonly<Record<string, Reading>>;
  readonly decisions: readonly DecisionView[];
  readonly devices: readonly DeviceView[];
  /** Meters that answer and whose word does not count. */
  readonly doubts?: readonly { readonly connection: string; readonly sentence: string }[];
  /** What people must know of beside that: `SOC_JUMP:battery1`, a sentence, the next step. */
  readonly concerns?: readonly {
    readonly code: string;
    readonly text: string;
    readonly mend: string;
  }[];
  /** Batteries that are due for a full charge. */
  readonly filling?: readonly string[];
  /** Orders of people in force. */
  readonly overrides?: readonly KeptOverride[];
  /** What each level of authority asks, for people. */
  readonly asks: readonly { readonly authority: Authority; readonly sentence: string }[];
  /** At the first connection, W >= 0, and in words who set the tighter one. */
  readonly limits: {
    readonly importLimitW: number;
    readonly exportLimitW: number;
    readonly source: string;
  };
  /** Since the start of the guard. */
  readonly counters: {
    readonly cycles: number; // of the schedule, without early turns
    readonly missedCycles: number;
    readonly recordsProduced: number;
    readonly recordsDropped: number; // no agent process took them in time
    readonly readingsGood: number;
    readonly readingsBad: number; // failed or implausible
    readonly writes: number;
    readonly agentRestarts: number;
    readonly tickP50Ms: number; // what a turn costs, real milliseconds, of the last 512
    readonly tickP99Ms: number;
  };
}
