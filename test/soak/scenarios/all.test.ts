import { beforeAll, describe, expect, test } from 'vitest';
import { outcomeOf, standPorts } from '../../../simulators/cli/scenario.ts';
import { loadScenario, shipped } from '../../../simulators/cli/scenario-file.ts';
import { failedOf, type Outcome, table } from '../../../simulators/scenarios/report.ts';
import { runVirtual, type StandPorts } from '../../../simulators/scenarios/stand.ts';
import type { Scenario } from '../../../simulators/scenarios/types.ts';

/**
 * In these nothing is asked of control that standing still would not give as well: they watch what
 * is read, written or said. Each has another planted gateway below that fails it.
 */
const WATCHERS: Readonly<Record<string, (scenario: Scenario) => Scenario>> = {
  'read-only-never-writes': (one) => withControl(one, true),
};

let ports: StandPorts;
beforeAll(async () => {
  ports = await standPorts();
});
const run = (scenario: Scenario): Promise<Outcome> =>
  outcomeOf(scenario, (one) => runVirtual(one, ports));
const withControl = (scenario: Scenario, active: boolean): Scenario => ({
  ...scenario,
  site: { ...scenario.site, control: { ...scenario.site.control, active } },
});

describe.each(shipped())('%s', (name) => {
  test('passes, or fails where the file says that it is known to', async () => {
    const scenario = loadScenario(name);
    const outcome = await run(scenario);
    const isFailed = failedOf(outcome) > 0;
    expect(isFailed, table(outcome).join('\n')).toBe(scenario.open !== undefined);
  });

  test('fails with a gateway that does not do it', async () => {
    const scenario = loadScenario(name);
    const planted = (WATCHERS[name] ?? ((one) => withControl(one, false)))(scenario);
    const outcome = await run(planted);
    expect(failedOf(outcome), table(outcome).join('\n')).toBeGreaterThan(0);
  });
});
