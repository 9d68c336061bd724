import { resolve } from 'node:path';
import { Command } from 'commander';
import { Fault } from './contracts/values/fault.ts';

/**
 * `edgewatt`: the gateway and its tools. Every command ends bad input with one line and exit code
 * 2.
 */
const program = new Command('edgewatt').description('the edge agent for energy sites');

program
  .command('run')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .description('run the gateway of one site: the guard, and the agent process it starts')
  .action(async (dir: string) => {
    const { runGuard } = await import('./processes/guard.ts');
    await runGuard(resolve(dir), import.meta.filename);
  });

program
  .command('agent', { hidden: true })
  .argument('<dir>')
  .action(async (dir: string) => {
    const { runAgent } = await import('./processes/agent.ts');
    await runAgent(resolve(dir));
  });

const config = program.command('config').description('look at a site file');
config
  .command('check')
  .argument('<file>', 'site file (YAML)')
  .option('--json', 'print the complaints as JSON')
  .description('say what is wrong with a site file, line by line')
  .action(async (file: string, options: { json?: boolean }) => {
    const { checkCommand } = await import('./config/command.ts');
    process.exitCode = checkCommand(file, options.json === true);
  });
config
  .command('explain')
  .argument('<file>', 'site file (YAML)')
  .description('say in words what a site file describes')
  .action(async (file: string) => {
    const { explainCommand } = await import('./config/command.ts');
    process.exitCode = explainCommand(file);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`edgewatt: ${error.message}\n`);
  process.exit(2);
}
