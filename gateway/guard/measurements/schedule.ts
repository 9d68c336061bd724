import type { Timing } from '../../contracts/values/timing.ts';

/** A block that is read from a wire. */
export interface Load {
  readonly everyCycles: number; // as its class wants it
  readonly costMs: number; // of the wire
}

/**
 * How often the blocks of a wire are read: every `controlCycles` cycles where they should be in
 * every one, the others `restFactor` times less often than they should.
 */
export interface Pace {
  readonly controlCycles: number;
  readonly restFactor: number;
}

export const FULL_PACE: Pace = { controlCycles: 1, restFactor: 1 };

/** What the arithmetic of a wire says. Milliseconds of wire time, or of age. */
export interface Schedule {
  readonly pace: Pace;
  readonly requests: number; // for all control points
  readonly controlMs: number; // for all control points, once
  readonly otherMs: number; // for the others, on average in a cycle, as they should be read
  readonly worstAgeMs: number; // of a control reading when one read in between was lost
  readonly freshMs: number; // how old it may be
}

/** Left for writes and for what is asked again. */
const SHARE = 0.9;
/** Slower than this the other points are of no use. */
const REST_MAX = 32;
/** A wire that cannot do better gets up to this (DESIGN section 3), of the guard's usual 5 s. */
const FRESH_MOST = 3;

/** Fits the blocks of one wire into its time: first the others give way, then all. */
export function scheduleOf(
  loads: readonly Load[],
  times: Pick<Timing, 'cycleMs' | 'freshMs'>,
  latencyMs: number,
): Schedule {
  const control = loads.filter(({ everyCycles }) => everyCycles === 1);
  const sum = (list: readonly Load[]): number =>
    list.reduce((total, { costMs, everyCycles }) => total + costMs / everyCycles, 0);
  const controlMs = sum(control);
  const otherMs = sum(loads) - controlMs;
  const roomMs = SHARE * times.cycleMs;
  let rest = 1;
  while (otherMs > 0 && rest < REST_MAX && controlMs + otherMs / rest > roomMs) rest *= 2;
  const usableMs = Math.max(roomMs - otherMs / rest, roomMs / 2);
  const cycles = Math.max(1, Math.ceil(controlMs / usableMs));
  const longestMs = loads.reduce((most, { costMs }) => Math.max(most, costMs), 0);
  const worstAgeMs = (2 * cycles + 1) * times.cycleMs + longestMs + latencyMs;
  const usualMs = times.freshMs.control;
  const freshMs = cycles === 1 ? usualMs : Math.max(usualMs, worstAgeMs + cycles * times.cycleMs);
  return {
    pace: { controlCycles: cycles, restFactor: rest },
    requests: control.length,
    controlMs,
    otherMs,
    worstAgeMs,
    freshMs: Math.min(freshMs, FRESH_MOST * usualMs),
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** The arithmetic in words, for who asks whether a wire carries what is read over it. */
export function wireWords(schedule: Schedule, times: Pick<Timing, 'cycleMs'>): string {
  const { requests, controlMs, otherMs } = schedule;
  const scarce = scarcity(schedule, times);
  if (scarce !== '') return `cannot carry all that is read over it: ${scarce}`;
  return (
    `${requests} reads a cycle take ${seconds(controlMs)}, ` +
    `the other points ${seconds(otherMs)} on average; a cycle has ${seconds(SHARE * times.cycleMs)}`
  );
}

/** The arithmetic in words, when a wire cannot do all that it should; '' when it can. */
export function scarcity(schedule: Schedule, { cycleMs }: Pick<Timing, 'cycleMs'>): string {
  const { pace, requests, controlMs, otherMs, worstAgeMs, freshMs } = schedule;
  if (pace.controlCycles === 1 && pace.restFactor === 1) return '';
  const average = seconds(controlMs / Math.max(1, requests));
  const need =
    `${requests} reads of ${average} on average are ${seconds(controlMs)} of wire time, ` +
    `the other points ${seconds(otherMs)} more, and a cycle has ${seconds(SHARE * cycleMs)}`;
  const rest =
    pace.restFactor === 1 ? '' : `; the other points are read ${pace.restFactor} times less often`;
  if (pace.controlCycles === 1) return `${need}${rest}`;
  const marginMs = freshMs - worstAgeMs;
  const age =
    marginMs >= 0
      ? `, margin ${seconds(marginMs)}`
      : ': too late for control; use a faster line, several lines, or fewer devices on this one';
  return (
    `${need}${rest}; control points are read every ${pace.controlCycles} cycles, ` +
    `so that after a lost read one is ${seconds(worstAgeMs)} old, ` +
    `and up to ${seconds(freshMs)} count as fresh${age}`
  );
}
