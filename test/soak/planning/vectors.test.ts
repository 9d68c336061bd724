import { expect, it } from 'vitest';
import { createSolverInProcess } from '../../../gateway/adapters/solver/solver.ts';
import { disagreements, LONG, readVectors } from '../../fixtures/planning/agreement.ts';

const vectors = (readVectors() ?? []).filter(({ id }) => LONG.has(id));

it.skipIf(vectors.length === 0).each(vectors)('reaches the optimum of $id', async (vector) => {
  expect(await disagreements(vector, await createSolverInProcess())).toEqual([]);
});
