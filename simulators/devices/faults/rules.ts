import { Fault } from '../../../gateway/contracts/values/fault.ts';
import type { Random } from '../../../gateway/ports.ts';
import { createStream } from '../../random.ts';

/**
 * Faults to order: `KIND [ARGUMENT] [on reads|writes] [every N] [chance P] [times N] [for TIME]`.
 * Each rule has a random stream of its own, so that one seed gives one run.
 */
interface KindSpec {
  readonly argument: 'none' | 'time' | 'number' | 'text';
  readonly usual?: number | string; // where the argument is left out
  readonly most?: number; // of a number
  readonly choices?: readonly string[]; // of a text
  readonly wire?: 'tcp' | 'rtu'; // has no meaning on the other
  readonly once?: true; // unless the rule says more
  readonly does: string;
}

export const KINDS = {
  late: { argument: 'time', does: 'answers TIME later, also after the next request' },
  slow: { argument: 'time', usual: 5, does: 'lets TIME pass between two bytes of an answer' },
  drop: { argument: 'none', does: 'does what is asked and does not answer' },
  'wrong-id': {
    argument: 'none',
    does: 'answers with another transaction id (TCP) or unit (RTU)',
  },
  short: { argument: 'none', does: 'answers one register less than asked, in a sound frame' },
  truncate: {
    argument: 'number',
    usual: 3,
    most: 250,
    does: 'leaves out the last NUMBER bytes of the frame',
  },
  garbage: { argument: 'none', does: 'sends random bytes in place of the frame' },
  shifted: { argument: 'none', does: 'answers with what the request before had asked for' },
  exception: {
    argument: 'number',
    usual: 4,
    most: 255,
    does: 'refuses with exception NUMBER and does nothing',
  },
  'half-open': {
    argument: 'none',
    wire: 'tcp',
    does: 'never answers on this connection again, and keeps it',
  },
  close: { argument: 'none', wire: 'tcp', does: 'closes the connection in place of an answer' },
  reset: { argument: 'none', wire: 'tcp', does: 'resets the connection in place of an answer' },
  stuck: { argument: 'none', does: 'shows what it showed when this began' },
  sentinel: { argument: 'text', usual: '', does: 'shows POINT, or every value, as not available' },
  show: { argument: 'text', does: 'shows POINT=VALUE in place of what it measures' },
  turned: { argument: 'none', does: 'shows its powers with the other sign' },
  'ignore-write': { argument: 'none', does: 'acknowledges writes and does not follow them' },
  reboot: {
    argument: 'time',
    usual: 5_000,
    once: true,
    does: 'is gone for TIME and comes back as from power-up',
  },
  'one-client': {
    argument: 'text',
    usual: 'oldest',
    choices: ['oldest', 'newest'],
    wire: 'tcp',
    does: 'serves one connection: the oldest, or the newest, and closes others',
  },
  noise: {
    argument: 'none',
    wire: 'rtu',
    does: 'turns one bit of the frame, so that its CRC fails',
  },
  echo: { argument: 'none', wire: 'rtu', does: 'sends the request back in front of the answer' },
  'second-master': {
    argument: 'text',
    once: true,
    does: 'somebody else writes POINT=VALUE before the request is served',
  },
} as const satisfies Readonly<Record<string, KindSpec>>;

export type FaultKind = keyof typeof KINDS;

export interface FaultRule {
  readonly kind: FaultKind;
  readonly value: number; // ms, or the number
  readonly text: string;
  readonly on: 'all' | 'reads' | 'writes';
  readonly everyN: number; // 1 = each
  readonly probability: number; // 0..1
  readonly times: number;
  readonly forMs: number;
}

const WHERE = 'fault';
const help = (kind: string): string => `write ${usageOf(kind)}`;

/** 'late TIME [on reads|writes] ...' */
function usageOf(kind: string): string {
  const spec: KindSpec | undefined = (KINDS as Readonly<Record<string, KindSpec>>)[kind];
  if (spec === undefined) return `one of: ${Object.keys(KINDS).join(', ')}`;
  return `${kind}${argumentOf(spec)} [on reads|writes] [every N] [chance P] [times N] [for TIME]`;
}

function argumentOf({ argument, usual }: KindSpec): string {
  if (argument === 'none') return '';
  const name = { time: 'TIME', number: 'NUMBER', text: 'TEXT' }[argument];
  return usual === undefined ? ` ${name}` : ` [${name}]`;
}

/** One line a kind, for `help`. */
export const faultHelp = (): string[] =>
  Object.entries(KINDS).map(([kind, spec]: [string, KindSpec]) => {
    const wire = spec.wire === undefined ? '' : ` (${spec.wire.toUpperCase()} only)`;
    return `${`${kind}${argumentOf(spec)}`.padEnd(22)}${spec.does}${wire}`;
  });

const UNITS_MS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, min: 60_000 };

/** '300', '300ms', '2.5s', '3min' in ms; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 1);
}

/** @throws Fault when the line is no fault of this wire */
export function parseFault(line: string, wire: 'tcp' | 'rtu'): FaultRule {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (!(name in KINDS)) throw new Fault(`no fault '${name}'`, WHERE, help(name));
  const kind = name as FaultKind;
  const spec: KindSpec = KINDS[kind];
  if (spec.wire !== undefined && spec.wire !== wire) {
    throw new Fault(`'${kind}' has no meaning on ${wire.toUpperCase()}`, WHERE, 'leave it out');
  }
  const hasArgument = words[0] !== undefined && !CLAUSES.includes(words[0]);
  const given = hasArgument && spec.argument !== 'none' ? words.shift() : undefined;
  return { kind, ...argument(kind, spec, given), ...clauses(kind, spec, words) };
}

