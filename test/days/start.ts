import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Lane, newLanes, runLanes, type SeedRun } from '../fixtures/world/site-days.ts';
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
  const lanes = newLanes(availableParallelism());
  const waiting = plannedRuns();
  let isOver = false;
  void runLanes(lanes, (lane) => {
    const run = waiting.shift();
    return run === undefined || isOver ? undefined : one(run, folder, lane);
  });
  project.provide('siteDays', folder);
  return () => {
    isOver = true;
    for (const lane of lanes) lane.end();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function one(run: SeedRun, folder: string, lane: Lane): Promise<void> {
  const file = join(folder, `${run.seed}.json`);
  const came = await lane
    .run(run)
    .catch((error: unknown) => ({ isWell: false, said: String(error) }));
  try {
    writeFileSync(`${file}.new`, JSON.stringify(came));
    renameSync(`${file}.new`, file);
  } catch {
    // The folder goes with a run that is broken off.
  }
}
