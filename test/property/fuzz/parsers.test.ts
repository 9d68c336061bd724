import { expect, it } from 'vitest';
import { targets } from '../../fixtures/fuzz/parsers.ts';
import { fuzz } from '../../fixtures/fuzz/run.ts';

it.each(targets().map((target) => [target.name, target] as const))(
  '%s: whatever bytes arrive, no crash and no hang',
  async (_name, target) => {
    expect(await fuzz(target, 120, 1)).toEqual([]);
  },
);
