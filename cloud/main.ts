import { Command } from 'commander';
import { runProgram } from '../gateway/adapters/cli.ts';
import type { DiagnosticsOptions } from './cli/diagnostics.ts';
import type { FleetStatusOptions } from './cli/fleet-status.ts';
import type { RunOptions } from './cli/run.ts';

function program(): Command {
  const cloud = new Command('edgewatt-cloud').description(
    "the fleet's side: market, grid, forecasts, telemetry",
  );
  cloud
    .command('run')
    .description('run market, grid, forecasting and ingest until SIGTERM')
    .requiredOption('--config <file>', 'YAML or JSON')
    .option('--clock-origin <realMs,wallMs,speed>', 'one scaled clock with other processes')
    .option('--with-parent', 'end when the process that started it is gone')
    .option('--json', 'print what was done, as one object, at the end')
    .action(async (options: RunOptions) => {
      const { run } = await import('./cli/run.ts');
      process.exitCode = await run(options);
    });
  const market = cloud.command('market').description('the market engine, on files');
  market
    .command('clear')
    .description('clear one call auction: a zone, a delivery interval and its orders')
    .argument('<file>', 'JSON: {zone, interval, orders}')
    .option('--json', 'for machines')
    .action(async (file: string, options: { json?: boolean }) => {
      const { marketClear } = await import('./cli/market-clear.ts');
      process.stdout.write(`${marketClear(file, options.json === true)}\n`);
    });
  market
    .command('replay')
    .description('replay a journal to the byte and show the balances')
    .argument('<file>', 'journal lines, or the database of edgewatt-cloud')
    .option('--json', 'for machines')
    .action(async (file: string, options: { json?: boolean }) => {
      const { marketReplay } = await import('./cli/market-replay.ts');
      process.stdout.write(`${marketReplay(file, options.json === true)}\n`);
    });
  fleetCommands(cloud);
  cloud
    .command('sources')
    .description("ask the zones' sources of weather and prices once, and say what came")
    .requiredOption('--config <file>', 'as of edgewatt-cloud run')
    .option('--json', 'for machines')
    .action(async (options: { config: string; json?: boolean }) => {
      const { showSources } = await import('./cli/sources.ts');
      const { text, code } = await showSources(options);
      process.stdout.write(`${text}\n`);
      process.exitCode = code;
    });
  cloud
    .command('demand')
    .description('what the sites of each zone will use and make together, hour by hour')
    .requiredOption('--config <file>', 'as of edgewatt-cloud run')
    .option('--json', 'for machines, by quarter-hours')
    .action(async (options: { config: string; json?: boolean }) => {
      const { demandTable } = await import('./cli/demand.ts');
      process.stdout.write(`${demandTable(options)}\n`);
    });
  cloud
    .command('advice')
    .description("what the models of the cloud's agents said, against the rules")
    .argument('<database>', 'of edgewatt-cloud, running or not')
    .option('--json', 'for machines')
    .action(async (file: string, options: { json?: boolean }) => {
      const { cloudAdvice } = await import('./cli/advice.ts');
      process.stdout.write(`${cloudAdvice(file, options.json === true)}\n`);
    });
  return cloud;
}

function fleetCommands(cloud: Command): void {
  const fleet = cloud.command('fleet').description('what gateways sent about themselves');
  fleet
    .command('status')
    .description('who is online, in which mode, with which alarms, and what is wrong with its log')
    .requiredOption('--config <file>', 'as of edgewatt-cloud run')
    .option('--json', 'for machines')
    .action(async (options: FleetStatusOptions) => {
      const { fleetStatus } = await import('./cli/fleet-status.ts');
      process.stdout.write(`${fleetStatus(options)}\n`);
    });
  fleet
    .command('diagnostics')
    .description('list the bundles of diagnostics jobs, or print the one of a job')
    .argument('[job]', 'id of a diagnostics job')
    .requiredOption('--config <file>', 'as of edgewatt-cloud run')
    .option('--gateway <id>', 'of this gateway alone')
    .option('--json', 'for machines')
    .action(async (job: string | undefined, options: DiagnosticsOptions) => {
      const { diagnostics } = await import('./cli/diagnostics.ts');
      process.stdout.write(`${await diagnostics(job, options)}\n`);
    });
}

await runProgram(program());
