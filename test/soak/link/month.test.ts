import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../gateway/contracts/values/time.ts';
import type { AgentStore } from '../../../gateway/ports.ts';
import { worldPorts } from '../../../simulators/cli/world.ts';
import { runWorld } from '../../../simulators/world/world.ts';

const START_MS = Date.UTC(2026, 5, 1);
const CUT_DAYS = 30;
const BEFORE_MS = HOUR_MS;
const AFTER_MS = 3 * HOUR_MS; // for a month of records, at the pace of the backlog
const QUARTERS_A_DAY = 96;

it('thirty days without the cloud: rules kept, quarters planned, all accounted for', async () => {
  const ports = await worldPorts();
  const stores: AgentStore[] = []; // outlive the run, as disks do
  const agentStore = (nowMs: number): AgentStore => {
    const made = ports.agentStore(nowMs);
    stores.push(made);
    return made;
  };
  const backMs = START_MS + BEFORE_MS + CUT_DAYS * DAY_MS;
  const durationMs = BEFORE_MS + CUT_DAYS * DAY_MS + AFTER_MS;
  const cut = { kind: 'uplink-cut', siteIndex: 0, pickPct: 0, line: '' } as const;
  const result = await runWorld(
    {
      ...{ seed: 29, days: durationMs / DAY_MS, sites: 1, startMs: START_MS },
      faults: [{ ...cut, atMs: BEFORE_MS, forMs: CUT_DAYS * DAY_MS }],
    },
    { ...ports, agentStore },
  );
  const given = result.violations.filter(({ what }) => /confirmed records never came/.test(what));
  const lost = given.reduce((sum, { what }) => sum + Number.parseInt(what, 10), 0);
  const [store] = stores;
  const plans = (await store?.list('plan', backMs - DAY_MS, backMs))?.length;
  const outbox = await store?.outbox();
  console.info('thirty days without the cloud', {
    cycles: result.cycles,
    recordsConfirmed: result.recordsConfirmed,
    lost,
    plans,
    outbox,
  });
  expect(result.violations.filter((one) => !given.includes(one))).toEqual([]);
  expect(result.missedCycles).toBe(0);
  // Clocks drift by up to a percent.
  expect(result.cycles).toBeGreaterThan((durationMs / 1_000) * 0.98);
  // What found no room is counted, to the record; nothing else is missing.
  expect(outbox?.droppedRows).toBe(lost);
  expect(plans).toBeGreaterThanOrEqual(QUARTERS_A_DAY);
});
