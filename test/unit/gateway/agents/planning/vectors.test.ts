import { afterAll, expect, it } from 'vitest';
import { createSolverInProcess } from '../../../../../gateway/adapters/solver/solver.ts';
import {
  disagreements,
  LONG,
  OUT_OF_REACH,
  readVectors,
} from '../../../../fixtures/planning/agreement.ts';

const vectors = readVectors();
if (vectors === undefined) {
  console.warn('../shared/vectors/planning is absent: the published planning cases are skipped');
}
const here = (vectors ?? []).filter(({ id }) => !LONG.has(id) && OUT_OF_REACH[id] === undefined);
const solver = await createSolverInProcess();
let agreedCount = 0;

it.skipIf(here.length === 0).each(here)('reaches the optimum of $id', async (vector) => {
  expect(await disagreements(vector, solver)).toEqual([]);
  agreedCount += 1;
});

it.skipIf(vectors === undefined)('names every case that it leaves out', () => {
  const ids = new Set((vectors ?? []).map(({ id }) => id));
  expect([...LONG, ...Object.keys(OUT_OF_REACH)].filter((id) => !ids.has(id))).toEqual([]);
  expect(here.length).toBeGreaterThanOrEqual(60);
});

afterAll(() => {
  if (vectors === undefined) return;
  const out = Object.entries(OUT_OF_REACH).map(([id, why]) => `${id}: ${why}`);
  console.info(
    `planning: ${agreedCount} of ${vectors.length} published optima reached; ` +
      `${LONG.size} run in the soak; left out: ${out.join('; ')}`,
  );
});
