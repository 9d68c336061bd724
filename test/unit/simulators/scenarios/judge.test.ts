import { expect, test } from 'vitest';
import { loadScenario, parseScenario } from '../../../../simulators/cli/scenario-file.ts';
import { judge } from '../../../../simulators/scenarios/judge.ts';
import { plot } from '../../../../simulators/scenarios/plot.ts';
import { asObject, junit, type Outcome, table } from '../../../../simulators/scenarios/report.ts';
import type { Facts, Recording, Sample } from '../../../../simulators/scenarios/types.ts';

const facts = (mode: string): Facts => ({
  mode,
  flags: mode === 'safe' ? ['limited'] : [],
  reason: 'PLAN',
  reasons: { battery1: 'EXPORT_LIMIT' },
  devices: { inverter2: mode === 'safe' ? 'silent' : 'ok' },
  importLimitW: 60_000,
  exportLimitW: 20_000,
  seen: { 'grid.powerW': -1_000 },
  qualities: { 'grid.powerW': mode === 'safe' ? 'stale' : 'good' },
});

const START = Date.parse('2026-06-17T10:00:00Z');

/** A minute in seconds: export rises to 10 kW at 20 s, swings once, and rests from 30 s on. */
const powerAt = (s: number): number =>
  s <= 20 ? 0 : s <= 25 ? -12_000 : s < 30 ? -9_000 : -10_000;
const samples = Array.from({ length: 60 }, (_, n): Sample => {
  const s = n + 1;
  return {
    atMs: START + s * 1_000,
    values: { 'grid.powerW': powerAt(s), 'battery1.socPct': 50 + s / 60 },
    ownModes: s > 40 ? ['battery1'] : [],
    facts: s < 3 ? undefined : facts(s > 50 ? 'safe' : 'trading'),
  };
});
const writes = [22, 23, 55].map((s) => ({
  atMs: START + s * 1_000,
  device: 'inverter2',
  address: 100,
  words: [1],
  exception: 0,
}));
const recording: Recording = {
  samples,
  writes,
  log: [{ atMs: START + 21_000, text: 'step seen' }],
  violations: [],
  unreachableCount: 0,
  heard: 'inside',
};

const scenarioOf = (when: string, text: string) =>
  parseScenario(
    `version: 1
title: A & B <minute>
why: to judge it
site: sunfield
start: 2026-06-17 12:00
for: 60 s
timeline:
  - +20 s as step: sun pv1 10 kW
expect:
  - "${when}": "${text}"
`,
    '/nowhere/minute.yaml',
    'minute.yaml',
  );
const statusOf = (when: string, text: string, run = recording): string | undefined =>
  judge(scenarioOf(when, text), run)[0]?.status;

/** Each line passes, and the same line a little stricter or the other way round fails. */
test.each([
  ['always', 'grid.powerW at least -12 kW', 'always', 'grid.powerW at least -11 kW'],
  ['until 20 s after start', 'grid.powerW is 0', 'until 21 s after start', 'grid.powerW is 0'],
  ['never', 'grid.powerW above 0 W', 'never', 'grid.powerW below 0 W'],
  ['eventually', 'grid.powerW below -11 kW', 'eventually', 'grid.powerW below -13 kW'],
  ['at 30 s after start', 'grid.powerW is -10 kW', 'at 29 s after start', 'grid.powerW is -10 kW'],
  [
    'within 1 s after step',
    'grid.powerW below -5 kW',
    'by 20 s after start',
    'grid.powerW below 0 W',
  ],
  ['from 3 s after start', 'mode trading or safe', 'from 3 s after start', 'mode trading'],
  ['from 3 s after start', 'mode not holding', 'always', 'mode not holding'],
  ['between +51 s and end', 'flag limited', 'between +50 s and end', 'flag limited'],
  ['between +3 s and +50 s', 'no flag limited', 'between +3 s and +51 s', 'no flag limited'],
  ['from +3 s', 'reason of battery1 EXPORT_LIMIT', 'from +3 s', 'reason of pv1 EXPORT_LIMIT'],
  ['eventually', 'reason EXPORT_LIMIT', 'eventually', 'reason ENVELOPE'],
  [
    'within 31 s after step',
    'device inverter2 not ok',
    'within 30 s after step',
    'device inverter2 not ok',
  ],
  [
    'eventually',
    'quality of grid.powerW is stale',
    'eventually',
    'quality of grid.powerW is timeout',
  ],
  ['from +41 s', 'battery1 in own mode', 'from +40 s', 'battery1 in own mode'],
  ['always', 'writes to battery1 at most 3', 'always', 'writes to battery1 at most 2'],
  ['until +21 s', 'writes to inverter2 none', 'until +22 s', 'writes to inverter2 none'],
  [
    'never until +50 s',
    'writes to inverter2 while flag limited',
    'never',
    'writes to inverter2 while flag limited',
  ],
  [
    'from step',
    'grid.powerW settles within -10.1..-9.9 kW',
    'between step and +29 s',
    'grid.powerW settles within -10.1..-9.9 kW',
  ],
  [
    'from step',
    'overshoot of grid.powerW past -10 kW at most 2 kW',
    'from step',
    'overshoot of grid.powerW past -10 kW at most 1.9 kW',
  ],
  [
    'from +21 s',
    'crossings of grid.powerW through -10 kW at most 1',
    'from +21 s',
    'crossings of grid.powerW through -10 kW at most 0',
  ],
  [
    'always',
    'reversals of grid.powerW at most 0',
    'always',
    'reversals of seen.grid.powerW within 1..2',
  ],
  [
    'between +31 s and end',
    'mean of grid.powerW is -10 kW',
    'always',
    'mean of grid.powerW is -10 kW',
  ],
  ['always', 'least of grid.powerW is -12 kW', 'always', 'least of grid.powerW at least -11 kW'],
  [
    'always',
    'change of battery1.socPct within 0.9..1 %',
    'always',
    'change of battery1.socPct at least 1 %',
  ],
  ['within 2 s after step', 'log says step seen', 'never', 'log says step seen'],
  ['from +3 s', 'limit.exportW is 20 kW', 'from +3 s', 'limit.exportW at least 21 kW'],
])('%s: %s holds; %s: %s does not', (when, text, otherWhen, other) => {
  expect(statusOf(when, text)).toBe('passed');
  expect(statusOf(otherWhen, other)).toBe('failed');
});

