import type { Condition, Fact, Sample, Scope, SignalName, WireWrite } from './types.ts';

/** What a span of time amounts to. */
export interface Measured {
  readonly value: number | undefined;
  readonly found: string;
  readonly atMs: number | undefined;
  readonly fails?: boolean; // whatever the bounds say
}

interface Spans {
  readonly samples: readonly Sample[];
  readonly writes: readonly WireWrite[];
  readonly scope: Scope;
}

type SpanCondition = Exclude<Condition, { kind: 'value' | 'fact' | 'log' }>;
type ReadingOf = (sample: Sample, signal: SignalName) => number | undefined;
type Holds = (fact: Fact, sample: Sample) => boolean;

interface Seen {
  readonly atMs: number;
  readonly value: number;
}

export function measureSpan(
  condition: SpanCondition,
  spans: Spans,
  readingOf: ReadingOf,
  holds: Holds,
): Measured {
  if (condition.kind === 'writes') return writesIn(condition, spans, holds);
  const seen: Seen[] = [];
  for (const sample of spans.samples) {
    const value = readingOf(sample, condition.signal);
    if (value !== undefined) seen.push({ atMs: sample.atMs, value });
  }
  const [first] = seen;
  if (first === undefined)
    return { value: undefined, found: 'unknown throughout', atMs: undefined };
  switch (condition.kind) {
    case 'settles':
      return settled(condition, seen, spans.samples.length);
    case 'overshoot':
      return overshoot(condition.goalValue, seen, first);
    case 'crossings':
      return counted(seen, condition.goalValue, 'crossings');
    case 'span':
      return spanned(condition.measure, seen, first);
  }
}

function writesIn(
  { device, during }: Extract<Condition, { kind: 'writes' }>,
  { samples, writes, scope }: Spans,
  holds: Holds,
): Measured {
  let at = 0;
  const counted = writes.filter((write) => {
    if (write.device !== device || write.atMs < scope.fromMs || write.atMs > scope.untilMs) {
      return false;
    }
    if (during === undefined) return true;
    while (at + 1 < samples.length && (samples[at + 1]?.atMs ?? 0) <= write.atMs) at += 1;
    const sample = samples[at];
    return sample !== undefined && holds(during, sample);
  });
  const first = counted[0];
  const where = first === undefined ? '' : `, first at register ${first.address}`;
  return { value: counted.length, found: `${counted.length} writes${where}`, atMs: first?.atMs };
}

/** Inside from some instant on, to the end of the window. */
function settled(
  { compare: { low, high } }: Extract<Condition, { kind: 'settles' }>,
  seen: readonly Seen[],
  count: number,
): Measured {
  const lastOut = seen.findLastIndex(({ value }) => value < low || value > high);
  const from = seen[lastOut + 1];
  const last = seen.at(-1);
  if (from === undefined || seen.length < count) {
    const found = `not settled: ${last?.value.toFixed(0)} at the end`;
    return { value: undefined, found, atMs: last?.atMs, fails: true };
  }
  const tookMs = from.atMs - (seen[0]?.atMs ?? 0);
  return {
    value: from.value,
    found: `settled after ${(tookMs / 1_000).toFixed(1)} s`,
    atMs: from.atMs,
  };
}

function overshoot(goalValue: number, seen: readonly Seen[], first: Seen): Measured {
  const way = goalValue >= first.value ? 1 : -1;
  const past = extreme(seen, ({ value }) => way * (value - goalValue));
  const by = Math.max(0, way * (past.value - goalValue));
  return { value: by, found: `${by.toFixed(0)} past ${goalValue}`, atMs: past.atMs };
}

/** Changes of side; rest at zero is none. */
function counted(seen: readonly Seen[], goalValue: number, what: string): Measured {
  let side = 0;
  let count = 0;
  let atMs: number | undefined;
  for (const { atMs: nowMs, value } of seen) {
    const now = Math.abs(value - goalValue) < DEAD ? side : Math.sign(value - goalValue);
    if (side !== 0 && now !== side) {
      count += 1;
      atMs ??= nowMs;
    }
    side = now;
  }
  return { value: count, found: `${count} ${what}`, atMs };
}

/** A power this close to its goal is on no side of it, W. */
const DEAD = 100;

function spanned(
  measure: Extract<Condition, { kind: 'span' }>['measure'],
  seen: readonly Seen[],
  first: Seen,
): Measured {
  const last = seen.at(-1) ?? first;
  const of = (value: number, atMs: number | undefined): Measured => ({
    value,
    found: `${measure} ${Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)}`,
    atMs,
  });
  switch (measure) {
    case 'mean':
      return of(meanOf(seen, first), undefined);
    case 'most': {
      const most = extreme(seen, ({ value }) => value);
      return of(most.value, most.atMs);
    }
    case 'least': {
      const least = extreme(seen, ({ value }) => 0 - value);
      return of(least.value, least.atMs);
    }
    case 'change':
      return of(last.value - first.value, last.atMs);
    case 'reversals':
      return counted(seen, 0, 'reversals');
  }
}

const extreme = (seen: readonly Seen[], of: (one: Seen) => number): Seen =>
  seen.reduce((best, one) => (of(one) > of(best) ? one : best));

/** By time: each value stands for the span that it ends. */
function meanOf(seen: readonly Seen[], first: Seen): number {
  let sum = 0;
  let beforeMs = first.atMs;
  for (const { atMs, value } of seen) {
    sum += value * (atMs - beforeMs);
    beforeMs = atMs;
  }
  return beforeMs === first.atMs ? first.value : sum / (beforeMs - first.atMs);
}
