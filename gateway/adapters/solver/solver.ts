import { type ChildProcess, fork } from 'node:child_process';
import type { Solution } from '../../contracts/values/linear-model.ts';
import type { Solver } from '../../ports.ts';

/** Grace of a child beyond the solver's own limit, for start, loading and answer. */
const GRACE_MS = 5_000;

/** Of the planner child: the first halves its memory and start, the second keeps its heap small. */
export const CHILD_FLAGS = ['--liftoff-only', '--max-semi-space-size=1', '--no-warnings'];

/**
 * HiGHS in a child process for each solve: its memory goes with it, an abort or a hang costs
 * nothing else, and kill is the time-out.
 */
export function createForkedSolver(graceMs = GRACE_MS): Solver & { close(): void } {
  const children = new Set<ChildProcess>();
  return {
    /** Ends what is under way: nobody waits for it any more. */
    close: () => {
      for (const child of children) child.kill('SIGKILL');
    },
    solve: (model, timeLimitMs, effort, start) =>
      new Promise((resolve) => {
        const child = fork(new URL('./child.ts', import.meta.url), {
          execArgv: CHILD_FLAGS,
          serialization: 'advanced',
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        });
        children.add(child);
        let answer: Solution | undefined;
        let late = false;
        const timer = setTimeout(() => {
          late = true;
          child.kill('SIGKILL');
        }, timeLimitMs + graceMs);
        const settle = (fallback: Solution): void => {
          clearTimeout(timer);
          children.delete(child);
          resolve(answer ?? fallback);
        };
        child.on('message', (message: Solution) => {
          answer = message;
        });
        child.once('error', (error) => settle({ status: 'failed', detail: error.message }));
        child.once('exit', (code, signal) =>
          settle(
            late
              ? { status: 'time-limit', detail: `no answer in ${timeLimitMs + graceMs} ms` }
              : { status: 'failed', detail: `the solver ended with ${signal ?? code}` },
          ),
        );
        child.send({ model, timeLimitMs, effort, start }, (error) => {
          if (error) child.kill('SIGKILL');
        });
      }),
  };
}

/** Ample for any plan of two days, and the same on every machine. */
const WORK_BOUNDS = { simplex_iteration_limit: 200_000, mip_max_nodes: 5_000 } as const;

/**
 * The same wasm in process: for the virtual world, bench and tests, never beside a loop. Bounded
 * by iterations and nodes, never by time.
 */
export async function createSolverInProcess(): Promise<Solver> {
  // Not loaded where a child solves.
  const { boundsOf, loadHighs, solveWith } = await import('./highs.ts');
  const highs = await loadHighs();
  return {
    solve: (model, _timeLimitMs, effort, start) =>
      Promise.resolve(solveWith(highs, model, { ...WORK_BOUNDS, ...boundsOf(effort) }, start)),
  };
}
