import { expect, it } from 'vitest';
import { worldPorts } from '../../../simulators/cli/world.ts';
import type { PlannedFault } from '../../../simulators/world/faults.ts';
import { runWorld } from '../../../simulators/world/world.ts';

const START_MS = Date.UTC(2027, 5, 17, 9);
const MINUTE_MS = 60_000;
/** Just after a quarter-hour has begun and been planned. */
const CUT_MS = 31 * MINUTE_MS;
/** Until the next plan, which would have known what the cloud says then. */
const SAME_MS = 13 * MINUTE_MS;
const SEEDS = [1, 2, 3]; // one of each kind of site

const CUT: PlannedFault = {
  atMs: CUT_MS,
  kind: 'uplink-cut',
  siteIndex: 0,
  pickPct: 0,
  line: '',
  forMs: SAME_MS,
};

/** What the guard decides each second while the way to the cloud is cut, or would be. */
async function decisions(seed: number, faults: readonly PlannedFault[]): Promise<string[]> {
  const seen: string[] = [];
  const onImage: Parameters<typeof runWorld>[0]['onImage'] = (_, atMs, image) => {
    const sinceMs = atMs - START_MS;
    if (sinceMs < CUT_MS || sinceMs >= CUT_MS + SAME_MS) return;
    const powers = image.decisions.map(({ terminal, powerW, limitW }) => [
      terminal,
      powerW,
      limitW,
    ]);
    seen.push(JSON.stringify([sinceMs, image.limits.importLimitW, powers]));
  };
  const options = { seed, days: 0.04, sites: 1, startMs: START_MS, faults, onImage };
  const { violations } = await runWorld(options, await worldPorts());
  expect(violations).toEqual([]);
  return seen;
}

it.each(SEEDS)('L7, seed %i: a site without the cloud decides as with it', async (seed) => {
  const alone = await decisions(seed, [CUT]);
  expect(alone.length).toBeGreaterThan(700);
  expect(alone).toEqual(await decisions(seed, []));
});
