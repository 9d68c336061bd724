import { cpus } from 'node:os';
import { Command } from 'commander';
import { runProgram } from '../../gateway/adapters/cli.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { numberFrom } from '../fixtures/environment.ts';
import { benchBacktest } from './backtest.ts';
import { benchBlackBox } from './blackbox.ts';
import { benchFleet32 } from './fleet/fleet32.ts';
import { benchForecast } from './forecast.ts';
import { benchJitter } from './jitter.ts';
import { benchLoop } from './loop.ts';
import { benchModbus } from './modbus/modbus.ts';
import { benchPlan } from './plan.ts';
import { benchReaction } from './reaction.ts';
import { benchSite } from './site.ts';
import { benchStep } from './step.ts';
import { benchWorld } from './world.ts';

/**
 * `npm run bench -- NAME [--json] [--minutes N]`: figures for docs/benchmarks.md. Each bench names
 * the machine it ran on; bad input ends with one line and exit code 2.
 */
const BENCHES: Readonly<Record<string, (minutes?: number) => Promise<object>>> = {
  backtest: benchBacktest,
  blackbox: benchBlackBox,
  fleet32: benchFleet32,
  forecast: benchForecast,
  jitter: benchJitter,
  loop: benchLoop,
  modbus: benchModbus,
  plan: benchPlan,
  reaction: benchReaction,
  site: benchSite,
  step: benchStep,
  world: benchWorld,
};

/** Those whose length `--minutes` says, and the least of it. */
const TIMED: Readonly<Record<string, number>> = { fleet32: 1, jitter: 1, world: 30 };

const program = new Command('bench')
  .description('figures for docs/benchmarks.md')
  .argument('[name]', Object.keys(BENCHES).join(', '), 'site')
  .option('--minutes <n>', `how long, of ${Object.keys(TIMED).join(', ')}`)
  .option('--json', 'print one JSON object')
  .action(async (name: string, options: { minutes?: string; json?: true }) => {
    const bench = BENCHES[name];
    if (bench === undefined) {
      const mend = `name one of: ${Object.keys(BENCHES).join(', ')}`;
      throw new Fault(`no bench is called '${name}'`, 'bench', mend);
    }
    const { minutes, json } = options;
    const least = TIMED[name];
    if (minutes !== undefined && least === undefined) {
      throw new Fault(`${name} has its own length`, '--minutes', 'leave it out');
    }
    const range = { usual: 0, least: least ?? 0, most: 10_000 };
    const asked = numberFrom('--minutes', range, { '--minutes': minutes });
    const machine = {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      node: process.version,
    };
    const found = await bench(asked > 0 ? asked : undefined);
    const figures = { bench: name, machine, ...found };
    process.stdout.write(`${JSON.stringify(figures, null, json === true ? 0 : 2)}\n`);
    process.exit(0);
  });

await runProgram(program);
