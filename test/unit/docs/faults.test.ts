import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FAULT_KINDS, specOf } from '../../../simulators/world/fault-kinds.ts';
import { ROOT } from '../../architecture/source.ts';
import { FAULTS, type FaultRow } from '../../fixtures/faults.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const scenarioOf = (name: string): string => `simulators/scenarios/${name}.yaml`;
const kindsOf = (number: number): string[] =>
  FAULT_KINDS.filter((kind) => specOf(kind).faultIds.includes(String(number)));

function row({ number, name, required, checks, scenarios = [], open = '' }: FaultRow): string {
  const files = [...new Set(checks.map(({ file }) => file.replace(/^test\//, '')))];
  const kinds = kindsOf(number);
  const shown = [
    ...files,
    ...scenarios.map((scenario) => `scenario ${scenario}`),
    ...(kinds.length > 0 ? [`world: ${kinds.join(', ')}`] : []),
  ].join('<br>');
  return `| ${number} | ${name} | ${required} | ${shown} | ${open} |`;
}

/** docs/faults.md, written anew by `npm test -- test/unit/docs/faults.test.ts -u`. */
function page(): string {
  const open = FAULTS.filter((one) => one.open !== undefined).length;
  const unseen = FAULTS.filter((one) => one.checks.length === 0 && one.scenarios === undefined);
  const numbers = unseen.map(({ number }) => number).join(', ');
  const own =
    unseen.length === 0
      ? 'Each has a test or a scenario of its own.'
      : `No test and no scenario of their own have: ${numbers}.`;
  return [
    '# What can go wrong, and what shows that it is survived',
    '',
    'Written from `test/fixtures/faults.ts` by `npm test -- test/unit/docs/faults.test.ts -u`.',
    '',
    `${FAULTS.length} faults. ${own} ${open} of them have a part that nothing shows yet:`,
    'it stands in the last column.',
    '',
    'Tests are paths below `test/`; those in `soak/` run with `npm run soak`, all others with',
    '`npm test`. A scenario is run by `edgewatt-sim scenario NAME` ([scenarios](scenarios.md)).',
    'After "world" stand the kinds of fault that `edgewatt-sim world` draws from its seed, with',
    'every rule of [invariants](invariants.md) judged while they last ([world](world.md)).',
    '',
    '| | Fault | What has to happen | Shown by | Not shown |',
    '| --- | --- | --- | --- | --- |',
    ...FAULTS.map(row),
    '',
  ].join('\n');
}

it('the page says what the table says', async () => {
  await expect(page()).toMatchFileSnapshot(join(ROOT, 'docs/faults.md'));
});

it.each(FAULTS.flatMap(({ number, checks }) => checks.map((one) => ({ number, ...one }))))(
  'fault $number is shown by "$named" in $file',
  ({ file, named }) => {
    expect(named.length).toBeGreaterThan(6); // words of one test, not of any
    expect(read(file)).toContain(named);
  },
);

it('every scenario that is named is there, and known to pass', () => {
  for (const name of FAULTS.flatMap(({ scenarios }) => scenarios ?? [])) {
    expect(existsSync(join(ROOT, scenarioOf(name))), name).toBe(true);
    expect(read(scenarioOf(name)), name).not.toMatch(/^open:/m);
  }
});

it('all 72 are there, and one that nobody shows says why', () => {
  expect(FAULTS.map(({ number }) => number)).toEqual(Array.from({ length: 72 }, (_, n) => n + 1));
  for (const { number, checks, scenarios, open } of FAULTS) {
    expect(checks.length > 0 || scenarios !== undefined || open !== undefined, `${number}`).toBe(
      true,
    );
  }
});
