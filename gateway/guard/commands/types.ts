import type { TerminalLimits, Told } from '../safety/facts.ts';
import type { Permit, RegisterWrite } from '../safety/registers.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Obeying } from './obedience.ts';

/** The kernel's second look, handed in: it alone says what may be written, and what a turn is. */
export interface KernelLook {
  readonly directionOf: (
    rated: Pick<TerminalLimits, 'ratedInW' | 'ratedOutW'>,
    powerW: number,
  ) => -1 | 0 | 1;
  readonly refusal: (write: RegisterWrite, permit: Permit) => string | undefined;
  readonly mayStore: (spent: number, count: number, perDay: number, urgent: boolean) => boolean;
}

/** What is in force at one controllable terminal. */
export interface LeaseView extends Obeying {
  readonly terminal: string;
  readonly device: string;
  /** The device ends the setpoint by itself should we fall silent. */
  readonly armed: boolean;
  readonly armedUntilMonoMs: number;
  /** Written and read back; undefined before the first one and while it is in doubt. */
  readonly lastVerified: Verdict | undefined;
  readonly lastVerifiedAtMs: number; // monotonic
  /** Setpoint that it was last asked for, W; NaN = free again, undefined = nothing asked yet. */
  readonly toldW: number | undefined;
  /** Which way that went, once it went any. */
  readonly way?: Told | undefined;
  readonly unknownOutcome: boolean; // a write was not answered: read back before anything else
  readonly refused: string | undefined; // why nothing is written, in words
  readonly aside: boolean; // somebody else commands, and is let
  readonly wears?: boolean | undefined; // its setpoint is kept in memory that wears out
}

export interface Writer {
  /**
   * Takes the newest verdict of each terminal and returns at once; an older one that waits is
   * forgotten.
   */
  submit(verdicts: readonly Verdict[], nowMs: number): void;
  /**
   * Writes these, reads them back and takes nothing more; bounded in time. `failed` names
   * terminals.
   */
  releaseAll(
    safe: readonly Verdict[],
  ): Promise<{ readonly verified: boolean; readonly failed: readonly string[] }>;
  state(): readonly LeaseView[];
  /** Setpoints that somebody else changed, one sentence each; each is told once. */
  foreign(): readonly string[];
  /**
   * Writes to stored registers by `device@day` (UTC day number), to be kept over a restart;
   * another object once it has changed.
   */
  budget(): Readonly<Record<string, number>>;
}
