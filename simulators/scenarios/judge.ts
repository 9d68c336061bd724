import { type Measured, measureSpan } from './measures.ts';
import type {
  Condition,
  Expectation,
  Fact,
  Facts,
  Heard,
  Recording,
  Sample,
  Scenario,
  SignalName,
} from './types.ts';

export interface Verdict {
  readonly line: number;
  readonly when: string;
  readonly text: string;
  readonly status: 'passed' | 'failed' | 'not judged';
  readonly found: string; // what was measured, and when
  readonly fromMs: number; // UTC, the window
  readonly untilMs: number;
  readonly atMs: number | undefined; // where it was decided
}

/** How a signal is called in a sample. */
export const signalKey = ({ place, quantity }: SignalName): string => `${place}.${quantity}`;

export function readingOf(sample: Sample, signal: SignalName): number | undefined {
  if (signal.by !== 'gateway') return sample.values[signalKey(signal)];
  const { facts } = sample;
  if (signal.place !== 'limit') return facts?.seen[signalKey(signal)];
  return signal.quantity === 'importW' ? facts?.importLimitW : facts?.exportLimitW;
}

/** Every expectation of a scenario, judged from what a run left behind. */
export function judge(scenario: Scenario, recording: Recording): Verdict[] {
  const own = scenario.expectations.map((one) => judgeOne(one, recording));
  const judged = recording.violations.filter(({ rule }) => !scenario.excused.includes(rule));
  const first = judged[0];
  const { startMs, untilMs } = scenario;
  return [
    ...own,
    {
      line: 0,
      when: 'always',
      text: 'no violation seen by the judges (S1-S5, S9)',
      status: recording.heard === 'none' ? 'not judged' : first === undefined ? 'passed' : 'failed',
      found: first === undefined ? 'none' : `${judged.length}: ${first.rule} ${first.what}`,
      fromMs: startMs,
      untilMs,
      atMs: first?.atMs,
    },
  ];
}

function judgeOne(one: Expectation, recording: Recording): Verdict {
  const { line, when, text, scope } = one;
  const head = { line, when, text, fromMs: scope.fromMs, untilMs: scope.untilMs };
  const asked = asks(one.condition);
  if (HEARD.indexOf(recording.heard) < HEARD.indexOf(asked)) {
    const found = recording.heard === 'none' ? 'only our gateway tells' : 'its page does not tell';
    return { ...head, status: 'not judged', found, atMs: undefined };
  }
  const { passed, found, atMs } = decide(one, recording);
  return { ...head, status: passed ? 'passed' : 'failed', found, atMs };
}

const HEARD: readonly Heard[] = ['none', 'page', 'inside'];

/** How well the gateway must be heard for it: what wire and plant show needs none. */
function asks(condition: Condition): Heard {
  switch (condition.kind) {
    case 'fact':
      return asksOf(condition.fact);
    case 'log':
      return 'inside';
    case 'writes':
      return condition.during === undefined ? 'none' : asksOf(condition.during);
    default:
      return condition.signal.by === 'gateway' ? 'inside' : 'none';
  }
}

function asksOf(fact: Fact): Heard {
  if (fact.kind === 'own-mode') return 'none';
  return fact.kind === 'reason' || fact.kind === 'quality' ? 'inside' : 'page';
}

interface Decided {
  readonly passed: boolean;
  readonly found: string;
  readonly atMs: number | undefined;
}

function decide(one: Expectation, recording: Recording): Decided {
  const { scope, condition } = one;
  const samples = windowed(recording.samples, scope.fromMs, scope.untilMs);
  if (samples.length === 0)
    return { passed: false, found: 'the run ended before', atMs: undefined };
  if (condition.kind === 'log') {
    const said = recording.log.find(
      ({ atMs, text }) =>
        atMs >= scope.fromMs && atMs <= scope.untilMs && text.includes(condition.text),
    );
    const passed = (said !== undefined) === (scope.hold !== 'none');
    return { passed, found: said?.text.slice(0, 100) ?? 'not said', atMs: said?.atMs };
  }
  if (condition.kind === 'value' || condition.kind === 'fact') {
    return decideInstants(samples, one, condition);
  }
  const spans = { samples, writes: recording.writes, scope };
  const measured: Measured = measureSpan(condition, spans, readingOf, holds);
  const inside =
    measured.value !== undefined &&
    measured.value >= condition.compare.low &&
    measured.value <= condition.compare.high;
  const passed = measured.fails ? false : scope.hold === 'none' ? !inside : inside;
  return { passed, found: measured.found, atMs: measured.atMs };
}

