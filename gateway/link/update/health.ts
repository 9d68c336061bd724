import type { Mode } from '../../contracts/values/image.ts';

/** What the health gate sees of one cycle. */
export interface Seen {
  readonly cycle: number;
  readonly mode: Mode;
  readonly isAgentAlive: boolean;
  readonly agentRestarts: number;
}

/** How far a release or a site document on trial has come. */
export interface Trial {
  readonly goodCycles: number; // in a row
  readonly cycles: number; // with a living agent: how long it takes to start is no fault
  readonly lastCycle: number;
  readonly agentRestarts: number;
}

export const TRIAL_CYCLES = 60;
const TRIAL_CYCLES_MAX = 120;
const AGENT_RESTARTS_MAX = 3;
export const NEW_TRIAL: Trial = { goodCycles: 0, cycles: 0, lastCycle: -1, agentRestarts: 0 };

interface Step {
  readonly trial: Trial;
  readonly isHealthy: boolean;
  readonly isOver: boolean; // it had its time
}

/**
 * What is on trial is healthy once the guard has completed a minute of cycles in a row out of safe
 * mode, with the agent alive and not restarted meanwhile. Devices that were silent before count as
 * little as what is tried: where `wasSafe`, safe mode is no sign against it.
 */
export function stepTrial(trial: Trial, seen: Seen, wasSafe: boolean): Step {
  if (seen.cycle <= trial.lastCycle) return { trial, isHealthy: false, isOver: false };
  const isSteady = trial.lastCycle < 0 || seen.agentRestarts === trial.agentRestarts;
  const isGood = seen.isAgentAlive && isSteady && (wasSafe || seen.mode !== 'safe');
  const goodCycles = isGood ? trial.goodCycles + 1 : 0;
  const cycles = trial.cycles + (seen.isAgentAlive ? 1 : 0);
  const { cycle: lastCycle, agentRestarts } = seen;
  const isHealthy = goodCycles >= TRIAL_CYCLES;
  // What is left of its time is not enough for a good minute any more.
  const isLate = TRIAL_CYCLES_MAX - cycles + goodCycles < TRIAL_CYCLES;
  const isOver = isLate || agentRestarts >= AGENT_RESTARTS_MAX;
  return { trial: { goodCycles, cycles, lastCycle, agentRestarts }, isHealthy, isOver };
}
