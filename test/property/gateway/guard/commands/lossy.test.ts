import { expect, it } from 'vitest';
import { lossyLine } from '../../../../fixtures/lossy/line.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];

it('half of all answers lost on a slow line of four: safe in time, no rule broken', async () => {
  for (const seed of SEEDS) {
    const found = await lossyLine({ seed, lostShare: 0.5, baud: 9_600, batteries: 3, minutes: 5 });
    expect(found, `seed ${seed}`).toEqual([]);
  }
}, 120_000);

it('two of three lost: arming its timer brings no order back that has run out', async () => {
  const line = { lostShare: 0.65, baud: 9_600, batteries: 3 } as const;
  expect(await lossyLine({ ...line, seed: 4, minutes: 2 })).toEqual([]);
  expect(await lossyLine({ ...line, seed: 29, minutes: 3 })).toEqual([]);
}, 120_000);
