import { exp } from '../../../../devices/maths.ts';
import type { Levels, NeedLevels, ValueStore } from '../../../contracts/values/levels.ts';
import type { ShownNeed } from './value.ts';

/** Needs from the clearest kind of day to the dullest that a table names, at equal distances. */
const NEEDS = 12;
/** Its ends lie beyond these, in standard deviations; what is still further away counts as they. */
const END_SPREADS = 2;
/** Of the band: levels that are no further apart are the same. */
const SAME_PCT = 0.1;

/**
 * What the levels of a step become once its mean need shows: the kinds of day get their shares by
 * Bayes' rule, and from their costs to go follow levels as without them.
 * @param prior  shares of the kinds before anything shows, sum 1
 * @param levelsOn  levels on a day whose kind is known so far
 * @returns undefined where the need would change nothing
 */
export function needLevels(
  shown: readonly ShownNeed[],
  prior: readonly number[],
  hours: number,
  levelsOn: (shares: readonly number[]) => Levels,
  { minWh, maxWh }: ValueStore,
): NeedLevels | undefined {
  const lowWh = Math.min(...shown.map(({ needWh, spreadWh }) => needWh - END_SPREADS * spreadWh));
  const highWh = Math.max(...shown.map(({ needWh, spreadWh }) => needWh + END_SPREADS * spreadWh));
  const needsWh = Array.from(
    { length: NEEDS },
    (_, n) => lowWh + ((highWh - lowWh) * n) / (NEEDS - 1),
  );
  const found = needsWh.map((needWh) => levelsOn(sharesBy(shown, prior, needWh)));
  const pct = (wh: number): number => (100 * (wh - minWh)) / (maxWh - minWh);
  const column = (of: (levels: Levels) => number): number[] =>
    rising(found.map((one) => pct(of(one))));
  const table: NeedLevels = {
    needW: needsWh.map((needWh) => Math.round(needWh / hours)),
    buyToPct: column(({ buyToWh }) => buyToWh),
    storeToPct: column(({ storeToWh }) => storeToWh),
    coverToPct: column(({ coverToWh }) => coverToWh),
    sellToPct: column(({ sellToWh }) => sellToWh),
  };
  return isFlat(table) ? undefined : table;
}

/** Kinds of day once a need has shown, sum 1; each shows needs by a normal law. */
function sharesBy(shown: readonly ShownNeed[], prior: readonly number[], seenWh: number): number[] {
  const logs = shown.map(({ needWh, spreadWh }) => {
    const apart = (seenWh - needWh) / spreadWh;
    return (-apart * apart) / 2;
  });
  const nearest = Math.max(...logs); // far from all of them, they are still compared
  const weights = shown.map(
    ({ spreadWh }, kind) => ((prior[kind] ?? 0) * exp((logs[kind] ?? 0) - nearest)) / spreadWh,
  );
  const sum = weights.reduce((all, one) => all + one, 0);
  return weights.map((one) => one / sum);
}

/**
 * A duller day makes no energy cheaper. Where its worth is flat, what a level is hangs on chance:
 * neighbours that fall are one mean (pool adjacent violators; Ayer et al. 1955).
 */
function rising(values: readonly number[]): number[] {
  const pools: { sum: number; count: number }[] = [];
  const meanOf = (pool?: { sum: number; count: number }): number =>
    pool === undefined ? Number.NEGATIVE_INFINITY : pool.sum / pool.count;
  for (const value of values) {
    let pool = { sum: value, count: 1 };
    while (meanOf(pools.at(-1)) > meanOf(pool)) {
      const before = pools.pop() ?? { sum: 0, count: 0 };
      pool = { sum: before.sum + pool.sum, count: before.count + pool.count };
    }
    pools.push(pool);
  }
  return pools.flatMap((pool) =>
    new Array<number>(pool.count).fill(Math.round(10 * meanOf(pool)) / 10),
  );
}

function isFlat({ needW: _, ...levels }: NeedLevels): boolean {
  return Object.values(levels).every((column: readonly number[]) => {
    const [first = 0] = column;
    return column.every((pct) => Math.abs(pct - first) <= SAME_PCT);
  });
}
