const ITERATIONS = 5;
const NEAR = 0.1; // errors below this share of the mean error count as if they were it

/**
 * Linear regression with the least absolute error, by reweighted least squares (Schlossmacher
 * 1973), with a ridge on all but the first column.
 * @param rows  features, the first one 1
 * @param weights  of the rows, >= 0
 */
export function leastAbsolute(
  rows: readonly Float64Array[],
  targets: Float64Array,
  weights: Float64Array,
  ridge: number,
): Float64Array {
  const now = Float64Array.from(weights);
  let beta = leastSquares(rows, targets, now, ridge);
  const errors = new Float64Array(rows.length);
  for (let round = 1; round < ITERATIONS; round += 1) {
    let sum = 0;
    for (const [r, row] of rows.entries()) {
      errors[r] = Math.abs((targets[r] ?? 0) - dot(row, beta));
      sum += errors[r] ?? 0;
    }
    const scale = sum / rows.length || 1;
    for (let r = 0; r < rows.length; r += 1) {
      now[r] = (weights[r] ?? 0) / Math.max((errors[r] ?? 0) / scale, NEAR);
    }
    beta = leastSquares(rows, targets, now, ridge);
  }
  return beta;
}

export function dot(row: Float64Array, beta: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i += 1) sum += (row[i] ?? 0) * (beta[i] ?? 0);
  return sum;
}

/** Weighted ridge regression by Cholesky's factors of the normal equations. */
export function leastSquares(
  rows: readonly Float64Array[],
  targets: Float64Array,
  weights: Float64Array,
  ridge: number,
): Float64Array {
  const n = rows[0]?.length ?? 0;
  const a = new Float64Array(n * n);
  const b = new Float64Array(n);
  for (const [r, row] of rows.entries()) {
    const weight = weights[r] ?? 0;
    if (weight === 0) continue;
    for (let i = 0; i < n; i += 1) {
      const x = (row[i] ?? 0) * weight;
      if (x === 0) continue;
      b[i] = (b[i] ?? 0) + x * (targets[r] ?? 0);
      for (let j = 0; j <= i; j += 1) a[i * n + j] = (a[i * n + j] ?? 0) + x * (row[j] ?? 0);
    }
  }
  for (let i = 1; i < n; i += 1) a[i * n + i] = (a[i * n + i] ?? 0) + ridge;
  return solve(a, b, n);
}

const LEAST_PIVOT = 1e-12;

/** Solves the lower triangle of a symmetric positive matrix in place. */
function solve(a: Float64Array, b: Float64Array, n: number): Float64Array {
  factor(a, n);
  return substitute(a, b, n);
}

/** Cholesky's factor of a symmetric positive matrix, n x n, lower triangle, in place. */
export function factor(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k += 1) sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      a[i * n + j] = i === j ? Math.sqrt(Math.max(sum, LEAST_PIVOT)) : sum / (a[j * n + j] ?? 1);
    }
  }
}

/** Solution for one right side of what `factor` left. */
export function substitute(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    let sum = b[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= (a[i * n + k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (a[i * n + i] ?? 1);
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = x[i] ?? 0;
    for (let k = i + 1; k < n; k += 1) sum -= (a[k * n + i] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (a[i * n + i] ?? 1);
  }
  return x;
}
