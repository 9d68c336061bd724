import type { KeptImport, NeedLevels, StoreAct } from './levels.ts';
import type { Instant } from './time.ts';

/**
 * What the agent process asks of the guard: a plan of absolute steps and the market position of the
 * running and next delivery intervals. Latest value wins; each carries its own expiry, so silence
 * ends it.
 */
export interface Intent {
  readonly v: 1;
  readonly agentEpoch: number; // of the agent process: nothing of an older one counts
  readonly sequence: number; // rises with each intent of an agent
  readonly issuedAtMs: Instant;
  readonly expiresAtMs: Instant; // plan lives at most 30 min without a planner
  readonly cloudConnected: boolean; // and the site trades: else the mode is `planning`
  readonly clockTrusted: boolean; // false: positions are not delivered
  readonly plan: readonly PlanStep[];
  readonly positions: readonly Position[];
}

/**
 * How the guard executes one step against the live meter and the live charge, all powers + into
 * the node:
 * - `levels`: batteries by the levels of what they store, around an exchange of `gridW` (what was
 *   sold or bought); one whose charge is not known is left to self-consumption;
 * - `self`: battery follows the meter to zero exchange, inside [minW, maxW]; a charger, the sun;
 * - `fixed`: at `powerW`, inside [minW, maxW];
 * - `limit`: production of no more than `powerW`;
 * - `on`, `off`: a load.
 */
export interface PlanStep extends KeptImport {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly terminals: readonly TerminalStep[];
  readonly expectGridW: number; // what the plan expects at the connection
  /** Instead of the batteries' levels once the step's need shows; absent = they stay. */
  readonly byNeed?: NeedLevels;
  /** Beyond it production is held back; absent = any. */
  readonly mostExportW?: number;
  readonly why: string; // of what it expects; one sentence for a person
  /** Of what batteries do instead, and of production that is held back ('spare'). */
  readonly whys?: Readonly<Partial<Record<StoreAct | 'spare', string>>>;
}

export interface TerminalStep {
  readonly terminal: string;
  readonly follow: 'levels' | 'self' | 'fixed' | 'limit' | 'on' | 'off';
  readonly powerW: number; // as expected
  readonly gridW: number;
  readonly minW: number;
  readonly maxW: number;
  readonly levels?: SocLevels; // of `levels`
}

/** `Levels` of one battery, in percent of its charge. */
export interface SocLevels {
  readonly leastPct: number; // kept back from all that the plan asks
  readonly buyToPct: number;
  readonly storeToPct: number;
  readonly coverToPct: number;
  readonly sellToPct: number;
  /** Upper end of its band, of which `byNeed` is a share from `leastPct` on; absent = none. */
  readonly mostPct?: number;
  readonly worthNanoPerWh: number; // of one Wh more in it at the end of the step
}

/**
 * Net energy that this site sold (+) or bought (-) for an interval. The sign of the market, not of
 * the node: what is sold is exported, which is - at the node.
 */
export interface Position {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly soldWh: number; // sold - bought, signed
}
