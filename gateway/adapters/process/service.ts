import { spawn } from 'node:child_process';

const KICK_MS = 3_000; // of a watchdog of 10 s
/**
 * Node has no datagram sockets of the local kind: one helper for the whole run speaks for us, and
 * waits until it was heard. Who has ended by then is not believed: its words are lost.
 */
const SPEAK = 'while read -r state; do systemd-notify $state; done';

/** What the service manager is told, where one listens; nothing elsewhere. */
export interface Service {
  /** A cycle is complete: the first says that the gateway is up, later ones kick the watchdog. */
  cycle(): void;
  stopping(): void;
}

export function tellService(realMs: () => number): Service {
  if (process.env['NOTIFY_SOCKET'] === undefined) {
    return { cycle: () => undefined, stopping: () => undefined };
  }
  const speaker = spawn('/bin/sh', ['-c', SPEAK], { stdio: ['pipe', 'ignore', 'ignore'] });
  speaker.on('error', () => undefined); // without a shell the watchdog ends us, as it should
  speaker.stdin.on('error', () => undefined);
  let kickedAtMs: number | undefined;
  const say = (state: string): void => void speaker.stdin.write(`${state}\n`);
  return {
    cycle() {
      if (kickedAtMs === undefined) say('READY=1');
      else if (realMs() - kickedAtMs < KICK_MS) return;
      else say('READY=1 WATCHDOG=1'); // up is up, should the first word have been lost
      kickedAtMs = realMs();
    },
    stopping: () => say('STOPPING=1'),
  };
}
