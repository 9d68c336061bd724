import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { PacedPipe } from './pipe.ts';

export interface Child {
  readonly pid: number;
  readonly pipe: PacedPipe;
  readonly exited: Promise<void>;
  kill(): void;
}

const TURN_BYTES = 262_144;

/**
 * Starts the agent beside the guard: lower priority, first to go when memory is short, pipe on
 * descriptor 3.
 */
export function startAgent(script: string, args: readonly string[]): Child {
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const pid = child.pid ?? 0;
  if (pid > 0) {
    try {
      setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL); // nice 10
      writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
    } catch {
      // Neither is needed to run: a container may forbid both.
    }
  }
  return {
    pid,
    pipe: new PacedPipe(child.stdio[3] as unknown as Duplex, TURN_BYTES),
    exited: new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    }),
    kill: () => child.kill('SIGKILL'),
  };
}
