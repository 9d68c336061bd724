import type { Mode } from '../../contracts/values/image.ts';

/** What the health gate sees of one cycle. */
export interface Seen {
  readonly cycle: number;
  readonly mode: Mode;
  readonly isAgentAlive: boolean;
  readonly agentRestarts: number;
}

/** How far a release on trial has come. */
export interface Trial {
  readonly goodCycles: number; // in a row
  readonly lastCycle: number;
  readonly agentRestarts: number;
}

export const TRIAL_CYCLES = 60;
export const NEW_TRIAL: Trial = { goodCycles: 0, lastCycle: -1, agentRestarts: 0 };

/**
 * A release is healthy once the guard has completed a minute of cycles in a row out of safe mode,
 * with the agent alive and not restarted meanwhile. Devices that were silent before the update
 * count as little as the update itself: where `wasSafe`, safe mode is no sign against it.
 */
export function stepTrial(
  trial: Trial,
  seen: Seen,
  wasSafe: boolean,
): { readonly trial: Trial; readonly isHealthy: boolean } {
  if (seen.cycle <= trial.lastCycle) return { trial, isHealthy: false };
  const isSteady = trial.lastCycle < 0 || seen.agentRestarts === trial.agentRestarts;
  const isGood = seen.isAgentAlive && isSteady && (wasSafe || seen.mode !== 'safe');
  const goodCycles = isGood ? trial.goodCycles + 1 : 0;
  return {
    trial: { goodCycles, lastCycle: seen.cycle, agentRestarts: seen.agentRestarts },
    isHealthy: goodCycles >= TRIAL_CYCLES,
  };
}