test('what only our gateway tells is not judged in front of another master', () => {
  const foreign: Recording = { ...recording, heard: 'none' };
  expect(statusOf('always', 'mode trading', foreign)).toBe('not judged');
  expect(statusOf('always', 'seen.grid.powerW is 0', foreign)).toBe('not judged');
  expect(statusOf('always', 'grid.powerW at most 0 W', foreign)).toBe('passed');
  expect(statusOf('always', 'writes to inverter2 none', foreign)).toBe('failed');
  expect(statusOf('from +3 s', 'reason PLAN', { ...recording, heard: 'page' })).toBe('not judged');
});

test('a run that ended early fails, and so does what a judge saw unless it is excused', () => {
  expect(statusOf('at end', 'grid.powerW at most 0 W', { ...recording, samples: [] })).toBe(
    'failed',
  );
  const scenario = scenarioOf('always', 'grid.powerW at most 0 W');
  const seen = { ...recording, violations: [{ atMs: START, rule: 'S2', what: 'too much' }] };
  expect(judge(scenario, seen).at(-1)).toMatchObject({ status: 'failed', found: '1: S2 too much' });
  expect(judge({ ...scenario, excused: ['S2'] }, seen).at(-1)?.status).toBe('passed');
});

function outcome(when: string, text: string): Outcome {
  const scenario = scenarioOf(when, text);
  return { scenario, recording, verdicts: judge(scenario, recording), tookMs: 1_234 };
}

test('a result is a table, an object and JUnit XML', () => {
  const failed = outcome('always', 'grid.powerW at least -11 kW');
  expect(table(failed).join('\n')).toContain('FAIL always: grid.powerW at least -11 kW (line 10)');
  expect(table(failed).join('\n')).toContain('found grid.powerW -12000 at 12:00:21');
  expect(asObject(failed)).toMatchObject({ scenario: 'minute', passed: false });
  const xml = junit([failed, outcome('always', 'grid.powerW at least -13 kW')]);
  const suites = [...xml.matchAll(/<testsuite ([^>]+)>/g)].map(([, attributes = '']) => attributes);
  expect(suites).toHaveLength(2);
  for (const attributes of suites) {
    const names = [...attributes.matchAll(/(\w+)=/g)].map(([, name]) => name);
    for (const name of [
      'name',
      'id',
      'package',
      'tests',
      'failures',
      'errors',
      'time',
      'hostname',
    ]) {
      expect(names).toContain(name);
    }
    expect(attributes).toMatch(/timestamp="2026-06-17T10:00:00"/);
  }
  expect(xml).toContain(
    '<failure message="grid.powerW -12000 at 2026-06-17T10:00:21Z" type="expectation">',
  );
  expect([...xml.matchAll(/<testcase /g)]).toHaveLength(4);
  expect(xml).not.toMatch(/[<&](?![a-z/?]|amp;|lt;|gt;|quot;)/);
});

test('a drawing has every line, the mode and a mark where an expectation failed', () => {
  const good = plot(outcome('always', 'grid.powerW at least -13 kW'));
  const bad = plot(outcome('always', 'grid.powerW at least -11 kW'));
  expect(good).toContain('A &amp; B &lt;minute&gt;');
  expect(good).toContain('>trading</text>');
  expect(good).toContain('% full');
  expect(good).not.toContain('#C43E18');
  expect(bad).toContain('#C43E18');
  expect(bad).not.toMatch(/NaN|undefined|Infinity/);
});

test('a shipped scenario can fail: a site that does nothing breaks its limit', () => {
  const scenario = loadScenario('export-limit-70');
  const idle = Array.from(
    { length: 600 },
    (_, n): Sample => ({
      atMs: scenario.startMs + (n + 1) * 1_000,
      values: {
        'grid.powerW': n < 180 ? -30_000 : -58_000,
        'pv1.powerW': n < 180 ? 30_000 : 58_000,
      },
      ownModes: [],
      facts: facts('trading'),
    }),
  );
  const verdicts = judge(scenario, { ...recording, samples: idle });
  expect(verdicts.find(({ text }) => text.startsWith('grid.powerW'))?.status).toBe('failed');
});
