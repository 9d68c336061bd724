import { openStore } from '../../cloud/adapters/sqlite.ts';
import { cloudConfig, parseCloudFile } from '../../cloud/config/load.ts';
import { hash } from '../../gateway/adapters/crypto.ts';
import { createClockedSchedule } from '../../gateway/adapters/schedule.ts';
import { createSolverInProcess } from '../../gateway/adapters/solver/solver.ts';
import { openStoreInProcess } from '../../gateway/adapters/sqlite/store.ts';
import { runWorld, type WorldPorts, type WorldResult } from '../world/world.ts';

export interface WorldCommand {
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly days: number;
  readonly sites: number;
  readonly startMs: number;
  readonly only: ReadonlySet<number> | undefined;
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
    // Node takes the next tick when no promise is left to settle.
    settle: () => new Promise((settled) => process.nextTick(settled)),
  };
}

/** `edgewatt-sim world`. @returns exit code: 1 when anything was violated */
export async function world(command: WorldCommand): Promise<number> {
  const startedMs = performance.now();
  const results: WorldResult[] = [];
  for (let seed = command.firstSeed; seed <= command.lastSeed; seed += 1) {
    const { days, sites, startMs, only } = command;
    const log = command.isVerbose ? tell : undefined;
    const options = { seed, days, sites, startMs, ...(only && { only }), ...(log && { log }) };
    const result = await runWorld(options, await worldPorts());
    results.push(result);
    for (const { rule, site, atMs, what } of result.violations) {
      process.stderr.write(`seed ${seed}: ${rule} ${site} ${iso(atMs)}: ${what}\n`);
    }
    if (!command.json) process.stdout.write(`${line(result)}\n`);
  }
  const wallSeconds = (performance.now() - startedMs) / 1_000;
  const siteDays = results.reduce((sum, one) => sum + one.siteDays, 0);
  const faultsInjected: Record<string, number> = {};
  for (const { faultsInjected: counts } of results) {
    for (const [kind, count] of Object.entries(counts)) {
      faultsInjected[kind] = (faultsInjected[kind] ?? 0) + count;
    }
  }
  const violations = results.flatMap((result) => result.violations);
  const object = {
    seeds: results.length,
    siteDays,
    wallSeconds: Math.round(wallSeconds * 10) / 10,
    siteDaysPerSecond: siteDays / wallSeconds,
    faultsInjected,
    violations,
    hash: results.map((result) => result.hash).join(''),
  };
  if (command.json) process.stdout.write(`${JSON.stringify(object)}\n`);
  return violations.length === 0 ? 0 : 1;
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function tell(atMs: number, text: string): void {
  process.stderr.write(`${iso(atMs)} ${text}\n`);
}

const line = (result: WorldResult): string =>
  `seed ${result.seed}: ${result.siteDays} site-days, ${result.faults.length} faults, ` +
  `${result.violations.length} violations, ${result.recordsConfirmed} records, ` +
  `${result.intervalsCleared} intervals cleared, hash ${result.hash}`;
