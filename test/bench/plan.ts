import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHILD_FLAGS, createSolverInProcess } from '../../gateway/adapters/solver/solver.ts';
import { buildModel } from '../../gateway/agents/planning/model.ts';
import { makePlan, POLISHED_EFFORT } from '../../gateway/agents/planning/plan.ts';
import type { PlanMemory, PlanProblem } from '../../gateway/agents/planning/problem.ts';
import type { LinearModel } from '../../gateway/contracts/values/linear-model.ts';
import type { Outlook } from '../../gateway/contracts/values/outlook.ts';
import type { Solver } from '../../gateway/ports.ts';
import { workshop } from '../fixtures/planning/site.ts';

const DAYS_COUNT = 40;
const WARM_COUNT = 10;
const NATIVE_COUNT = 8; // each starts a Python
const POLISHED_COUNT = 4;
const DAY = { stepCount: 96, batteries: 2, demand: true } as const;
const CHILD_LIMIT_MS = 60_000;

/**
 * The planner: the linear program of a day (demand charge, two batteries) against native HiGHS on
 * the same model, a whole plan with on-off loads and a car against that program, the next such plan
 * from where the last one ended, how far they are from their bound, and the memory of the planner
 * child. CPU time, so that others do not count.
 */
export async function benchPlan(): Promise<object> {
  const solver = await createSolverInProcess();
  const linear: number[] = [];
  const native: number[] = [];
  const whole: number[] = [];
  const again: number[] = [];
  const gapPct: number[] = [];
  for (let seed = 1 - WARM_COUNT; seed <= DAYS_COUNT; seed += 1) {
    const { model } = buildModel(workshop(seed, { ...DAY, flexible: false }));
    const linearMs = await cpuMs(() => solver.solve(model, CHILD_LIMIT_MS));
    const problem = workshop(seed, { ...DAY, flexible: true });
    const memory: PlanMemory = {};
    let outlook: Pick<Outlook, 'costNano' | 'boundNano'> = { costNano: 0 };
    const wholeMs = await cpuMs(async () => {
      outlook = await makePlan(problem, solver, CHILD_LIMIT_MS, undefined, memory);
    });
    const againMs = await cpuMs(() =>
      makePlan(later(problem), solver, CHILD_LIMIT_MS, undefined, memory),
    );
    if (seed <= 0) continue;
    linear.push(linearMs);
    whole.push(wholeMs);
    again.push(againMs);
    gapPct.push(gapPctOf(outlook));
    if (seed > NATIVE_COUNT) continue;
    const found = nativeMs(model, await objectiveOf(solver, model));
    if (found !== undefined) native.push(found);
  }
  const linearMs = quantile(linear, 0.5);
  const nativeHighsMs = native.length > 0 ? quantile(native, 0.5) : undefined;
  return {
    days: DAYS_COUNT,
    linearMs,
    nativeHighsMs: nativeHighsMs ?? 'no python3-scipy here',
    linearToNative: nativeHighsMs === undefined ? undefined : round(linearMs / nativeHighsMs),
    wholeMs: { p50: quantile(whole, 0.5), p95: quantile(whole, 0.95) },
    againMs: { p50: quantile(again, 0.5), p95: quantile(again, 0.95) },
    wholeP95ToLinear: round(quantile(whole, 0.95) / linearMs),
    gapPct: { p50: quantile(gapPct, 0.5), worst: quantile(gapPct, 1) },
    polished: await benchPolished(solver),
    childRssMb: await childRssMb(),
  };
}

/** The same day five minutes on: a surprise in the load, a battery that stands a little lower. */
const later = (problem: PlanProblem): PlanProblem => ({
  ...problem,
  steps: problem.steps.map((step, t) => ({
    ...step,
    loadW: step.loadW * (t % 3 === 0 ? 1.05 : 0.98),
    durationMs: t === 0 ? (step.durationMs * 2) / 3 : step.durationMs,
  })),
  storages: problem.storages.map((store) => ({ ...store, nowWh: 0.97 * store.nowWh })),
});

const gapPctOf = (of: Pick<Outlook, 'costNano' | 'boundNano'>): number =>
  (100 * (of.costNano - (of.boundNano ?? Number.NaN))) / Math.abs(of.costNano);

