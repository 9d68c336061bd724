import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { openStore } from '../../cloud/adapters/sqlite.ts';
import { cloudConfig, parseCloudFile } from '../../cloud/config/load.ts';
import { hash } from '../../gateway/adapters/crypto.ts';
import { createClockedSchedule } from '../../gateway/adapters/schedule.ts';
import { createSolverInProcess } from '../../gateway/adapters/solver/solver.ts';
import { openStoreInProcess } from '../../gateway/adapters/sqlite/store.ts';
import { faultText, type PlannedFault } from '../world/faults.ts';
import { type Span, shrink, shrinkSpan } from '../world/shrink.ts';

import { startOf } from '../world/variety.ts';
import { runWorld, type WorldOptions, type WorldPorts, type WorldResult } from '../world/world.ts';
import { withTraps } from './traps.ts';
import { linesOf } from './violations.ts';

export interface WorldCommand {
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly days: number;
  readonly sites: number;
  /** Each seed's own when left out. */
  readonly startMs: number | undefined;
  readonly only: ReadonlySet<number> | undefined;
  readonly faults: readonly PlannedFault[] | undefined;
  readonly isShrunk: boolean;
  readonly json: boolean;
  readonly isVerbose: boolean;
}

export async function worldPorts(): Promise<WorldPorts> {
  return {
    agentStore: (nowMs) => openStoreInProcess(':memory:', nowMs),
    cloudStore: () => openStore(':memory:'),
    solver: await createSolverInProcess(),
    schedule: createClockedSchedule,
    hash,
    config: (text) => cloudConfig(parseCloudFile(text, 'cloud.json')),
    // Node takes a tick that a promise asks for when no promise is left to settle.
    settled: (then) => void SETTLED.then(() => process.nextTick(then)),
    settle,
  };
}

/**
 * V8's own way to settle all promises, which no interface of Node offers: a quarter of a million
 * ticks an hour of a site cost 3 %. Undefined where this engine has it no more.
 */
const settle = ((): (() => void) | undefined => {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return new Function('%PerformMicrotaskCheckpoint()') as () => void;
  } catch {
    return undefined;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
})();

const SETTLED = Promise.resolve();

/** A run in which real time, files, processes and the network are out of reach. */
export async function trappedWorld(options: WorldOptions): Promise<WorldResult> {
  const ports = await worldPorts();
  return withTraps(() => runWorld(options, ports));
}

/**
 * A run makes much and keeps little: the heap of what is young grows at once, and one thread clears
 * it. Results do not depend on it.
 */
function clearSeldom(): void {
  setFlagsFromString('--semi-space-growth-factor=16');
  setFlagsFromString('--no-parallel-scavenge');
}

/** `edgewatt-sim world`. @returns exit code: 1 when anything was violated */
export async function world(command: WorldCommand): Promise<number> {
  clearSeldom();
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const results: WorldResult[] = [];
  for (let seed = command.firstSeed; seed <= command.lastSeed; seed += 1) {
    const options = optionsOf(command, seed);
    const result = await trappedWorld(options);
    results.push(result);
    for (const line of linesOf(result.violations)) process.stderr.write(`${line}\n`);
    if (result.violations.length > 0) await explain(command, options, result);
    if (!command.json) process.stdout.write(`${line(result)}\n`);
  }
  const wallSeconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(startedCpu);
  const siteDays = results.reduce((sum, one) => sum + one.siteDays, 0);
  const violations = results.flatMap((result) => result.violations);
  const object = {
    seeds: results.length,
    siteDays,
    wallSeconds: Math.round(wallSeconds * 10) / 10,
    cpuSeconds: Math.round((user + system) / 1e5) / 10,
    siteDaysPerSecond: siteDays / wallSeconds,
    timesRealTime: Math.round((siteDays * 86_400) / wallSeconds),
    faultsInjected: counted(results),
    violations,
    excused: results.reduce((sum, one) => sum + one.excusedCount, 0),
    hash: results.map((result) => result.hash).join(''),
    ...provenance(),
  };
  if (command.json) process.stdout.write(`${JSON.stringify(object)}\n`);
  return violations.length === 0 ? 0 : 1;
}

function optionsOf(command: WorldCommand, seed: number): WorldOptions {
  const { days, sites, only, faults, isVerbose } = command;
  return {
    seed,
    days,
    sites,
    startMs: command.startMs ?? startOf(seed),
    ...(only && { only }),
    ...(faults && { faults }),
    ...(isVerbose && { log: tell }),
  };
}

function counted(results: readonly WorldResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { faultsInjected } of results) {
    for (const [kind, count] of Object.entries(faultsInjected)) {
      counts[kind] = (counts[kind] ?? 0) + count;
    }
  }
  return counts;
}

/** Says how to see it again, with as few faults and as short a day as it needs. */
async function explain(
  { sites, isShrunk }: WorldCommand,
  options: WorldOptions,
  result: WorldResult,
): Promise<void> {
  const { seed, only } = options;
  const faults = result.faults.filter((_, n) => only === undefined || only.has(n));
  let span: Span = { startMs: options.startMs, days: options.days, faults };
  if (isShrunk) {
    const wrongAtMs = async (some: Span): Promise<number | undefined> => {
      const { only: _, log: __, ...rest } = options;
      const again = await trappedWorld({ ...rest, ...some, isBrief: true });
      const same = again.violations.find(({ rule }) => rule === result.violations[0]?.rule);
      return same && same.atMs - some.startMs;
    };
    const fails = async (some: readonly PlannedFault[]): Promise<boolean> =>
      (await wrongAtMs({ ...span, faults: some })) !== undefined;
    span = { ...span, faults: await shrink(faults, fails) };
    span = await shrinkSpan(span, wrongAtMs);
  }
  const list = span.faults.map(faultText).join(';');
  const where = `--seeds ${seed} --days ${span.days} --sites ${sites} --start ${iso(span.startMs)}`;
  process.stderr.write(`again: npx edgewatt-sim world ${where} --faults '${list}'\n`);
}

/** Where a result comes from: without these three a hash says nothing. */
export function provenance(): { commit: string; lock: string; node: string } {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return { commit: commitOf(root), lock: lockOf(root), node: process.version };
}

function commitOf(root: string): string {
  try {
    const run = (...args: string[]): string =>
      execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
    const isClean = run('status', '--porcelain', '--untracked-files=no') === '';
    return run('rev-parse', '--short=12', 'HEAD') + (isClean ? '' : '+');
  } catch {
    return 'none'; // a package has no history
  }
}

function lockOf(root: string): string {
  try {
    const text = readFileSync(`${root}/package-lock.json`, 'utf8');
    return createHash('sha256').update(text).digest('hex').slice(0, 12);
  } catch {
    return 'none';
  }
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function tell(atMs: number, text: string): void {
  process.stderr.write(`${iso(atMs)} ${text}\n`);
}

const line = (result: WorldResult): string =>
  `seed ${result.seed}: ${result.siteDays} site-days, ${result.faults.length} faults, ` +
  `${result.violations.length} violations, ${result.recordsConfirmed} records, ` +
  `${result.intervalsCleared} intervals cleared, hash ${result.hash}`;
