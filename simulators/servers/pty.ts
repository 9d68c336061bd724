import { type ChildProcess, spawn } from 'node:child_process';

/** Two ends of one serial line. */
export interface PtyPair {
  readonly device: string; // for the simulated devices
  readonly gateway: string; // for the gateway
  stop(): Promise<void>;
}

const END = 'pty,raw,echo=0';
/**
 * socat (optional: apt install socat) holds both ends open itself and would outlive a killed demo.
 * The shell ends it as soon as our end of its input is closed, by whatever.
 */
const SCRIPT = `exec 3<&0; socat -d -d ${END} ${END} 3<&- & line=$!
{ read -r _ <&3; kill $line; } 2>/dev/null & wait $line`;
const NOT_FOUND = 127; // what a shell ends with
const START_MS = 5_000;

/**
 * A pseudo-terminal pair made by socat.
 * @returns undefined when socat is not installed
 * @throws Error when socat is there and gives no pair
 */
export async function createPtyPair(): Promise<PtyPair | undefined> {
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: the Ctrl-C that ends a demo must not cut the line before the gateway has
    // given its devices back.
    detached: true,
  });
  const paths = await pathsOf(child);
  const [device, gateway] = paths ?? [];
  if (device === undefined || gateway === undefined) return undefined;
  return {
    device,
    gateway,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.stdin?.end();
      }),
  };
}

/** socat names each end on its error output: "... N PTY is /dev/pts/3". */
function pathsOf(child: ChildProcess): Promise<string[] | undefined> {
  return new Promise((resolve, reject) => {
    const paths: string[] = [];
    let text = '';
    const limit = setTimeout(() => {
      child.stdin?.end();
      reject(new Error(`socat gave no pseudo-terminals within ${START_MS} ms`));
    }, START_MS);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(new Error(`socat does not start: ${error.message}`));
    });
    child.once('exit', (code) => {
      clearTimeout(limit);
      if (code === NOT_FOUND) resolve(undefined);
      else reject(new Error(`socat ended with ${code}: ${text.trim().split('\n').at(-1) ?? ''}`));
    });
    child.stderr?.on('data', (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      paths.splice(
        0,
        paths.length,
        ...[...text.matchAll(/PTY is (\S+)\n/g)].map((m) => m[1] ?? ''),
      );
      const ready = /starting data transfer loop/.test(text);
      if (paths.length < 2 || !ready) return;
      clearTimeout(limit);
      resolve(paths);
    });
  });
}
