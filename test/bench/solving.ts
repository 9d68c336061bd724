import { createForkedSolver } from '../../gateway/adapters/solver/solver.ts';
import type { LinearModel } from '../../gateway/contracts/values/linear-model.ts';
import { createStream } from '../../simulators/random.ts';

/**
 * Plans without end: a model far larger than a site's, one planner child after the other, as the
 * agent would start them. Prints one line a solve.
 */
const COLUMNS = 2_400;
const ROWS = 1_200;
const PER_ROW = 12;
const LIMIT_MS = 8_000;

function bigModel(seed: number): LinearModel {
  const random = createStream(seed, 'model');
  const of = (length: number, value: () => number) => Float64Array.from({ length }, value);
  const count = ROWS * PER_ROW;
  return {
    columns: COLUMNS,
    rows: ROWS,
    cost: of(COLUMNS, () => -1 - random.next()),
    lower: new Float64Array(COLUMNS),
    upper: of(COLUMNS, () => 1),
    integer: Uint8Array.from({ length: COLUMNS }, (_, n) => (n % 3 === 0 ? 1 : 0)),
    rowLower: of(ROWS, () => Number.NEGATIVE_INFINITY),
    rowUpper: of(ROWS, () => 2 + random.next()),
    rowStart: Int32Array.from({ length: ROWS + 1 }, (_, n) => n * PER_ROW),
    columnIndex: Int32Array.from({ length: count }, (_, n) => {
      const row = Math.floor(n / PER_ROW);
      return (row * 37 + (n % PER_ROW) * 197) % COLUMNS;
    }),
    value: of(count, () => 0.2 + random.next()),
  };
}

const solver = createForkedSolver();
process.once('SIGTERM', () => {
  solver.close();
  process.exit(0);
});
for (let seed = 1; ; seed += 1) {
  const { status } = await solver.solve(bigModel(seed), LIMIT_MS);
  process.stdout.write(`${status}\n`);
}
