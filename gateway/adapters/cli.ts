import { type Command, CommanderError } from 'commander';
import { Fault } from '../contracts/values/fault.ts';

const EXIT_BAD_INPUT = 2;

function fullName(command: Command): string {
  const above = command.parent;
  return above === null ? command.name() : `${fullName(above)} ${command.name()}`;
}

/** "error: unknown option '--x'\n(Did you mean --y?)" as what, where and how in one line. */
function oneLine(command: Command, complaint: string): string {
  const [what = '', ...more] = complaint
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const hint = more.join(' ').replace(/^\(Did you mean (.*)\?\)$/, ' (did you mean $1?)');
  const name = fullName(command);
  return `${name}: ${what.replace(/\.$/, '')}${hint}; see ${name} --help\n`;
}

function strict(command: Command): void {
  command.exitOverride();
  command.configureOutput({
    outputError: (text, write) => write(oneLine(command, text)),
  });
  for (const one of command.commands) strict(one);
}

/** Who reads may stop reading (`| head`): that is an end, and no mistake. */
function noReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

/**
 * Runs a program of ours. What a person can mend, in the words or in a file, ends with one line on
 * standard error and exit code 2; a stack trace is only for our own mistakes.
 */
export async function runProgram(program: Command): Promise<void> {
  strict(program);
  process.stdout.on('error', noReader);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exit(error.exitCode === 0 ? 0 : EXIT_BAD_INPUT);
    }
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`${program.name()}: ${error.message}\n`);
    process.exit(EXIT_BAD_INPUT);
  }
}
