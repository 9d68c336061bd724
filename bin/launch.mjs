// Starts a program under the Node 24 that `npm ci` brought along, whatever Node the machine has.
// Plain JavaScript for any Node from 18: this file is read by the machine's own Node.
//
//   node bin/launch.mjs [Node's own options] PROGRAM [arguments]
//
// Where Node can replace itself (execve) it does: one process, nothing to forward. An older Node
// stays as a thin parent: it passes signals on, ends as its child ended, and holds a pipe by whose
// end the child notices that the parent was killed (parent.mjs).
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const EXIT_MISSING = 2;
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
const FROM_TERMINAL = ['SIGINT', 'SIGHUP', 'SIGQUIT'];

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

/** Runs one of our programs.
 *  @param {string} program path from the package's root
 *  @param {string[]} args its arguments
 *  @param {string[]} options Node's own */
export function launch(program, args, options = []) {
  run([...options, join(root, program), ...args]);
}

/** @param {string[]} args what Node gets: options, program, arguments */
function run(args) {
  const node = findNode();
  if (node === undefined) {
    const name = packageName();
    const fix =
      name === undefined
        ? `install Node ${NODE_MAJOR} or newer`
        : `run "npm ci" (it brings ${name}) or install it`;
    process.stderr.write(
      `edgewatt needs Node ${NODE_MAJOR} or newer, this is ${process.version}: ${fix}.\n`,
    );
    process.exit(EXIT_MISSING);
  }
  // Type stripping is paid once: Node keeps the compiled modules, of child processes too. A folder
  // that cannot be written only costs time.
  const cache = join(root, '.cache', 'compile');
  // Two heaps of the C library for all threads instead of one for each: 10 MB (mallopt(3)).
  const env = { NODE_COMPILE_CACHE: cache, MALLOC_ARENA_MAX: '2', ...process.env };
  const options = ['--disable-warning=ExperimentalWarning'];
  if (typeof process.execve === 'function') process.execve(node, [node, ...options, ...args], env);
  else stayAsParent(node, [...options, '--import', join(here, 'parent.mjs'), ...args], env);
}

/** A Node that runs our TypeScript: the package's, else this one when it is new enough. */
function findNode() {
  const name = packageName();
  if (name !== undefined) {
    try {
      const path = createRequire(import.meta.url).resolve(`${name}/bin/node`);
      if (existsSync(path)) return path;
    } catch {
      // Not installed: optional dependencies may be left out on purpose.
    }
  }
  return Number.parseInt(process.versions.node, 10) >= NODE_MAJOR ? process.execPath : undefined;
}

function packageName() {
  const known =
    process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
  return known ? `node-linux-${process.arch}` : undefined;
}

/** @param {string} node  @param {string[]} args  @param {Record<string, string | undefined>} env */
function stayAsParent(node, args, env) {
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...env, EDGEWATT_PARENT_FD: '3' },
  });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // The terminal's Ctrl-C has reached the child already: a second one would mean "at once".
      if (!(FROM_TERMINAL.includes(signal) && isTerminalForeground())) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(
      `edgewatt cannot start ${node}: ${error.message}. Install Node ${NODE_MAJOR} or newer.\n`,
    );
    process.exit(EXIT_MISSING);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.exitCode = 128 + (constants.signals[signal] ?? 0);
    process.kill(process.pid, signal);
  });
}

/** Whether a terminal sends its signals to this very process group, child included. */
function isTerminalForeground() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY === true;
  }
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  run(process.argv.slice(2));
}
