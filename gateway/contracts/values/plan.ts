import type { Instant } from './time.ts';

/**
 * What the agent process asks of the guard: a plan of absolute steps and the market position of the
 * running and next delivery intervals. Latest value wins; each carries its own expiry, so silence
 * ends it.
 */
export interface Intent {
  readonly v: 1;
  readonly agentEpoch: number;
  readonly sequence: number;
  readonly issuedAtMs: Instant;
  readonly expiresAtMs: Instant; // plan lives at most 30 min without a planner
  readonly cloudConnected: boolean;
  readonly clockTrusted: boolean;
  readonly plan: readonly PlanStep[];
  readonly positions: readonly Position[];
}

/**
 * How the guard executes one step against the live meter, all powers + into the node:
 * - `self`: battery follows the meter to zero exchange, inside [minW, maxW];
 * - `grid`: battery holds the connection at `gridW`, inside [minW, maxW];
 * - `fixed`: battery at `powerW`, inside [minW, maxW].
 */
export interface PlanStep {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly terminals: readonly TerminalStep[];
  readonly expectGridW: number; // what the plan expects at the connection
  readonly why: string; // one sentence for a person
}

export interface TerminalStep {
  readonly terminal: string;
  readonly follow: 'self' | 'grid' | 'fixed' | 'limit' | 'on' | 'off';
  readonly powerW: number;
  readonly gridW: number;
  readonly minW: number;
  readonly maxW: number;
}

/**
 * Net energy this site sold (+) or bought (-) for an interval; bus sign is turned: sold energy is
 * exported.
 */
export interface Position {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly soldWh: number; // sold - bought, signed
}
