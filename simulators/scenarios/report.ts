import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import { clockSeconds } from '../../gateway/contracts/values/words.ts';
import { escaped } from './drawing.ts';
import type { Verdict } from './judge.ts';
import type { Recording, Scenario } from './types.ts';

/** A scenario that was run and judged. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly recording: Recording;
  readonly verdicts: readonly Verdict[];
  readonly tookMs: number; // of real time
}

export const failedOf = ({ verdicts }: Outcome): number =>
  verdicts.filter(({ status }) => status === 'failed').length;

const MARKS = { passed: 'ok  ', failed: 'FAIL', 'not judged': '-   ' } as const;

/** Lines for people: each expectation, what was found, and when. */
export function table(outcome: Outcome): string[] {
  const { scenario, verdicts, recording } = outcome;
  const zone = scenario.site.place.timeZone;
  const failed = failedOf(outcome);
  const verdict = failed === 0 ? 'passed' : `${failed} of ${verdicts.length} failed`;
  const lines = verdicts.flatMap((one) => {
    const at = one.atMs === undefined ? '' : ` at ${clockSeconds(one.atMs, zone)}`;
    const where = one.line === 0 ? '' : ` (line ${one.line})`;
    const found = `       ${one.status === 'failed' ? 'found ' : ''}${one.found}${at}`;
    return [`  ${MARKS[one.status]} ${one.when}: ${one.text}${where}`, found];
  });
  const alarms =
    recording.unreachableCount === 0
      ? []
      : [`  note ${recording.unreachableCount} times a limit was beyond everything controllable`];
  const known = failed > 0 && scenario.open !== undefined ? [`  known ${scenario.open}`] : [];
  return [`${scenario.name}: ${scenario.title}: ${verdict}`, ...lines, ...alarms, ...known];
}

const iso = (atMs: number): string =>
  `${isoMinute(atMs).slice(0, 11)}${clockSeconds(atMs, 'UTC')}Z`;

/** One object a scenario. */
export function asObject(outcome: Outcome) {
  const { scenario, verdicts, recording, tookMs } = outcome;
  return {
    scenario: scenario.name,
    title: scenario.title,
    site: scenario.site.id,
    passed: failedOf(outcome) === 0,
    from: iso(scenario.startMs),
    until: iso(scenario.untilMs),
    seed: scenario.seed,
    open: scenario.open ?? null,
    tookMs: Math.round(tookMs),
    writes: recording.writes.length,
    unreachable: recording.unreachableCount,
    expectations: verdicts.map(({ fromMs, untilMs, atMs, ...rest }) => ({
      ...rest,
      from: iso(fromMs),
      until: iso(untilMs),
      at: atMs === undefined ? null : iso(atMs),
    })),
  };
}

/**
 * JUnit XML: a suite each scenario, a case each expectation; what the schemas of Ant (windyroad)
 * and of Jenkins (xunit plug-in) both take.
 */
export function junit(outcomes: readonly Outcome[]): string {
  const seconds = (ms: number): string => (ms / 1_000).toFixed(3);
  const count = (list: readonly Verdict[], status: Verdict['status']): number =>
    list.filter((one) => one.status === status).length;
  const counts = (list: readonly Verdict[]): string =>
    `tests="${list.length}" failures="${count(list, 'failed')}" errors="0"`;
  const suites = outcomes.map(({ scenario, verdicts, tookMs }, id) => {
    const cases = verdicts.map((one) => {
      const name = escaped(`${one.when}: ${one.text}`);
      const head = `    <testcase name="${name}" classname="${scenario.name}" time="0"`;
      if (one.status === 'passed') return `${head}/>`;
      const where = one.line === 0 ? scenario.name : `${scenario.name}.yaml:${one.line}`;
      const message = escaped(
        `${one.found}${one.atMs === undefined ? '' : ` at ${iso(one.atMs)}`}`,
      );
      const inner =
        one.status === 'failed'
          ? `      <failure message="${message}" type="expectation">${escaped(where)}</failure>`
          : `      <skipped message="${message}"/>`;
      return `${head}>\n${inner}\n    </testcase>`;
    });
    const skipped = count(verdicts, 'not judged');
    return [
      `  <testsuite name="${scenario.name}" id="${id}" package="edgewatt.scenarios"` +
        ` ${counts(verdicts)} skipped="${skipped}"` +
        ` time="${seconds(tookMs)}" timestamp="${iso(scenario.startMs).slice(0, 19)}"` +
        ' hostname="edgewatt-sim">',
      '    <properties/>',
      ...cases,
      '    <system-out/>',
      '    <system-err/>',
      '  </testsuite>',
    ].join('\n');
  });
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites];
  return `${lines.join('\n')}\n</testsuites>\n`;
}
