import { describe, expect, it } from 'vitest';
import {
  NEW_TRIAL,
  type Seen,
  stepTrial,
  TRIAL_CYCLES,
} from '../../../../../gateway/link/update/health.ts';

const GOOD: Seen = { cycle: 0, mode: 'planning', isAgentAlive: true, agentRestarts: 0 };

/** The cycle in which the gate opened; undefined when it stayed closed. */
function run(seen: (cycle: number) => Partial<Seen>, wasSafe = false): number | undefined {
  let trial = NEW_TRIAL;
  for (let cycle = 1; cycle <= 200; cycle += 1) {
    const step = stepTrial(trial, { ...GOOD, cycle, ...seen(cycle) }, wasSafe);
    if (step.isHealthy) return cycle;
    trial = step.trial;
  }
  return undefined;
}

describe('a release on trial is healthy', () => {
  it('after a minute of good cycles', () => {
    expect(run(() => ({}))).toBe(TRIAL_CYCLES);
  });

  it('counted from the last bad one: no agent, safe mode, an agent started again', () => {
    expect(run((cycle) => ({ isAgentAlive: cycle > 10 }))).toBe(TRIAL_CYCLES + 10);
    expect(run((cycle) => ({ mode: cycle === 30 ? 'safe' : 'rules' }))).toBe(TRIAL_CYCLES + 30);
    expect(run((cycle) => ({ agentRestarts: cycle < 20 ? 0 : 1 }))).toBe(TRIAL_CYCLES + 20);
  });

  it('not by the same cycle told again and again', () => {
    expect(run(() => ({ cycle: 5 }))).toBeUndefined();
  });

  it('not in safe mode, unless the site was there before', () => {
    expect(run(() => ({ mode: 'safe' }))).toBeUndefined();
    expect(run(() => ({ mode: 'safe' }), true)).toBe(TRIAL_CYCLES);
  });
});

describe('what is on trial is given up', () => {
  /** The cycle in which its time was over; undefined while it still may prove healthy. */
  function over(seen: (cycle: number) => Partial<Seen>): number | undefined {
    let trial = NEW_TRIAL;
    for (let cycle = 1; cycle <= 300; cycle += 1) {
      const step = stepTrial(trial, { ...GOOD, cycle, ...seen(cycle) }, false);
      if (step.isHealthy) return undefined;
      if (step.isOver) return cycle;
      trial = step.trial;
    }
    return undefined;
  }

  it('when a good minute no longer fits into its two', () => {
    expect(over(() => ({ mode: 'safe' }))).toBe(TRIAL_CYCLES + 1);
    expect(over((cycle) => ({ mode: cycle <= TRIAL_CYCLES ? 'safe' : 'rules' }))).toBeUndefined();
    expect(over((cycle) => ({ mode: cycle % 50 === 0 ? 'safe' : 'rules' }))).toBe(100);
  });

  it('when its agent ended three times, not while the first one is starting', () => {
    expect(over(() => ({ isAgentAlive: false }))).toBeUndefined();
    expect(over((cycle) => ({ agentRestarts: Math.floor(cycle / 20) }))).toBe(60);
  });
});
