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
  /** Runs what comes from outside: now, late while it is stopped, never after its end. */
  run(what: () => void): void;
  /** Until then nothing of it runs; what was due then runs late, as after SIGSTOP. */
  stop(untilRealMs: number): void;
  kill(): void;
  onKill(run: () => void): void;
}

/** How a machine's clock differs from the world's. */
export interface ClockError {
  aheadMs: number; // of its wall face
  readonly speed: number; // of its monotonic face; 1.01 is one percent fast
}

const TRUE_CLOCK: ClockError = { aheadMs: 0, speed: 1 };
const GRID_PER_MS = 1e6; // a clock that errs shows whole nanoseconds

const onGrid = (ms: number): number => Math.round(ms * GRID_PER_MS) / GRID_PER_MS;

function notBefore(ms: number): number {
  const shownMs = onGrid(ms);
  return shownMs < ms ? onGrid(shownMs + 1 / GRID_PER_MS) : shownMs;
}

export function startVirtualProcess(clock: Clock, error: ClockError = TRUE_CLOCK): VirtualProcess {
  const { speed } = error;
  const scaled = (ms: number): number => (speed === 1 ? ms : onGrid(ms * speed));
  // What is due at an instant finds that instant on the clock, never one that rounding left before:
  // what sets itself again until its instant has come would do so for ever.
  const dueMs = (ms: number): number => (speed === 1 ? ms : notBefore(ms) / speed);
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
      monoMs: () => scaled(clock.monoMs()),
      wallMs: () => clock.wallMs() + error.aheadMs,
      realMs: () => scaled(clock.realMs()),
      at: (atMs, run) => clock.at(dueMs(atMs), due(run)),
      realAt: (atMs, run) => clock.realAt(dueMs(atMs), due(run)),
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
    run: (what) => due(what)(),
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
