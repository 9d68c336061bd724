import { expect, it } from 'vitest';
import { type LossyLine, lossyLine } from '../../fixtures/lossy/line.ts';

type Line = Omit<LossyLine, 'seed' | 'minutes'>;

/** A word that leaves may come a second late where each loss costs one: so many seeds of ten. */
const LATE_MOST = 2;
const SHARDS = [0, 10, 20, 30];
const LINES: readonly Line[] = [
  { lostShare: 0.5, baud: 9_600, batteries: 3 },
  { lostShare: 0.65, baud: 9_600, batteries: 3 },
  { lostShare: 0.5, baud: 19_200, batteries: 1 },
  { lostShare: 0.65, baud: 19_200, batteries: 1 },
];
/** Ten runs of ten minutes take 15 s of a core; at the lowest priority an hour must do. */
const SHARD_MS = 3_600_000;

it.each(LINES.flatMap((line) => SHARDS.map((from) => ({ ...line, from }))))(
  'a share of $lostShare lost at $baud baud, $batteries batteries: safe in time (from $from)',
  async ({ from, ...line }) => {
    const found: string[] = [];
    let late = 0;
    for (let seed = from + 1; seed <= from + 10; seed += 1) {
      const violations = await lossyLine({ ...line, seed, minutes: 10 });
      if (violations.length > 0) late += 1;
      found.push(...violations.map(({ rule, atMs, what }) => `${seed}: ${rule} ${atMs} ${what}`));
    }
    console.info(line, from, found);
    expect(found.filter((one) => !one.includes(': S4 '))).toEqual([]);
    expect(late).toBeLessThanOrEqual(line.lostShare > 0.5 ? LATE_MOST : 0);
  },
  SHARD_MS,
);