/** Samples of a window; an instant is the first one from it on. */
function windowed(samples: readonly Sample[], fromMs: number, untilMs: number): readonly Sample[] {
  if (fromMs === untilMs) {
    const first = samples.find(({ atMs }) => atMs >= fromMs);
    return first === undefined ? [] : [first];
  }
  return samples.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
}

type Instantaneous = Extract<Condition, { kind: 'value' | 'fact' }>;

function decideInstants(
  samples: readonly Sample[],
  { scope }: Expectation,
  condition: Instantaneous,
): Decided {
  const so = (sample: Sample): boolean =>
    condition.kind === 'fact'
      ? holds(condition.fact, sample)
      : isInside(readingOf(sample, condition.signal), condition.compare);
  const wanted = scope.hold === 'all' ? samples.find((one) => !so(one)) : samples.find(so);
  if (scope.hold === 'some') {
    const at = wanted ?? samples.at(-1);
    const found =
      wanted === undefined ? `never; at the end ${shown(condition, at)}` : shown(condition, at);
    return { passed: wanted !== undefined, found, atMs: wanted?.atMs };
  }
  if (wanted !== undefined) {
    return { passed: false, found: shown(condition, wanted), atMs: wanted.atMs };
  }
  const nearest = nearestToEdge(samples, condition);
  return { passed: true, found: shown(condition, nearest), atMs: nearest?.atMs };
}

const isInside = (
  value: number | undefined,
  { low, high }: { low: number; high: number },
): boolean => value !== undefined && value >= low && value <= high;

/** Where a kept bound was nearest to be broken: the margin tells an engineer more than a tick. */
function nearestToEdge(samples: readonly Sample[], condition: Instantaneous): Sample | undefined {
  if (condition.kind === 'fact') return samples.at(-1);
  const { low, high } = condition.compare;
  let nearest: Sample | undefined;
  let leastRoom = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const value = readingOf(sample, condition.signal);
    if (value === undefined) continue;
    const room = Math.min(Math.abs(value - low), Math.abs(high - value));
    if (room < leastRoom) {
      leastRoom = room;
      nearest = sample;
    }
  }
  return nearest ?? samples.at(-1);
}

function shown(condition: Instantaneous, sample: Sample | undefined): string {
  if (sample === undefined) return 'nothing seen';
  if (condition.kind === 'value') {
    return `${signalKey(condition.signal)} ${figureOf(readingOf(sample, condition.signal))}`;
  }
  return factShown(condition.fact, sample);
}

export function figureOf(value: number | undefined): string {
  if (value === undefined) return 'unknown';
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 1 ? value.toFixed(1) : String(+value.toFixed(3));
}

function factShown(fact: Fact, { facts, ownModes }: Sample): string {
  if (fact.kind === 'own-mode') {
    return `${fact.terminal} ${ownModes.includes(fact.terminal) ? 'in own mode' : 'commanded'}`;
  }
  if (facts === undefined) return 'the gateway does not speak';
  switch (fact.kind) {
    case 'mode':
      return `mode ${facts.mode} (${facts.reason})`;
    case 'flag':
      return facts.flags.length === 0 ? 'no flag' : `flag ${facts.flags.join(', ')}`;
    case 'reason':
      return `reason ${fact.of === undefined ? reasonsShown(facts) : facts.reasons[fact.of]}`;
    case 'device':
      return `device ${fact.id} ${facts.devices[fact.id]}`;
    case 'quality':
      return `${fact.point} ${facts.qualities[fact.point] ?? 'not read'}`;
  }
}

const reasonsShown = (facts: Facts): string =>
  [facts.reason, ...Object.entries(facts.reasons).map(([id, code]) => `${id} ${code}`)].join(', ');

/** Whether it is so at an instant; a gateway that does not speak is in no mode at all. */
export function holds(fact: Fact, { facts, ownModes }: Sample): boolean {
  if (fact.kind === 'own-mode') return ownModes.includes(fact.terminal) !== fact.not;
  if (facts === undefined) return false;
  return isSo(fact, facts) !== fact.not;
}

function isSo(fact: Exclude<Fact, { kind: 'own-mode' }>, facts: Facts): boolean {
  switch (fact.kind) {
    case 'mode':
      return fact.any.includes(facts.mode);
    case 'flag':
      return fact.any.some((flag) => facts.flags.includes(flag));
    case 'reason': {
      const codes =
        fact.of === undefined
          ? [facts.reason, ...Object.values(facts.reasons)]
          : [facts.reasons[fact.of] ?? ''];
      return fact.any.some((code) => codes.includes(code));
    }
    case 'device':
      return fact.any.includes(facts.devices[fact.id] ?? '');
    case 'quality':
      return fact.any.includes(facts.qualities[fact.point] ?? '');
  }
}