/** The same plans with branch and bound after the dive. */
async function benchPolished(solver: Solver): Promise<object> {
  const tookMs: number[] = [];
  const gapPct: number[] = [];
  for (let seed = 1; seed <= POLISHED_COUNT; seed += 1) {
    const problem = workshop(seed, { ...DAY, flexible: true });
    // In process there is no clock to stop it: as many nodes as two seconds of a child.
    const effort = { ...POLISHED_EFFORT, nodesMax: 20 };
    tookMs.push(
      await cpuMs(async () => {
        gapPct.push(gapPctOf(await makePlan(problem, solver, CHILD_LIMIT_MS, effort)));
      }),
    );
  }
  return { p50Ms: quantile(tookMs, 0.5), gapPct: { p50: quantile(gapPct, 0.5) } };
}

async function cpuMs(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const round = (value: number): number => Math.round(value * 100) / 100;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.ceil(share * sorted.length) - 1] ?? sorted[0] ?? Number.NaN);
}

async function objectiveOf(solver: Solver, model: LinearModel): Promise<number> {
  const solution = await solver.solve(model, CHILD_LIMIT_MS);
  if (solution.status !== 'optimal') throw new Error(`the bench's own model: ${solution.status}`);
  return solution.objective;
}

const NATIVE = `
import json, sys, time
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix
m = json.load(open(sys.argv[1]))
big = {'inf': np.inf, '-inf': -np.inf}
inf = lambda values: np.array([big.get(v, v) for v in values])
a = csr_matrix((m['value'], m['columnIndex'], m['rowStart']), shape=(m['rows'], m['columns']))
took = []
for _ in range(5):
    start = time.process_time()
    r = milp(m['cost'], constraints=LinearConstraint(a, inf(m['rowLower']), inf(m['rowUpper'])),
             bounds=Bounds(inf(m['lower']), inf(m['upper'])))
    took.append(time.process_time() - start)
print(json.dumps([min(took) * 1000, r.fun]))
`;

/** CPU time of native HiGHS on the same model, ms; undefined without python3-scipy. */
function nativeMs(model: LinearModel, objective: number): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'edgewatt-bench-'));
  try {
    const file = join(folder, 'model.json');
    const plain = Object.entries(model).map(([key, value]) => [
      key,
      typeof value === 'number' ? value : Array.from(value, (one: number) => jsonOf(one)),
    ]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(plain)));
    const text = execFileSync('python3', ['-c', NATIVE, file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [tookMs, fun] = JSON.parse(text) as [number, number];
    if (Math.abs(fun - objective) > 1e-5 * Math.max(1, Math.abs(objective))) {
      throw new Error(`native HiGHS finds ${fun}, the wasm ${objective}`);
    }
    return tookMs;
  } catch (error) {
    if (error instanceof Error && 'status' in error) return undefined; // no python3, or no scipy
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const jsonOf = (value: number): number | string =>
  Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf';

/** Most resident memory of a planner child over one plan's models, MB. */
async function childRssMb(): Promise<{ readonly linear: number; readonly whole: number }> {
  const flexible = workshop(1, { ...DAY, flexible: true });
  const linear = buildModel(flexible).model;
  const whole = buildModel(flexible, {}, { loads: true, apart: new Set() }).model;
  await peakMb(linear); // the very first one compiles, and keeps that for all others
  return { linear: await peakMb(linear), whole: await peakMb(whole) };
}

const TELL = `process.once('exit', () => process.stderr.write(
  require('node:fs').readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\\s+(\\d+)/)[1]))`;

async function peakMb(model: LinearModel): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'edgewatt-bench-'));
  const tell = join(folder, 'tell.cjs');
  writeFileSync(tell, TELL);
  const child: ChildProcess = fork(
    new URL('../../gateway/adapters/solver/child.ts', import.meta.url),
    {
      execArgv: [...CHILD_FLAGS, '--require', tell],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += String(chunk);
  });
  child.send({ model, timeLimitMs: 2_000, effort: POLISHED_EFFORT });
  await once(child, 'close');
  rmSync(folder, { recursive: true });
  return round(Number(text) / 1_024);
}
