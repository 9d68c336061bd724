import { Command, CommanderError } from 'commander';
import { marketClear } from './cli/market-clear.ts';
import { Fault } from './errors.ts';

const EXIT_BAD_INPUT = 2;

function program(): Command {
  const cloud = new Command('edgewatt-cloud')
    .description("the fleet's side: market, grid, forecasts, telemetry")
    .exitOverride();
  const market = cloud.command('market').description('the market engine, on files');
  market
    .command('clear')
    .description('clear one call auction: a zone, a delivery interval and its orders')
    .argument('<file>', 'JSON: {zone, interval, orders}')
    .option('--json', 'for machines')
    .action((file: string, options: { json?: boolean }) => {
      process.stdout.write(`${marketClear(file, options.json === true)}\n`);
    });
  return cloud;
}

/** One line for what a person can mend; a stack only for what is our own mistake. */
try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof Fault) process.stderr.write(`edgewatt-cloud: ${error.message}\n`);
  else if (!(error instanceof CommanderError)) throw error;
  const quiet = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = quiet ? 0 : EXIT_BAD_INPUT;
}
