import type { Clock } from '../../gateway/ports.ts';

/**
 * A process of the virtual world: whatever it had set on the clock ends with it, in the middle of
 * anything, as after kill -9.
 */
export interface VirtualProcess {
  readonly clock: Clock;
  readonly alive: boolean;
  /** Calls of a port that the process waits for when it ends never come back. */
  guard<T>(promise: Promise<T>): Promise<T>;
  /** Until then nothing of it runs; what was due then runs late, as after SIGSTOP. */
  stop(untilRealMs: number): void;
  kill(): void;
  onKill(run: () => void): void;
}

export function startVirtualProcess(clock: Clock): VirtualProcess {
  let alive = true;
  let stoppedUntilMs = Number.NEGATIVE_INFINITY;
  const ends: (() => void)[] = [];
  const due = (run: () => void): (() => void) => {
    const turn = (): void => {
      if (!alive) return;
      if (clock.realMs() < stoppedUntilMs) clock.realAt(stoppedUntilMs, turn);
      else run();
    };
    return turn;
  };
  return {
    clock: {
      speed: clock.speed,
      monoMs: () => clock.monoMs(),
      wallMs: () => clock.wallMs(),
      realMs: () => clock.realMs(),
      at: (atMs, run) => clock.at(atMs, due(run)),
      realAt: (atMs, run) => clock.realAt(atMs, due(run)),
    },
    get alive() {
      return alive;
    },
    guard: <T>(promise: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        promise.then(
          (value) => {
            if (alive) resolve(value);
          },
          (error: unknown) => {
            if (alive) reject(error);
          },
        );
      }),
    stop: (untilRealMs) => {
      stoppedUntilMs = Math.max(stoppedUntilMs, untilRealMs);
    },
    kill: () => {
      if (!alive) return;
      alive = false;
      for (const end of ends) end();
    },
    onKill: (run) => ends.push(run),
  };
}
