import type { Reporter } from './types.ts';

/** Hours until all that is kept for a while is full: forecasts that are to be scored, twelve. */
const LEARNT = 13;
const TIMES = 1.5;
const SLACK = 64;
/** No site needs as many, however young: forecasts of 48 h wait until they are scored. */
const ENTRIES_MOST = 32_000;

/**
 * L5: what a gateway holds does not grow with its age. Counts come once an hour while all is well:
 * timers of its processes, entries of maps, sets and lists.
 */
export function createGrowthJudge(report: Reporter) {
  const known = new Map<string, { taken: number; most: number }>();
  return {
    count: (what: string, entries: number): void => {
      const own = known.get(what) ?? { taken: 0, most: 0 };
      known.set(what, own);
      own.taken += 1;
      const bound = Math.round(TIMES * own.most + SLACK);
      if (own.taken > LEARNT && entries > bound) {
        report('L5', `${entries} ${what}, at most ${own.most} in the hours before`);
      } else if (entries > ENTRIES_MOST) {
        report('L5', `${entries} ${what}, at most ${ENTRIES_MOST} are needed`);
      }
      if (own.taken <= LEARNT) own.most = Math.max(own.most, entries);
    },
    /** A process that starts anew is as young as at first. */
    restart: (what: string): void => void known.delete(what),
  };
}

const NODES_MAX = 200_000;
/** Ports: what is behind them is not the gateway's. */
const PORTS: ReadonlySet<string> = new Set([
  ...['clock', 'broker', 'store', 'log', 'pipe', 'schedule', 'solver', 'wire', 'verifier'],
]);

/** Entries of all maps, sets and lists that can be reached from here by fields. */
export function entriesOf(root: object): number {
  const seen = new Set<object>([root]);
  let entries = 0;
  const meet = (value: unknown): void => {
    if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) seen.add(value);
  };
  for (const holder of seen) {
    if (seen.size > NODES_MAX) break;
    if (holder instanceof Map || holder instanceof Set || Array.isArray(holder)) {
      entries += Array.isArray(holder) ? holder.length : holder.size;
      for (const value of holder.values()) meet(value);
    } else for (const [key, value] of Object.entries(holder)) if (!PORTS.has(key)) meet(value);
  }
  return entries;
}
