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
const monotonicMs = (): number => START_MS + performance.now();

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

/**
 * Real time when no origin is given, otherwise scaled from it. Loops run on `monoMs`, which no step
 * of the wall clock moves.
 */
export function createClock(origin?: ClockOrigin): Clock {
  const from = origin ?? { realMs: monotonicMs(), wallMs: Date.now(), speed: 1 };
  const monoMs = (): number => (monotonicMs() - from.realMs) * from.speed;
  return {
    speed: from.speed,
    monoMs,
    wallMs: origin ? () => Math.floor(from.wallMs + monoMs()) : () => Date.now(),
    at: (dueMs, run) => at(monoMs, dueMs, from.speed, run),
    realMs: monotonicMs,
    realAt: (dueMs, run) => at(monotonicMs, dueMs, 1, run),
  };
}

/** Origin of a new run, to hand to the other processes. */
export function newOrigin(speed: number, wallMs: number): ClockOrigin {
  return { realMs: monotonicMs(), wallMs, speed };
}
