import { expect, it } from 'vitest';
import {
  createForkedSolver,
  createSolverInProcess,
} from '../../../../../gateway/adapters/solver/solver.ts';
import type { LinearModel } from '../../../../../gateway/contracts/values/linear-model.ts';

/** minimise -x - 2y, x + y <= 4, x + 3y <= 6, x, y >= 0: x = 3, y = 1 */
function small(change: Partial<LinearModel> = {}): LinearModel {
  return {
    columns: 2,
    rows: 2,
    cost: new Float64Array([-1, -2]),
    lower: new Float64Array([0, 0]),
    upper: new Float64Array([1e3, 1e3]),
    integer: new Uint8Array(2),
    rowLower: new Float64Array([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]),
    rowUpper: new Float64Array([4, 6]),
    rowStart: new Int32Array([0, 2, 4]),
    columnIndex: new Int32Array([0, 1, 0, 1]),
    value: new Float64Array([1, 1, 1, 3]),
    ...change,
  };
}

it.each([
  ['in a child', async () => createForkedSolver()],
  ['in process', createSolverInProcess],
])('solves, and says what it cannot solve, %s', async (_name, make) => {
  const solver = await make();
  const solution = await solver.solve(small(), 1_000);
  if (solution.status !== 'optimal') throw new Error(solution.detail);
  expect([...solution.x]).toEqual([3, 1]);
  expect(solution.objective).toBeCloseTo(-5, 9);
  expect([...solution.rowDual]).toEqual([-0.5, -0.5]);
  const whole = await solver.solve(
    small({ integer: new Uint8Array([0, 1]), rowUpper: new Float64Array([4, 5]) }),
    1_000,
  );
  expect(whole).toMatchObject({ status: 'optimal' });
  if (whole.status === 'optimal') expect(Math.round(whole.x[1] ?? -1)).toBe(whole.x[1]);
  const none = await solver.solve(small({ rowUpper: new Float64Array([-1, 6]) }), 1_000);
  expect(none.status).toBe('infeasible');
  const free = await solver.solve(
    small({
      rowUpper: new Float64Array([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]),
      upper: new Float64Array([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]),
    }),
    1_000,
  );
  expect(free.status).toBe('unbounded');
  const broken = await solver.solve(small({ cost: new Float64Array([Number.NaN, 1]) }), 1_000);
  expect(broken.status).toBe('failed');
  const again = await solver.solve(small(), 1_000);
  expect(again.status).toBe('optimal');
});

it('kills a child that does not answer in time', async () => {
  const solver = createForkedSolver(0);
  expect((await solver.solve(small(), 1)).status).toBe('time-limit');
});

it('ends what is under way when it is closed', async () => {
  const solver = createForkedSolver();
  const solution = solver.solve(small(), 1_000);
  solver.close();
  expect(await solution).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('SIGKILL'),
  });
});