function argument(kind: FaultKind, spec: KindSpec, given: string | undefined) {
  const text = given ?? spec.usual;
  if (text === undefined && spec.argument !== 'none') {
    throw new Fault(`'${kind}' needs an argument`, WHERE, help(kind));
  }
  if (spec.argument === 'none') return { value: 0, text: '' };
  if (spec.argument === 'text') {
    if (spec.choices !== undefined && !spec.choices.includes(String(text))) {
      const choices = spec.choices.join(' or ');
      throw new Fault(`'${kind}' cannot take '${text}'`, WHERE, `choose ${choices}`);
    }
    return { value: 0, text: String(text) };
  }
  const value = spec.argument === 'time' ? durationMs(String(text)) : Number(text);
  const isWhole = spec.argument === 'time' || Number.isInteger(value);
  if (value === undefined || !isWhole || !(value >= 1 && value <= (spec.most ?? 3_600_000))) {
    throw new Fault(`'${kind}' cannot take '${text}'`, WHERE, help(kind));
  }
  return { value, text: '' };
}

const CLAUSES = ['on', 'every', 'chance', 'times', 'for'];

function clauses(kind: FaultKind, spec: KindSpec, words: readonly string[]) {
  const given: Record<string, string> = {};
  for (let n = 0; n < words.length; n += 2) {
    const [clause = '', value = ''] = words.slice(n, n + 2);
    const isKnown = CLAUSES.includes(clause) && given[clause] === undefined;
    if (!isKnown || !isFit(clause, value)) {
      throw new Fault(`'${`${clause} ${value}`.trim()}' is no part of a fault`, WHERE, help(kind));
    }
    given[clause] = value;
  }
  const isRepeated = given['every'] !== undefined || given['chance'] !== undefined;
  const usual = spec.once === true && !isRepeated ? 1 : Number.POSITIVE_INFINITY;
  return {
    on: (given['on'] ?? 'all') as FaultRule['on'],
    everyN: Number(given['every'] ?? 1),
    probability: Number(given['chance'] ?? 1),
    times: Number(given['times'] ?? usual),
    forMs: durationMs(given['for'] ?? '') ?? Number.POSITIVE_INFINITY,
  };
}

function isFit(clause: string, value: string): boolean {
  if (clause === 'on') return value === 'reads' || value === 'writes';
  if (clause === 'for') return durationMs(value) !== undefined;
  if (clause === 'chance') return Number(value) > 0 && Number(value) <= 1;
  return Number.isInteger(Number(value)) && Number(value) >= 1;
}

interface Standing extends FaultRule {
  readonly line: string;
  readonly untilMs: number;
  readonly random: Random;
  met: number;
  count: number;
}

/** The faults of one device at this moment. */
export interface Faults {
  /** @throws Fault when the line is no fault of this wire */
  add(line: string, nowMs: number): void;
  /** @param kind or 'all'. @returns how many went */
  remove(kind: string): number;
  list(nowMs: number): readonly { readonly line: string; readonly count: number }[];
  /** Which rules strike this request, the first of each kind. */
  strike(isWrite: boolean, nowMs: number): ReadonlyMap<FaultKind, FaultRule>;
  /** A rule that stands without being counted. */
  standing(kind: FaultKind, nowMs: number): FaultRule | undefined;
}

const NONE: ReadonlyMap<FaultKind, FaultRule> = new Map();

export function createFaults(seed: number, wire: 'tcp' | 'rtu'): Faults {
  let rules: Standing[] = [];
  let added = 0;
  const current = (nowMs: number): Standing[] => {
    rules = rules.filter((rule) => nowMs < rule.untilMs && rule.count < rule.times);
    return rules;
  };
  const strikes = (rule: Standing, isWrite: boolean): boolean => {
    if (rule.on !== 'all' && (rule.on === 'writes') !== isWrite) return false;
    rule.met += 1;
    if (rule.met % rule.everyN !== 0) return false;
    return rule.probability === 1 || rule.random.next() < rule.probability;
  };
  return {
    add(line, nowMs) {
      const rule = parseFault(line, wire);
      added += 1;
      const random = createStream(seed, `fault ${added}`);
      const untilMs = nowMs + rule.forMs;
      rules.push({ ...rule, line: line.trim(), untilMs, random, met: 0, count: 0 });
    },
    remove(kind) {
      const before = rules.length;
      rules = rules.filter((rule) => kind !== 'all' && rule.kind !== kind);
      return before - rules.length;
    },
    list: (nowMs) => current(nowMs).map(({ line, count }) => ({ line, count })),
    strike(isWrite, nowMs) {
      if (rules.length === 0) return NONE;
      const struck = new Map<FaultKind, FaultRule>();
      for (const rule of current(nowMs)) {
        if (rule.kind === 'one-client' || struck.has(rule.kind) || !strikes(rule, isWrite))
          continue;
        rule.count += 1;
        struck.set(rule.kind, rule);
      }
      return struck;
    },
    standing: (kind, nowMs) => current(nowMs).find((rule) => rule.kind === kind),
  };
}
