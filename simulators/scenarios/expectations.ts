import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Condition, Expectation, Fact, Scope, SignalName } from './types.ts';
import { compare, instant, quantity, SPAN, span, type TimeFrame, Unclear } from './words.ts';

const WHEN: readonly (readonly [
  usage: string,
  pattern: RegExp,
  read: (words: readonly string[], at: (time: string) => number, frame: TimeFrame) => Scope,
])[] = [
  ['always', /^always$/, (_w, _at, f) => scope('all', f.startMs, f.untilMs)],
  ['never', /^never$/, (_w, _at, f) => scope('none', f.startMs, f.untilMs)],
  ['eventually', /^eventually$/, (_w, _at, f) => scope('some', f.startMs, f.untilMs)],
  [
    'between T and T',
    /^(never )?between (.+) and (.+)$/,
    ([never, from = '', until = ''], at) => scope(holdOf(never), at(from), at(until)),
  ],
  [
    'within TIME after T',
    new RegExp(`^within (${SPAN}) after (.+)$`),
    ([length = '', from = ''], at, f) =>
      scope('some', at(from), Math.min(f.untilMs, at(from) + span(length))),
  ],
  [
    'for TIME after T',
    new RegExp(`^(never )?for (${SPAN}) after (.+)$`),
    ([never, length = '', from = ''], at) =>
      scope(holdOf(never), at(from), at(from) + span(length)),
  ],
  ['by T', /^by (.+)$/, ([until = ''], at, f) => scope('some', f.startMs, at(until))],
  [
    'from T',
    /^(never )?from (.+)$/,
    ([never, from = ''], at, f) => scope(holdOf(never), at(from), f.untilMs),
  ],
  [
    'until T',
    /^(never )?until (.+)$/,
    ([never, until = ''], at, f) => scope(holdOf(never), f.startMs, at(until)),
  ],
  ['at T', /^at (.+)$/, ([time = ''], at) => scope('all', at(time), at(time))],
];

const holdOf = (never: string | undefined): Scope['hold'] =>
  never === undefined || never === '' ? 'all' : 'none';
const scope = (hold: Scope['hold'], fromMs: number, untilMs: number): Scope => ({
  hold,
  fromMs,
  untilMs,
});

/** @throws Unclear */
export function parseExpectation(
  source: { readonly line: number; readonly when: string; readonly text: string },
  frame: TimeFrame,
  site: Site,
): Expectation {
  const scope = parseWhen(source.when.trim(), frame);
  if (scope.untilMs > frame.untilMs || scope.fromMs > scope.untilMs) {
    throw new Unclear(`'${source.when}' is no span of this run`, 'put the earlier time first');
  }
  const condition = parseCondition(source.text.trim(), site);
  const overTime = !['value', 'fact', 'log'].includes(condition.kind);
  if (overTime && source.when.startsWith('at ')) {
    throw new Unclear(`'${source.text}' needs a span of time`, 'write between T and T');
  }
  return { ...source, scope, condition };
}

function parseWhen(when: string, frame: TimeFrame): Scope {
  for (const [, pattern, read] of WHEN) {
    const match = pattern.exec(when);
    if (match !== null) return read(match.slice(1), (time) => instant(time, frame), frame);
  }
  const usage = WHEN.map(([one]) => one).join(', ');
  throw new Unclear(`'${when}' says no when`, `write ${usage}`);
}

const LISTED = '(\\S+(?: or \\S+)*)';
const any = (list: string): string[] => list.split(' or ');
const MODES = ['trading', 'planning', 'rules', 'holding', 'safe'];
const FLAGS = ['limited', 'observing', 'islanded'];
const STATES = ['ok', 'holding', 'safe', 'silent', 'observing'];
const QUALITIES = ['good', 'stale', 'timeout', 'implausible', 'unavailable'];

function oneOf(list: string, choices: readonly string[], what: string): string[] {
  const words = any(list);
  const odd = words.find((word) => !choices.includes(word));
  if (odd === undefined) return words;
  throw new Unclear(`'${odd}' is no ${what}`, `choose from ${choices.join(', ')}`);
}

