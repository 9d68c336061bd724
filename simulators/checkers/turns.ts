import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Reporter } from './types.ts';

const MISSED_CYCLES = 3;
const FIRST_MS = 6_000; // safe states within 5 s of a start, then the first turn

/**
 * S11: whatever disk, agent and cloud do, the turns of a guard that lives go on; and one that
 * starts has decided within seconds.
 */
export function createTurnJudge(cycleMs: number, report: Reporter) {
  let bootedMs: number | undefined;
  let last: { readonly boot: string; readonly atMs: number } | undefined;
  return {
    boot: (nowMs: number): void => {
      bootedMs = nowMs;
    },
    image: ({ bootId }: Pick<Image, 'bootId'>, nowMs: number): void => {
      const isFirst = last?.boot !== bootId;
      const sinceMs = isFirst ? bootedMs : last?.atMs;
      const mostMs = isFirst ? FIRST_MS : MISSED_CYCLES * cycleMs;
      if (sinceMs !== undefined && nowMs - sinceMs > mostMs) {
        const what = isFirst ? 'from its start to its first turn' : 'between two turns';
        report('S11', `${Math.round(nowMs - sinceMs)} ms ${what}`);
      }
      last = { boot: bootId, atMs: nowMs };
    },
  };
}
