import { Fault } from '../../contracts/values/fault.ts';
import type { Pacing } from './line.ts';

/** What `scan`, `probe` and `test` have in common. */
export interface LookOptions {
  readonly site?: string; // folder with gateway.yaml and site.yaml
  readonly timeout: string; // milliseconds
  readonly json?: boolean;
}

/** Exit code where nobody answers, or something is not as it should be. */
export const NOTHING_CODE = 1;

const PAUSE_MS = 20;

/** @throws Fault for what is no time */
export function pacingOf({ timeout }: LookOptions, connectMs: number): Pacing {
  const timeoutMs = Number(timeout);
  if (!(Number.isInteger(timeoutMs) && timeoutMs >= 50 && timeoutMs <= 30_000)) {
    throw new Fault('not a time', `--timeout ${timeout}`, 'milliseconds from 50 to 30000');
  }
  return { timeoutMs, pauseMs: PAUSE_MS, connectMs };
}
