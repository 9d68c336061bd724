import child from 'node:child_process';
import datagrams from 'node:dgram';
import names from 'node:dns';
import files from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/** The one place that names it: to take it away. */
const numerics: object = Reflect.get(globalThis, 'Math');

/** What a virtual run must never reach for. */
const FORBIDDEN: readonly (readonly [where: object, names: readonly string[]])[] = [
  [globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']],
  [numerics, ['random', 'sin', 'cos', 'tan', 'exp', 'asin', 'acos']],
  [net, ['connect', 'createConnection', 'createServer']],
  [datagrams, ['createSocket']],
  [names, ['lookup', 'resolve']],
  [child, ['spawn', 'fork', 'exec', 'execFile', 'spawnSync', 'execFileSync']],
  [files, ['open', 'openSync', 'readFile', 'readFileSync', 'writeFile', 'writeFileSync']],
  [files, ['appendFileSync', 'rename', 'renameSync', 'createReadStream', 'createWriteStream']],
];

const STANDSTILL_MS = 0;

/**
 * Runs with traps in place of timers, clock, randomness, network, files and processes: whoever
 * calls one of them fails on the spot. What writes to the terminal is free.
 */
export async function withTraps<T>(run: () => Promise<T>): Promise<T> {
  const undo = FORBIDDEN.flatMap(([where, list]) => list.map((name) => trap(where, name)));
  // The solver asks what time it is, and must not learn it.
  undo.push(
    set(Date, 'now', () => STANDSTILL_MS),
    set(performance, 'now', () => 0),
  );
  syncBuiltinESMExports();
  try {
    return await run();
  } finally {
    for (const back of undo) back();
    syncBuiltinESMExports();
  }
}

function trap(where: object, name: string): () => void {
  return set(where, name, () => {
    throw new Error(`${name} was called in the virtual world`);
  });
}

function set(where: object, name: string, value: () => number): () => void {
  const own = Object.getOwnPropertyDescriptor(where, name);
  Object.defineProperty(where, name, { configurable: true, writable: true, value });
  return () => {
    if (own === undefined) Reflect.deleteProperty(where, name);
    else Object.defineProperty(where, name, own);
  };
}
