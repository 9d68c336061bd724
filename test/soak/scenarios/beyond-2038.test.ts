import { expect, it } from 'vitest';
import { worldPorts } from '../../../simulators/cli/world.ts';
import { runWorld } from '../../../simulators/world/world.ts';

/** 2038-01-19T03:14:08Z: what counts seconds in 32 bits goes on in 1901. */
const ROLL_MS = 2 ** 31 * 1_000;
const MINUTE_MS = 60_000;
const LENGTH_MIN = 90;

it('nothing happens when 32 bits of seconds are over', async () => {
  const options = { seed: 7, sites: 1, days: LENGTH_MIN / 1_440, faults: [] };
  const log: string[] = [];
  const result = await runWorld(
    {
      ...options,
      startMs: ROLL_MS - 20 * MINUTE_MS,
      log: (_, line) => log.push(line),
    },
    await worldPorts(),
  );
  expect(result.violations).toEqual([]);
  expect(result.cycles).toBeGreaterThan(0.99 * LENGTH_MIN * 60);
  expect(result.recordsConfirmed).toBeGreaterThan(LENGTH_MIN);
  expect(result.intervalsCleared).toBeGreaterThan(0);
  expect(log.filter((line) => /untrusted|cannot be trusted|1901|Invalid/.test(line))).toEqual([]);
});
