import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { connect, createServer } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../gateway/contracts/values/fault.ts';

/**
 * A process of the demo: its own group, so that Ctrl-C reaches the demo alone and it ends them in
 * order.
 */
export interface DemoProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<number | null>; // exit code, null when a signal ended it
  running(): boolean;
  stop(): void;
  kill(): void;
}

/**
 * @param logDir  standard error and output go to `<name>.log` there
 * @param behind  gives way to the gateways: elsewhere it would not share their machine
 */
export function startProcess(
  name: string,
  args: readonly string[],
  logDir: string,
  behind = false,
): DemoProcess {
  const log = createWriteStream(join(logDir, `${name}.log`), { flags: 'a', mode: 0o600 });
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  if (behind) giveWay(child.pid);
  let running = true;
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      running = false;
      resolve(code);
    });
    // Not at its exit: who is killed leaves a child behind that still has something to say.
    child.once('close', () => log.end());
    child.once('error', () => {
      running = false;
      resolve(-1);
    });
  });
  return {
    name,
    pid: child.pid ?? 0,
    exited,
    running: () => running,
    stop: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // gone already, or a container forbids it: it runs all the same
  }
}

/** Ports that were free a moment ago, picked by the system. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Resolves when somebody listens there. @throws Fault when nobody does for so long */
export async function answering(port: number, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => socket.destroy());
      socket.once('connect', () => socket.end());
    });
    if (isOpen) return;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Fault(
    'nobody listens',
    `port ${port}`,
    "see logs in the run's folder (--keep shows it)",
  );
}
