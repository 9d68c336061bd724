import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEALTHY_FILE } from '../adapters/update/releases.ts';
import type { OwnFiles } from '../config/own-files.ts';
import type { Image } from '../contracts/values/image.ts';
import { MINUTE_MS } from '../contracts/values/time.ts';
import { NEW_TRIAL, stepTrial } from '../link/update/health.ts';
import { kept, type SiteStand } from '../link/update/stand.ts';
import type { Log } from '../ports.ts';

/** Something that runs on trial: a release, a site document. */
export interface OnTrial {
  readonly name: string;
  /** The site was in safe mode before: that mode is no sign against it. */
  readonly wasSafe: boolean;
  keep(): void;
  /** Where somebody outside watches the time, it is not given up here. */
  giveUp?(why: string): void;
}

interface Agent {
  readonly isAgentAlive: boolean;
  readonly restarts: number;
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
 * The release that boot.sh starts, where it is on trial.
 * @param summaryFile  of the last run: a site that was in safe mode before may stay in it
 * @param disk  writes off this thread
 */
export function releaseOnTrial(
  summaryFile: string,
  disk: { replace(file: string, value: unknown): void },
): OnTrial | undefined {
  const { EDGEWATT_TRIAL: version, EDGEWATT_MARKS: marks } = process.env;
  if (version === undefined || marks === undefined) return undefined;
  return {
    name: `release ${version}`,
    wasSafe: lastMode(summaryFile) === 'safe',
    keep: () => disk.replace(join(marks, HEALTHY_FILE), version),
  };
}

/** The health gate. @returns what the guard calls once a cycle; nothing to do without a trial */
export function trialGate(
  onTrial: OnTrial | undefined,
  log: Log,
  agent: Agent,
): (image: Image) => void {
  if (onTrial === undefined) return () => undefined;
  const { name, wasSafe } = onTrial;
  let trial = NEW_TRIAL;
  let isDone = false;
  let why = 'its agent kept ending';
  return ({ cycle, mode, reason }) => {
    if (isDone) return;
    const { isAgentAlive, restarts: agentRestarts } = agent;
    if (mode === 'safe' && !wasSafe) why = `the site fell into safe mode: ${reason.sentence}`;
    const step = stepTrial(trial, { cycle, mode, isAgentAlive, agentRestarts }, wasSafe);
    trial = step.trial;
    if (step.isHealthy) {
      isDone = true;
      onTrial.keep();
      log.info(`${name} is healthy and stays`);
    } else if (step.isOver && onTrial.giveUp !== undefined) {
      isDone = true;
      log.error(`${name} is left`, { why });
      onTrial.giveUp(`not healthy, ${why}`);
    }
  };
}

export interface GateDeps {
  readonly agent: Agent;
  readonly disk: { replace(file: string, value: unknown): void };
  readonly log: Log;
  readonly restart: () => void;
}

/** So long must changed files run before they count as good ones. */
const STEADY_MS = 10 * MINUTE_MS;
const AGENT_RESTARTS_MAX = 3;

/**
 * gateway.yaml and site.yaml until they have run long enough; where others did before, an agent
 * that keeps ending counts against these.
 * @returns what the guard calls once a cycle
 */
export function filesGate(
  files: OwnFiles,
  stand: SiteStand,
  deps: GateDeps,
): (image: Image) => void {
  const { agent, disk, log, restart } = deps;
  const site = kept(stand);
  let isDone = files.isSettled(site);
  let sinceMs: number | undefined;
  return ({ monoMs }) => {
    if (isDone) return;
    sinceMs ??= monoMs;
    if (files.isOnTrial && agent.restarts >= AGENT_RESTARTS_MAX) {
      isDone = true;
      const why = `its agent ended ${AGENT_RESTARTS_MAX} times soon after`;
      log.error('the changed gateway.yaml or site.yaml is left', { why });
      disk.replace(files.keptFile, files.leave(why));
      restart();
    } else if (monoMs - sinceMs >= STEADY_MS) {
      isDone = true;
      disk.replace(files.keptFile, files.ranWell(site));
    }
  };
}
