import type { Timing } from '../../contracts/values/timing.ts';

/** What the next turn decides by, what else control needs, and what can wait. */
export type Part = 'vital' | 'control' | 'rest';

/** A block that is read from a wire. */
export interface Load {
  readonly everyCycles: number; // as its class wants it
  readonly costMs: number; // of the wire
}

/** The same in its place before a turn. */
export interface PlacedLoad extends Load {
  readonly part: Part;
  readonly answerMs: number; // until its answer is there, by the unit's slowest turnaround lately
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

/** A read that can wait. */
export interface Due {
  readonly costMs: number;
  readonly overdueShare: number; // time since its last one, as a share of its period
}

/**
 * Those that go now: the most overdue first, as far as they end within `roomMs`; the first in any
 * case, so that each has its turn.
 */
export function admitted<T extends Due>(due: readonly T[], roomMs: number): T[] {
  let leftMs = roomMs;
  return [...due]
    .sort((a, b) => (a.overdueShare === b.overdueShare ? 0 : b.overdueShare - a.overdueShare))
    .filter(({ costMs }, index) => {
      if (index > 0 && costMs > leftMs) return false;
      leftMs -= costMs;
      return true;
    });
}

/** A part that has a time of its own before each turn. */
export interface Slot {
  readonly part: Part;
  readonly leadMs: number; // from the slot to the turn
}

/** When a wire is read. Parts without a slot are read in the middle between two turns. */
export interface Slots {
  readonly slots: readonly Slot[];
  readonly roomMs: number; // between the slot of what can wait and the next
}

export const NO_SLOTS: Slots = { slots: [], roomMs: Number.POSITIVE_INFINITY };

/** In the middle of a cycle, so that writes meet a wire that rests. */
const MIDDLE = 0.5;
/** A wire that needs more of a cycle for control reads what can wait right behind the writes. */
const FULL_SHARE = 0.4;
const EARLY = 0.9;
const FULLEST_SHARE = 0.85;
/** A network has its moods: what is read before a turn gets longer than it takes, and more. */
const NETWORK = { share: 1.5, moreMs: 20 } as const;
/** A line is computed from its baud rate and the slowest turnaround. */
const LINE = { share: 1.1, moreMs: 10, vitalMoreMs: 3 } as const;

const sumOf = (loads: readonly PlacedLoad[], of: (load: PlacedLoad) => number): number =>
  loads.reduce((sum, load) => sum + of(load), 0);

/**
 * The reads of a wire in their order before a turn: what can wait, what control needs, and last
 * the reading that the turn decides by, as late as its answer still comes in time.
 */
export function slotsOf(
  loads: readonly PlacedLoad[],
  kind: 'line' | 'network',
  pace: Pace,
  cycleMs: number,
): Slots {
  const vital = loads.filter(({ part }) => part === 'vital');
  const control = loads.filter(({ part }) => part === 'control');
  return kind === 'line'
    ? lineSlots(vital, control, pace, cycleMs)
    : networkSlots(vital, control, cycleMs);
}

function networkSlots(
  vital: readonly PlacedLoad[],
  control: readonly PlacedLoad[],
  cycleMs: number,
): Slots {
  const leadMs = (costMs: number): number => Math.ceil(NETWORK.share * costMs + NETWORK.moreMs);
  const lastMs = leadMs(sumOf(vital, ({ costMs }) => costMs));
  const firstMs = leadMs(sumOf([...vital, ...control], ({ costMs }) => costMs));
  if (firstMs > FULL_SHARE * cycleMs) return NO_SLOTS;
  const slots: Slot[] = [];
  if (control.length > 0) slots.push({ part: 'control', leadMs: firstMs });
  if (vital.length > 0) slots.push({ part: 'vital', leadMs: lastMs });
  return { slots, roomMs: MIDDLE * cycleMs - firstMs };
}

function lineSlots(
  vital: readonly PlacedLoad[],
  control: readonly PlacedLoad[],
  pace: Pace,
  cycleMs: number,
): Slots {
  const answersMs = sumOf(vital, ({ answerMs }) => answerMs);
  const lastMs = vital.length === 0 ? 0 : Math.ceil(answersMs + LINE.vitalMoreMs);
  const controlMs = sumOf(control, ({ costMs }) => costMs);
  const firstMs = lastMs + Math.ceil(LINE.share * controlMs + LINE.moreMs);
  if (lastMs > FULL_SHARE * cycleMs) return NO_SLOTS;
  const last: readonly Slot[] = vital.length === 0 ? [] : [{ part: 'vital', leadMs: lastMs }];
  if (pace.controlCycles > 1 || firstMs > FULLEST_SHARE * cycleMs)
    return { ...NO_SLOTS, slots: last };
  const first: Slot = { part: 'control', leadMs: firstMs };
  const isFull = firstMs > FULL_SHARE * cycleMs;
  const rest: Slot = { part: 'rest', leadMs: EARLY * cycleMs };
  const roomMs = (isFull ? EARLY : MIDDLE) * cycleMs - firstMs;
  return { slots: [...(isFull ? [rest] : []), first, ...last], roomMs };
}