const FACTS: readonly (readonly [
  usage: string,
  pattern: RegExp,
  read: (words: readonly string[], site: Site) => Fact,
])[] = [
  [
    'mode NAME [or NAME]',
    new RegExp(`^mode (not )?${LISTED}$`),
    ([not, list = '']) => ({ kind: 'mode', any: oneOf(list, MODES, 'mode'), not: !!not }),
  ],
  [
    '[no] flag NAME',
    new RegExp(`^(no )?flag ${LISTED}$`),
    ([not, list = '']) => ({ kind: 'flag', any: oneOf(list, FLAGS, 'flag'), not: !!not }),
  ],
  [
    '[no] reason CODE [or CODE] [of TERMINAL]',
    new RegExp(`^(no )?reason (?:of (\\S+) )?${LISTED}$`),
    ([not, of, list = ''], site) => {
      if (of) placeOf(of, site);
      const codes = any(list);
      const odd = codes.find((code) => !/^[A-Z][A-Z_]+$/.test(code));
      if (odd !== undefined) throw new Unclear(`'${odd}' is no reason code`, 'as EXPORT_LIMIT');
      return { kind: 'reason', any: codes, not: !!not, ...(of ? { of } : {}) };
    },
  ],
  [
    'device ID STATE [or STATE]',
    new RegExp(`^device (\\S+) (not )?${LISTED}$`),
    ([id = '', not, list = ''], site) => {
      deviceOf(id, site);
      return { kind: 'device', id, any: oneOf(list, STATES, 'state of a device'), not: !!not };
    },
  ],
  [
    'quality of POINT is QUALITY',
    new RegExp(`^quality of (\\S+) is (not )?${LISTED}$`),
    ([point = '', not, list = '']) => {
      return { kind: 'quality', point, any: oneOf(list, QUALITIES, 'quality'), not: !!not };
    },
  ],
  [
    'TERMINAL [not] in own mode',
    /^(\S+) (not )?in own mode$/,
    ([terminal = '', not], site) => {
      placeOf(terminal, site);
      return { kind: 'own-mode', terminal, not: !!not };
    },
  ],
];

const parseFact = (text: string, site: Site): Fact | undefined => {
  for (const [, pattern, read] of FACTS) {
    const match = pattern.exec(text);
    if (match !== null) return read(match.slice(1), site);
  }
  return undefined;
};

const MEASURES = { mean: 'mean', most: 'most', least: 'least', change: 'change' } as const;
const SPANS: readonly (readonly [
  usage: string,
  pattern: RegExp,
  read: (words: readonly string[], site: Site) => Condition,
])[] = [
  [
    'writes to DEVICE none|at most N [while FACT]',
    /^writes to (\S+)(?: (none|at (?:least|most) \d+|within \d+\.\.\d+))?(?: while (.+))?$/,
    ([device = '', count, during], site) => {
      const fact = during === undefined ? undefined : parseFact(during, site);
      if (during !== undefined && fact === undefined) {
        throw new Unclear(`'${during}' is nothing that can be so`, 'as: while flag observing');
      }
      const bounds = count ? compare(count, '') : { low: 1, high: Number.POSITIVE_INFINITY };
      return { kind: 'writes', device: deviceOf(device, site), compare: bounds, during: fact };
    },
  ],
  [
    'mean|most|least|change of SIGNAL within A..B',
    /^(mean|most|least|change) of (\S+) (.+)$/,
    ([word = '', name = '', text = ''], site) => {
      const signal = signalOf(name, site);
      const measure = MEASURES[word as keyof typeof MEASURES];
      return { kind: 'span', measure, signal, compare: compare(text, baseOf(signal)) };
    },
  ],
  [
    'reversals of SIGNAL at most N',
    /^reversals of (\S+) (.+)$/,
    ([name = '', text = ''], site) => {
      const signal = signalOf(name, site);
      return { kind: 'span', measure: 'reversals', signal, compare: compare(text, '') };
    },
  ],
  [
    'SIGNAL settles within A..B',
    /^(\S+) settles (within .+)$/,
    ([name = '', text = ''], site) => {
      const signal = signalOf(name, site);
      return { kind: 'settles', signal, compare: compare(text, baseOf(signal)) };
    },
  ],
  [
    'overshoot of SIGNAL past GOAL at most A',
    /^overshoot of (\S+) past (.+?) (at most .+)$/,
    ([name = '', goalValue = '', text = ''], site) => {
      const signal = signalOf(name, site);
      const base = baseOf(signal);
      const bound = compare(text, base);
      return { kind: 'overshoot', signal, goalValue: quantity(goalValue, base), compare: bound };
    },
  ],
  [
    'crossings of SIGNAL through GOAL at most N',
    /^crossings of (\S+) through (.+?) (at most \d+)$/,
    ([name = '', goalValue = '', text = ''], site) => {
      const signal = signalOf(name, site);
      const bound = compare(text, '');
      return {
        kind: 'crossings',
        signal,
        goalValue: quantity(goalValue, baseOf(signal)),
        compare: bound,
      };
    },
  ],
  ['log says TEXT', /^log says (.+)$/, ([text = '']) => ({ kind: 'log', text })],
  [
    'SIGNAL within A..B',
    /^(\S+) ((?:within|at least|at most|above|below|is) .+)$/,
    ([name = '', text = ''], site) => {
      const signal = signalOf(name, site);
      return { kind: 'value', signal, compare: compare(text, baseOf(signal)) };
    },
  ],
];

