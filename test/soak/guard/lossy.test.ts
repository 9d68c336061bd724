import { expect, it } from 'vitest';
import { type LossyLine, lossyLine } from '../../fixtures/lossy/line.ts';

/** Of 400 minutes each: a word that leaves may come a second late where each loss costs one. */
const LATE_MOST = 5;
const SEEDS = Array.from({ length: 40 }, (_, n) => n + 1);

it.each([
  { lostShare: 0.5, baud: 9_600, batteries: 3, minutes: 10 },
  { lostShare: 0.65, baud: 9_600, batteries: 3, minutes: 10 },
  { lostShare: 0.5, baud: 19_200, batteries: 1, minutes: 10 },
  { lostShare: 0.65, baud: 19_200, batteries: 1, minutes: 10 },
] as const satisfies readonly Omit<LossyLine, 'seed'>[])(
  'a share of $lostShare of all answers lost at $baud baud, $batteries batteries: safe in time',
  async (line) => {
    const found: string[] = [];
    for (const seed of SEEDS) {
      const violations = await lossyLine({ ...line, seed });
      found.push(...violations.map(({ rule, atMs, what }) => `${seed}: ${rule} ${atMs} ${what}`));
    }
    console.info(line, found);
    expect(found.length).toBeLessThanOrEqual(LATE_MOST);
  },
);
