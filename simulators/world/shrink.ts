import type { PlannedFault } from './faults.ts';

/**
 * Delta debugging: the smallest list of faults, found by leaving out parts of it, with which a run
 * still goes wrong.
 * @param fails runs it; called at most `triesMax` times
 */
export async function shrink(
  faults: readonly PlannedFault[],
  fails: (faults: readonly PlannedFault[]) => Promise<boolean>,
  triesMax = 24,
): Promise<readonly PlannedFault[]> {
  let tries = 0;
  const still = async (some: readonly PlannedFault[]): Promise<boolean> => {
    tries += 1;
    return fails(some);
  };
  let left = faults;
  if (left.length > 0 && (await still([]))) return [];
  for (let parts = 2; left.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(left.length / parts);
    let found: readonly PlannedFault[] | undefined;
    for (let from = 0; from < left.length && tries < triesMax; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (rest.length > 0 && (await still(rest))) {
        found = rest;
        break;
      }
    }
    if (found !== undefined) {
      left = found;
      parts = Math.max(2, parts - 1);
    } else if (parts >= left.length) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}