export const EXPECT_USAGE: readonly string[] = [...FACTS, ...SPANS].map(([usage]) => usage);

function parseCondition(text: string, site: Site): Condition {
  const fact = parseFact(text, site);
  if (fact !== undefined) return { kind: 'fact', fact };
  for (const [, pattern, read] of SPANS) {
    const match = pattern.exec(text);
    if (match !== null) return read(match.slice(1), site);
  }
  throw new Unclear(`'${text}' expects nothing`, `write ${EXPECT_USAGE.join('; ')}`);
}

const BASES = ['W', 'Wh', 'Pct', 'C', 'A', 'V', 'Hz'] as const;
const baseOf = ({ quantity: name }: SignalName): string =>
  BASES.find((base) => name.endsWith(base)) ?? '';

/** What a plant tells of its places, and a device of what it is told. */
const BY_PLANT =
  /^(powerW|socPct|availableW|temperatureC|chargeMaxW|dischargeMaxW|quarterMeanW|powerL[123]W)$/;
const BY_DEVICE = /^(setpointW|limitW|currentA)$/;

function signalOf(name: string, site: Site): SignalName {
  const seen = /^seen\.(.+)\.([^.]+)$/.exec(name);
  if (seen !== null) {
    return { place: placeOf(seen[1] ?? '', site), quantity: seen[2] ?? '', by: 'gateway' };
  }
  const limit = /^limit\.(importW|exportW)$/.exec(name);
  if (limit !== null) return { place: 'limit', quantity: limit[1] ?? '', by: 'gateway' };
  const [, place = '', last = ''] = /^(.+)\.([^.]+)$/.exec(name) ?? [];
  if (place === '') {
    throw new Unclear(`'${name}' is no signal`, 'write PLACE.QUANTITY, as grid.powerW');
  }
  placeOf(place, site);
  if (BY_PLANT.test(last)) return { place, quantity: last, by: 'plant' };
  if (BY_DEVICE.test(last)) return { place, quantity: last, by: 'device' };
  const mend = 'write powerW, socPct, availableW, quarterMeanW, setpointW, limitW, currentA';
  throw new Unclear(`'${last}' is no quantity of a place`, mend);
}

function placeOf(id: string, site: Site): string {
  const ids = [...site.connections, ...site.terminals].map((one) => one.id);
  if (ids.includes(id)) return id;
  throw new Unclear(`no place '${id}' at this site`, `choose from: ${ids.join(', ')}`);
}

/** A device, or the one that a terminal is commanded by. */
function deviceOf(id: string, site: Site): string {
  if (site.devices.some((one) => one.id === id)) return id;
  const terminal = site.terminals.find((one) => one.id === id);
  const device = terminal?.controlDevice ?? terminal?.device;
  if (device !== undefined) return device;
  const ids = site.devices.map((one) => one.id).join(', ');
  throw new Unclear(`no device '${id}' at this site`, `choose from: ${ids}`);
}
