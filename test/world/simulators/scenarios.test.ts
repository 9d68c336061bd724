import { beforeAll, expect, test } from 'vitest';
import { outcomeOf, standPorts } from '../../../simulators/cli/scenario.ts';
import { loadScenario } from '../../../simulators/cli/scenario-file.ts';
import { failedOf, type Outcome, table } from '../../../simulators/scenarios/report.ts';
import { runVirtual, type StandPorts } from '../../../simulators/scenarios/stand.ts';
import type { Scenario } from '../../../simulators/scenarios/types.ts';

/** One of each kind; all of them run in the soak. */
const SOME = [
  'export-limit-70',
  'forged-order',
  'island-and-return',
  'pain-01-forced-mode-left-behind',
  'pain-03-stale-meter',
  'pain-15-reserve-kept',
  'soc-jump', // a reading that is set
];

let ports: StandPorts;
beforeAll(async () => {
  ports = await standPorts();
});
const run = (scenario: Scenario): Promise<Outcome> =>
  outcomeOf(scenario, (one) => runVirtual(one, ports));

test.each(SOME)('%s holds in virtual time', async (name) => {
  const outcome = await run(loadScenario(name));
  expect(failedOf(outcome), table(outcome).join('\n')).toBe(0);
});

test('a gateway that only watches breaks what it should keep', async () => {
  const scenario = loadScenario('export-limit-70');
  const control = { ...scenario.site.control, active: false };
  const outcome = await run({ ...scenario, site: { ...scenario.site, control } });
  const failed = outcome.verdicts.filter(({ status }) => status === 'failed');
  expect(failed.map(({ text }) => text)).toContain('grid.powerW at least -43.1 kW');
});
