import { HOUR_MS } from '../../gateway/contracts/values/time.ts';

/** An interval is settled so long after it began, had its meters a way to the cloud. */
const SETTLED_MS = 4 * HOUR_MS;

interface Line {
  readonly id: string;
  readonly legs: readonly (readonly [account: string, amountNano: string])[];
}

/**
 * S15, on the journal of a market: a cause has one entry, entries sum to 0, an interval is traded
 * once and has one settlement that stands, and every one that was traded is settled.
 * @param endMs of the run, UTC
 * @returns what is wrong
 */
export function judgeBooks(journal: Iterable<string>, endMs: number): string[] {
  const wrong: string[] = [];
  const standing = new Map<string, number>(); // settlements by interval, less those taken back
  const ids = new Set<string>();
  const traded = new Set<string>();
  for (const text of journal) {
    const { id, legs } = JSON.parse(text) as Line;
    if (ids.has(id)) wrong.push(`${id} is booked twice`);
    ids.add(id);
    const sum = legs.reduce((total, [, amount]) => total + BigInt(amount), 0n);
    if (sum !== 0n) wrong.push(`${id} sums to ${sum}`);
    const [kind, zone, from, version, isReversed] = id.split('/');
    const interval = `${zone}/${from}`;
    if (kind === 'trade' && version === undefined) traded.add(interval);
    if (kind !== 'imbalance') continue;
    standing.set(interval, (standing.get(interval) ?? 0) + (isReversed === undefined ? 1 : -1));
  }
  for (const [interval, count] of standing) {
    if (count !== 1) wrong.push(`${count} settlements of ${interval} stand`);
  }
  for (const interval of traded) {
    const fromMs = Number(interval.split('/')[1]);
    if (fromMs + SETTLED_MS < endMs && !standing.has(interval)) {
      wrong.push(`${interval} was traded and is not settled`);
    }
  }
  return wrong;
}
