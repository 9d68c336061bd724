const START_WEIGHT = 0.01; // of what was known before: nothing, so the weights begin at zero
const NEAR_SHARE = 0.25; // errors below this share of the usual one count as if they were it
const REMEMBERED = 0.99; // of the usual error after another row

/**
 * Linear regression learnt row by row: recursive least squares with forgetting, each row weighed
 * by the inverse of its error, which makes it a regression with the least absolute error
 * (Schlossmacher 1973, recursively).
 */
export class RecursiveRegression {
  private readonly beta: Float64Array;
  private readonly spread: Float64Array; // inverse of the weighted sum of squares, n x n
  private readonly product: Float64Array;
  private readonly forgettingShare: number;
  private usualError = 0;

  /** @param forgettingShare  weight of a row after another one came, below 1 */
  constructor(columns: number, forgettingShare: number) {
    this.forgettingShare = forgettingShare;
    this.beta = new Float64Array(columns);
    this.product = new Float64Array(columns);
    this.spread = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i += 1) this.spread[i * columns + i] = 1 / START_WEIGHT;
  }

  say(row: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < row.length; i += 1) sum += (row[i] ?? 0) * (this.beta[i] ?? 0);
    return sum;
  }

  /** @param row  without gaps, in about the scale of 1 */
  learn(row: Float64Array, target: number): void {
    const { beta, spread, product, forgettingShare } = this;
    const n = beta.length;
    const error = target - this.say(row);
    const size = Math.abs(error);
    this.usualError =
      this.usualError === 0 ? size : REMEMBERED * this.usualError + (1 - REMEMBERED) * size;
    const weight = this.usualError / Math.max(size, NEAR_SHARE * this.usualError, 1e-9);
    let energy = 0;
    for (let i = 0; i < n; i += 1) {
      let sum = 0;
      for (let j = 0; j < n; j += 1) sum += (spread[i * n + j] ?? 0) * (row[j] ?? 0);
      product[i] = sum;
      energy += sum * (row[i] ?? 0);
    }
    const divisor = forgettingShare / Math.max(weight, 1e-9) + energy;
    for (let i = 0; i < n; i += 1) {
      beta[i] = (beta[i] ?? 0) + ((product[i] ?? 0) / divisor) * error;
      for (let j = 0; j < n; j += 1) {
        const less = ((product[i] ?? 0) * (product[j] ?? 0)) / divisor;
        const now = ((spread[i * n + j] ?? 0) - less) / forgettingShare;
        // What is never excited must not grow without end.
        spread[i * n + j] = i === j ? Math.min(now, 1 / START_WEIGHT) : now;
      }
    }
  }
}
