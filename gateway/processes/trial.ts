import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEALTHY_FILE } from '../adapters/update/releases.ts';
import type { Image } from '../contracts/values/image.ts';
import { NEW_TRIAL, stepTrial } from '../link/update/health.ts';
import type { Log } from '../ports.ts';

/** What boot.sh says of the release that it starts; nothing outside of a trial. */
interface OnTrial {
  readonly version: string;
  readonly marks: string;
}

function onTrial(): OnTrial | undefined {
  const { EDGEWATT_TRIAL: version, EDGEWATT_MARKS: marks } = process.env;
  return version === undefined || marks === undefined ? undefined : { version, marks };
}

/** The mode in which the last run ended; undefined when it was cut. */
function lastMode(summaryFile: string): unknown {
  try {
    return JSON.parse(readFileSync(summaryFile, 'utf8')).mode;
  } catch {
    return undefined;
  }
}

/**
 * The health gate of a release on trial.
 * @param summaryFile  of the last run: a site that was in safe mode before may stay in it
 * @param disk  writes off this thread
 * @returns what the guard calls once a cycle; it does nothing outside of a trial
 */
export function trialGate(
  summaryFile: string,
  disk: { replace(file: string, value: unknown): void },
  log: Log,
  agent: { readonly isAgentAlive: boolean; readonly restarts: number },
): (image: Image) => void {
  const release = onTrial();
  if (release === undefined) return () => undefined;
  const wasSafe = lastMode(summaryFile) === 'safe';
  let trial = NEW_TRIAL;
  let isDone = false;
  return ({ cycle, mode }) => {
    if (isDone) return;
    const { isAgentAlive, restarts: agentRestarts } = agent;
    const step = stepTrial(trial, { cycle, mode, isAgentAlive, agentRestarts }, wasSafe);
    trial = step.trial;
    if (!step.isHealthy) return;
    isDone = true;
    disk.replace(join(release.marks, HEALTHY_FILE), release.version);
    log.info('the release on trial is healthy and stays', { version: release.version });
  };
}
