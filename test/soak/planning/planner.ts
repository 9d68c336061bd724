import { createSolverInProcess } from '../../../gateway/adapters/solver/solver.ts';
import { makePlan } from '../../../gateway/agents/planning/plan.ts';
import { numberFrom } from '../../fixtures/environment.ts';
import { workshop } from '../../fixtures/planning/site.ts';

/** Memory after a forced collection, MiB, and how many of the plans were the solver's. */
export interface Look {
  readonly plans: number;
  readonly optimal: number;
  readonly heapMib: number;
  readonly externalMib: number; // the wasm's memory among it
  readonly rssMib: number;
}

/**
 * One plan after the other in one process, each of another day: a linear one, then one with on-off
 * loads and a car. Sends a look every thousand.
 */
const PLANS = numberFrom('SOAK_PLANS', { usual: 10_000, least: 1_000, most: 1_000_000 });
const EVERY = 1_000;
const LIMIT_MS = 60_000;
const MIB = 1_048_576;
const { gc } = globalThis;
if (gc === undefined) throw new Error('start it with --expose-gc');

const solver = await createSolverInProcess();
let optimal = 0;
for (let plans = 1; plans <= PLANS; plans += 1) {
  const flexible = plans % 2 === 0;
  const problem = workshop(plans, { stepCount: 96, batteries: 2, demand: true, flexible });
  const { source } = await makePlan(problem, solver, LIMIT_MS);
  if (source === 'optimal') optimal += 1;
  if (plans % EVERY !== 0) continue;
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const [heapMib, externalMib, rssMib] = [heapUsed / MIB, external / MIB, rss / MIB];
  process.send?.({ plans, optimal, heapMib, externalMib, rssMib } satisfies Look);
}
process.disconnect?.();
