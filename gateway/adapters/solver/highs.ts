import module, { type Highs, type Model } from 'highs';
import type {
  Basis,
  LinearModel,
  Solution,
  SolveEffort,
} from '../../contracts/values/linear-model.ts';

/**
 * HiGHS' number for 'optimal'. The objective alone proves nothing: it is 0 on an infeasible model.
 */
const OPTIMAL = 7;
const STATUS: Readonly<Record<number, 'infeasible' | 'unbounded' | 'time-limit'>> = {
  8: 'infeasible',
  9: 'unbounded', // unbounded or infeasible
  10: 'unbounded',
  13: 'time-limit',
  14: 'time-limit', // of iterations
  16: 'time-limit', // of nodes
};

/**
 * The package's types describe its CommonJS face; as an ES module the default export is the loader
 * itself.
 */
export const loadHighs = module as unknown as (typeof module)['default'];

/** HiGHS's own names; time in seconds. */
export interface SolveBounds {
  readonly time_limit?: number;
  readonly simplex_iteration_limit?: number;
  readonly mip_max_nodes?: number;
  readonly mip_rel_gap?: number;
}

export const boundsOf = (effort: SolveEffort | undefined): SolveBounds =>
  effort ? { mip_max_nodes: effort.nodesMax, mip_rel_gap: effort.gapShare } : {};

function basisOf(native: Model): Basis {
  const { colStatus, rowStatus } = native.getBasis();
  return { columns: Int32Array.from(colStatus), rows: Int32Array.from(rowStatus) };
}

/** A linear program of a plan's size is solved as it stands in three quarters of the time. */
const PLAIN_COLUMNS_MAX = 6_000;

/** HiGHS' number for 'the solution in hand satisfies the model'. */
const FEASIBLE = 2;

/**
 * Solves one model on a loaded instance and frees it; what HiGHS refuses is a 'failed', never an
 * exception.
 */
export function solveWith(
  highs: Highs,
  model: LinearModel,
  bounds: SolveBounds,
  start?: Basis,
): Solution {
  const isMixed = model.integer.includes(1);
  const isStarted =
    !isMixed && start?.columns.length === model.columns && start.rows.length === model.rows;
  try {
    return highs.withModel(
      {
        numCols: model.columns,
        numRows: model.rows,
        colCost: model.cost,
        colLower: model.lower,
        colUpper: model.upper,
        rowLower: model.rowLower,
        rowUpper: model.rowUpper,
        matrix: {
          format: 'csr',
          numRows: model.rows,
          numCols: model.columns,
          starts: model.rowStart,
          indices: model.columnIndex,
          values: model.value,
        },
        ...(isMixed && { integrality: Int32Array.from(model.integer) }),
      },
      (native): Solution => {
        native.options.set({ output_flag: false, ...bounds });
        if (!isMixed && model.columns <= PLAIN_COLUMNS_MAX) native.options.set({ presolve: 'off' });
        if (isStarted) native.setBasis({ colStatus: start.columns, rowStatus: start.rows });
        native.run();
        if (isStarted && native.getModelStatus() !== OPTIMAL) {
          native.clearSolver(); // once more, from nothing
          native.run();
        }
        const status = native.getModelStatus();
        const stopped = STATUS[status] ?? 'failed';
        // A relaxation that was stopped says nothing; a stopped search has its best so far.
        const isInHand =
          isMixed &&
          stopped === 'time-limit' &&
          native.info.get('primal_solution_status') === FEASIBLE;
        if (status !== OPTIMAL && !isInHand) {
          return { status: stopped, detail: `model status ${status}` };
        }
        const { colValue, rowDual } = native.getSolution();
        const objective = native.getObjectiveValue();
        if (!Number.isFinite(objective) || !colValue.every(Number.isFinite)) {
          return { status: 'failed', detail: 'a solution that is not finite' };
        }
        const answer = {
          objective,
          bound: isMixed ? Number(native.info.get('mip_dual_bound')) : objective,
          x: Float64Array.from(colValue),
          rowDual: Float64Array.from(rowDual),
          ...(!isMixed && { basis: basisOf(native) }),
        };
        return status === OPTIMAL
          ? { status: 'optimal', ...answer }
          : { status: 'feasible', detail: `model status ${status}`, ...answer };
      },
    );
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { status: 'failed', detail: detail.split('\n')[0] ?? detail };
  }
}
