import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { targets } from '../../fixtures/fuzz/parsers.ts';
import { fuzz } from '../../fixtures/fuzz/run.ts';
import { count } from '../counts.ts';

const TARGET_MS = 60_000;
const ROUND = 500;
const GROWTH_BYTES = 24 * 1_048_576; // caches that have a bound are full after the first rounds
const WARM_ROUNDS = 4;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it.each(targets().map((target) => [target.name, target] as const))(
  '%s: for a minute of whatever bytes, no crash, no hang, no growth',
  async (_name, target) => {
    const endMs = performance.now() + TARGET_MS;
    const first = Date.now() % 1_000_000_007;
    let warmBytes = Number.POSITIVE_INFINITY;
    let rounds = 0;
    while (performance.now() < endMs) {
      const wrong = await fuzz(target, ROUND, first + rounds);
      count('fuzz of parsers', { inputs: ROUND, wrong: wrong.length });
      expect(wrong).toEqual([]);
      rounds += 1;
      if (rounds === WARM_ROUNDS) warmBytes = usedBytes();
    }
    expect(usedBytes() - warmBytes).toBeLessThan(GROWTH_BYTES);
  },
);
