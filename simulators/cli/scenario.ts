import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClockedSchedule } from '../../gateway/adapters/schedule.ts';
import { createSolverInProcess } from '../../gateway/adapters/solver/solver.ts';
import { openStoreInProcess } from '../../gateway/adapters/sqlite/store.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { judge } from '../scenarios/judge.ts';
import { plot } from '../scenarios/plot.ts';
import { asObject, failedOf, junit, type Outcome, table } from '../scenarios/report.ts';
import { runVirtual, type StandPorts } from '../scenarios/stand.ts';
import type { Recording, Scenario } from '../scenarios/types.ts';
import { loadScenario, shipped } from './scenario-file.ts';
import { runForMaster, runReal } from './scenario-real.ts';

export interface ScenarioCommand {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly isReal: boolean;
  readonly speed: number; // simulated seconds per second, of a real run
  readonly against: readonly string[]; // 'gateway', or 'modbus-master' and its addresses
  readonly junit: string | undefined; // file
  readonly plot: string | undefined; // file, of one scenario; a folder, of several
}

export async function standPorts(): Promise<StandPorts> {
  return {
    agentStore: (nowMs) => openStoreInProcess(':memory:', nowMs),
    solver: await createSolverInProcess(),
    schedule: createClockedSchedule,
  };
}

/** Runs one and judges it. */
export async function outcomeOf(
  scenario: Scenario,
  run: (scenario: Scenario) => Promise<Recording>,
): Promise<Outcome> {
  const startedMs = performance.now();
  const recording = await run(scenario);
  const tookMs = performance.now() - startedMs;
  return { scenario, recording, verdicts: judge(scenario, recording), tookMs };
}

/** `edgewatt-sim scenario`. @returns exit code: 1 when an expectation failed */
export async function scenario(command: ScenarioCommand): Promise<number> {
  if (command.list) return list(command.json);
  const names = command.all ? shipped() : command.names;
  if (names.length === 0) {
    throw new Fault('no scenario named', 'scenario', 'name one or more, or --all; see --list');
  }
  // All are read before the first one runs: a mistake in the last should not cost the run.
  const scenarios = names.map(loadScenario);
  const run = await runner(command);
  const outcomes: Outcome[] = [];
  for (const one of scenarios) {
    const outcome = await outcomeOf(one, run);
    outcomes.push(outcome);
    if (!command.json) process.stdout.write(`${table(outcome).join('\n')}\n`);
  }
  const failed = outcomes.filter((outcome) => failedOf(outcome) > 0);
  if (command.json) {
    const results = outcomes.map(asObject);
    process.stdout.write(`${JSON.stringify({ passed: failed.length === 0, results })}\n`);
  } else if (outcomes.length > 1) {
    const some =
      failed.length === 0 ? '' : `: ${failed.map((one) => one.scenario.name).join(', ')}`;
    process.stdout.write(`${outcomes.length} scenarios, ${failed.length} failed${some}\n`);
  }
  if (command.plot !== undefined) savePlots(command.plot, outcomes);
  if (command.junit !== undefined) save(command.junit, junit(outcomes), '--junit');
  return failed.length === 0 ? 0 : 1;
}

type Runner = (scenario: Scenario) => Promise<Recording>;

/** In virtual time, in real time with our gateway, or in front of somebody else's master. */
async function runner({ against, isReal, speed }: ScenarioCommand): Promise<Runner> {
  const [who = 'gateway', ...addresses] = against;
  if (who === 'modbus-master') return (one) => runForMaster(one, speed, addresses);
  if (who !== 'gateway' || addresses.length > 0) {
    const mend = 'write gateway, or modbus-master and an address for each wire';
    throw new Fault(`'${against.join(' ')}' is nobody to run against`, '--against', mend);
  }
  if (isReal) return (one) => runReal(one, speed);
  if (speed !== 1) throw new Fault('virtual time has no speed', '--speed', 'add --real');
  const ports = await standPorts();
  return (one) => runVirtual(one, ports);
}

/** One file for one scenario; for several the name stands for a folder. */
function savePlots(target: string, outcomes: readonly Outcome[]): void {
  const [only, ...more] = outcomes;
  if (only !== undefined && more.length === 0) return save(target, plot(only), '--plot');
  mkdirSync(target, { recursive: true });
  for (const outcome of outcomes) {
    save(join(target, `${outcome.scenario.name}.svg`), plot(outcome), '--plot');
  }
}

function save(file: string, text: string, option: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new Fault(
      `cannot be written (${code})`,
      `${option} ${file}`,
      'name a file in a folder that exists',
    );
  }
}

function list(json: boolean): number {
  const rows = shipped().map((name) => {
    const { title, site, why } = loadScenario(name);
    return { name, title, site: site.id, why };
  });
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else for (const { name, title } of rows) process.stdout.write(`${name.padEnd(32)}${title}\n`);
  return 0;
}
