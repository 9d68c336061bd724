import type { Clock } from '../ports.ts';

/**
 * Where a run's clock starts: every process of an accelerated run gets the same origin, so that all
 * scale one and the same time. `realMs` is the machine's monotonic clock, which processes share.
 */
export interface ClockOrigin {
  readonly realMs: number;
  readonly wallMs: number;
  readonly speed: number;
}

/** `performance` counts the machine's monotonic clock from the process's start, and no BigInt. */
const START_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();
/** Whole microseconds: nobody sees finer, and what is recorded stays short. */
const micros = (ms: number): number => Math.round(ms * 1_000) / 1_000;
const monotonicMs = (): number => micros(START_MS + performance.now());

/** Timers are armed at most this far ahead, so that none overflows and none drifts. */
const STEP_MS = 60_000;

function at(now: () => number, due: number, perMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const leftMs = (due - now()) / perMs;
    if (leftMs <= 0) {
      timer = setTimeout(run, 0);
      return;
    }
    timer = setTimeout(() => (now() >= due ? run() : arm()), Math.min(leftMs, STEP_MS));
  };
  arm();
  return () => clearTimeout(timer);
}

/** Timers count whole milliseconds: what is left below this one is slept off in place. */
const IN_PLACE_MS = 1.1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/**
 * Within a tenth of a millisecond, at the price of holding the thread up for `IN_PLACE_MS` at most:
 * a timer alone is one to two milliseconds late, a third of a request at 115200 baud.
 */
function exactly(due: number, run: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const fired = (): void => {
    const leftMs = due - monotonicMs();
    if (leftMs > IN_PLACE_MS) {
      timer = setTimeout(fired, Math.trunc(leftMs));
      return;
    }
    if (leftMs > 0) Atomics.wait(NEVER, 0, 0, leftMs);
    run();
  };
  timer = setTimeout(fired, Math.max(0, Math.trunc(due - monotonicMs())));
  return () => clearTimeout(timer);
}

/**
 * Real time when no origin is given, otherwise scaled from it. Loops run on `monoMs`, which no step
 * of the wall clock moves.
 */
export function createClock(origin?: ClockOrigin): Clock {
  const from = origin ?? { realMs: monotonicMs(), wallMs: Date.now(), speed: 1 };
  const monoMs = (): number => micros((monotonicMs() - from.realMs) * from.speed);
  return {
    speed: from.speed,
    monoMs,
    wallMs: origin ? () => Math.floor(from.wallMs + monoMs()) : () => Date.now(),
    at: (dueMs, run) => at(monoMs, dueMs, from.speed, run),
    realMs: monotonicMs,
    realAt: (dueMs, run, exact) =>
      exact === true ? exactly(dueMs, run) : at(monotonicMs, dueMs, 1, run),
  };
}

/** Origin of a new run, to hand to the other processes. */
export function newOrigin(speed: number, wallMs: number): ClockOrigin {
  return { realMs: monotonicMs(), wallMs, speed };
}
