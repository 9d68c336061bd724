import type { ControlSpec } from '../../../devices/profile.ts';
import type { StepKind, TraceSample } from './commissioning.ts';
import type { Mode, ModeFlag } from './image.ts';

/**
 * What commissioning asks of the guard for one device, as a person consented to it. It ends by
 * itself: whoever asks has to ask again before `untilMs`.
 */
export interface Trial {
  readonly device: string;
  readonly terminal: string;
  readonly act: StepKind | 'end'; // end: over, and given back
  readonly powerW: number;
  readonly untilMs: number; // monotonic
}

/** A request of the commissioning command. `look` asks for nothing but what was seen. */
export interface TrialRequest {
  readonly session: string; // who asks; only one at a time
  readonly device: string;
  readonly terminal: string;
  readonly act: StepKind | 'look' | 'end';
  readonly powerW: number;
  readonly sinceCycle: number; // samples after this one
}

/** One cycle of the guard as commissioning sees it. */
export interface TrialSample {
  readonly cycle: number;
  readonly act: Trial['act'];
  readonly seen: Omit<TraceSample, 'step'>;
  readonly code: string; // of the terminal's verdict: why it is what it is
  readonly isWritten: boolean; // what the verdict says was read back from the device
  readonly armed: boolean; // the device's own timer runs
  readonly refused: string; // why nothing is written; '' = nothing
}

/** How the site stands, as far as commissioning has to know. */
export interface Standing {
  readonly mode: Mode;
  readonly flags: readonly ModeFlag[];
  readonly why: string; // one sentence
  readonly importLimitW: number;
  readonly exportLimitW: number;
}

export interface TrialAnswer {
  readonly refused: string; // '' = taken
  readonly monoMs: number;
  readonly wallMs: number;
  readonly cycleMs: number;
  readonly site: string; // that the gateway runs
  readonly standing?: Standing; // of the newest cycle
  readonly samples: readonly TrialSample[];
  /** What the device says of itself: maker, model, serial, firmware. */
  readonly identity: Readonly<Record<string, string>>;
  /** How its profile commands the terminal, once the device was recognised. */
  readonly control?: ControlSpec;
}
