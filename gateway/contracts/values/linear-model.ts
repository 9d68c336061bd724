/** A linear or mixed-integer model, minimise cost*x, rowLower <= A x <= rowUpper, in CSR form. */
export interface LinearModel {
  readonly columns: number;
  readonly rows: number;
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly integer: Uint8Array; // 1 = integer column
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly rowStart: Int32Array; // rows + 1
  readonly columnIndex: Int32Array;
  readonly value: Float64Array;
}

/** How far a mixed-integer model is searched: until this near the bound, or so many nodes. */
export interface SolveEffort {
  readonly gapShare: number; // 0..1 of the objective: near enough to the bound
  readonly nodesMax: number;
}

/**
 * Where a simplex solve ended, a status for each column and row: from there a model of the same
 * shape that differs a little is a few steps away.
 */
export interface Basis {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

interface Answer {
  readonly objective: number;
  readonly bound: number; // no solution has a lower objective
  readonly x: Float64Array;
  readonly rowDual: Float64Array;
  readonly basis?: Basis; // of a linear model
}

export type Solution =
  | ({ readonly status: 'optimal' } & Answer)
  | ({ readonly status: 'feasible'; readonly detail: string } & Answer) // the best so far
  | { readonly status: Unsolved; readonly detail: string };

type Unsolved = 'infeasible' | 'unbounded' | 'time-limit' | 'failed';
