import type { Image, Mode, ModeFlag } from '../../contracts/values/image.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Ask, Proposal, Wish } from '../control/types.ts';
import type { GuardMemory, Turn, TurnInput } from '../decide.ts';
import type { GridState, Moment } from '../directives.ts';
import type { Finding, Verdict } from '../safety/verdict.ts';
import type { Seen } from '../site/types.ts';

/** First of each segment: all that its cycles need beside themselves. */
export interface Opening {
  readonly format: 1;
  readonly program: string; // version that decided
  readonly bootId: string;
  readonly siteSha256: string; // of the site file
  readonly site: Site;
  readonly commissioned: readonly string[];
  readonly times: Timing;
  readonly memory: GuardMemory; // before the first cycle
  readonly lostCycles: number; // of this run, not recorded before this segment
}

/** What a turn decides by beside readings and times. */
export type Asked = Omit<TurnInput, 'at' | 'times' | 'seen'>;

/** Guard times that may move while a guard runs. */
export type MovingTimes = Pick<Timing, 'freshMs' | 'safeByMs'>;

/** One cycle: what the turn decided by, and what it came to. */
export interface Cycle {
  readonly cycle: number;
  readonly at: Moment;
  readonly readings: Seen['readings'];
  readonly devices: Seen['devices'];
  /** Point keys that each device offers; undefined while it was never reached. */
  readonly offered: Readonly<Record<string, readonly string[] | undefined>>;
  readonly times: MovingTimes;
  /** The agent's intent, and what else was asked. */
  readonly asked: Asked;
  /** The grid agent's word, where it came between two turns. */
  readonly grid: GridState | undefined;
  readonly outcome: Outcome;
}

export interface Outcome {
  readonly mode: Mode;
  readonly flags: readonly ModeFlag[];
  readonly reason: Image['reason'];
  readonly limits: Image['limits'];
  readonly islanded: boolean;
  readonly wishes: readonly Wish[];
  readonly asks: readonly Ask[];
  readonly proposals: readonly Proposal[];
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  readonly decisions: Image['decisions'];
}

export function outcomeOf(turn: Turn): Outcome {
  const { mode, flags, reason, limits, decided, judged, verdicts, decisions } = turn;
  const { islanded, wishes, asks, proposals } = decided;
  const { findings } = judged;
  return {
    ...{ mode, flags, reason, limits, islanded },
    ...{ wishes, asks, proposals, findings, verdicts, decisions },
  };
}

/** A plain copy: the guard's own moves, and has more than times. */
export const timesOf = (times: Timing): Timing => ({
  stretch: times.stretch,
  cycleMs: times.cycleMs,
  freshMs: times.freshMs,
  safeByMs: times.safeByMs,
  reversionMs: times.reversionMs,
  limitBackMs: times.limitBackMs,
  heartbeatMs: times.heartbeatMs,
  failsafeMs: times.failsafeMs,
  directionRestMs: times.directionRestMs,
  agentSilentMs: times.agentSilentMs,
  planExpiryMs: times.planExpiryMs,
});
