import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { numberFrom } from '../../fixtures/environment.ts';
import {
  commandOf,
  type Lane,
  newLanes,
  runLanes,
  type SeedRun,
} from '../../fixtures/world/site-days.ts';
import { begin, end, keepCounter, readCounter } from './counter.ts';

const HOUR_MS = 3_600_000;
/** No seed is begun later than this after the start. */
const HOURS = { usual: 1, least: 0.001, most: 1_000 };
const BUDGET_MS = numberFrom('EDGEWATT_SOAK_HOURS', HOURS) * HOUR_MS;
const CORES = { usual: availableParallelism(), least: 1, most: 256, isWhole: true } as const;
const LANES = numberFrom('EDGEWATT_SOAK_LANES', CORES);
const SITES_MAX = 3;

/** A day of one to three sites. */
const runOf = (seed: number): SeedRun => ({ seed, days: 1, sites: 1 + (seed % SITES_MAX) });

/** Goes on where the last run stopped (counter.json); docs/benchmarks.md has the sum. */
it('seeds of the virtual world violate nothing', async () => {
  const startedMs = performance.now();
  const counter = readCounter();
  const ran = new Set<number>();
  const failures: string[] = [];
  await runLanes(newLanes(LANES), (lane) => {
    if (performance.now() - startedMs > BUDGET_MS) return undefined;
    const seed = begin(counter, ran);
    ran.add(seed);
    keepCounter(counter);
    return one(seed, lane);
  });
  async function one(seed: number, lane: Lane): Promise<void> {
    const run = runOf(seed);
    const outcome = await lane.run(run);
    end(counter, seed, outcome);
    keepCounter(counter);
    const { siteDays, cpuSeconds, isWell, said } = outcome;
    process.stdout.write(
      `seed ${seed}: ${siteDays} site-days, ${cpuSeconds} s, ${counter.siteDays} in all\n${said}`,
    );
    if (!isWell) failures.push(commandOf(run));
  }
  process.stdout.write(`${counter.siteDays} site-days, ${counter.failed.length} seeds stand\n`);
  expect(failures).toEqual([]);
});
