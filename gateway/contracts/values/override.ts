import type { Instant } from './time.ts';

/**
 * What a person orders at the page or at this machine: a battery held, charged or discharged, sun
 * or load off. It ends by itself and stands below every limit (DESIGN, order of authority).
 */
export const OVERRIDE_ACTS = ['hold', 'charge', 'discharge', 'off'] as const;
export type OverrideAct = (typeof OVERRIDE_ACTS)[number];

/** One for each terminal at most; a newer one replaces it. */
export interface Override {
  readonly terminal: string;
  readonly act: OverrideAct;
  readonly powerW: number; // of charge and discharge, > 0; otherwise 0
  readonly untilWallMs: Instant; // as people read it
  readonly untilMs: number; // as the guard counts it, on its monotonic clock
  readonly by: string; // who ordered it
}

/** As it crosses processes and restarts. */
export type KeptOverride = Omit<Override, 'untilMs'>;

/** `end` takes an order back. @see OVERRIDE_MAX_MS for how long one may stand */
export interface OverrideRequest {
  readonly terminal: string;
  readonly act: OverrideAct | 'end';
  readonly powerW: number;
  readonly forMs: number;
  readonly by: string;
}

export interface OverrideAnswer {
  readonly refused: string; // in words; '' = taken
  readonly overrides: readonly KeptOverride[]; // in force now
  readonly terminals: readonly Overridable[];
}

/** What a person may order of a terminal. */
export interface Overridable {
  readonly terminal: string;
  readonly name: string;
  readonly acts: readonly OverrideAct[];
  readonly chargeMaxW: number; // nameplate, >= 0
  readonly dischargeMaxW: number;
}

export const OVERRIDE_MIN_MS = 60_000;
export const OVERRIDE_MAX_MS = 7 * 86_400_000;
