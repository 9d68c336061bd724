import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { runLanes, runSeed } from '../fixtures/world/site-days.ts';
import { plannedRuns } from './plan.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder into which the outcome of each seed comes. */
    siteDays: string;
  }
}

/**
 * The worlds run from the first moment of a test run, at the lowest priority: they live on the time
 * in which other tests wait. The tests of this folder read what came of them, before those that
 * want the machine for themselves.
 */
export default function start(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'edgewatt-days-'));
  const running = new Set<ChildProcess>();
  const waiting = plannedRuns();
  let isOver = false;
  void runLanes(availableParallelism(), () => {
    const run = waiting.shift();
    if (run === undefined || isOver) return undefined;
    return one(run.seed, folder, () =>
      runSeed(run, (child) => {
        running.add(child);
        child.once('close', () => running.delete(child));
      }),
    );
  });
  project.provide('siteDays', folder);
  return () => {
    isOver = true;
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
}

async function one(seed: number, folder: string, run: () => Promise<object>): Promise<void> {
  const file = join(folder, `${seed}.json`);
  const came = await run().catch((error: unknown) => ({ isWell: false, said: String(error) }));
  try {
    writeFileSync(`${file}.new`, JSON.stringify(came));
    renameSync(`${file}.new`, file);
  } catch {
    // The folder goes with a run that is broken off.
  }
}
