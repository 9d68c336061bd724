import { exp, log } from '../../../../devices/maths.ts';
import { dot, factor, substitute } from '../seasonal/regression.ts';

const MAD_OF_NORMAL = 0.6745; // median absolute deviation of a normal distribution of spread 1

/** Columns brought to one scale, spikes drawn in: asinh of what lies off the median. */
class Stabiliser {
  private readonly centres: Float64Array;
  private readonly spreads: Float64Array;
  private readonly plainFrom: number;

  /** @param plainFrom  columns from here on stay as they are */
  constructor(rows: readonly Float64Array[], plainFrom: number) {
    const columns = rows[0]?.length ?? 0;
    this.plainFrom = plainFrom;
    this.centres = new Float64Array(columns);
    this.spreads = new Float64Array(columns).fill(1);
    for (let column = 0; column < Math.min(columns, plainFrom); column += 1) {
      const values = Float64Array.from(rows, (row) => row[column] ?? 0);
      const centre = medianOf(values);
      this.centres[column] = centre;
      const deviation = medianOf(values.map((value) => Math.abs(value - centre)));
      this.spreads[column] = deviation > 0 ? deviation / MAD_OF_NORMAL : 1;
    }
  }

  turn(row: Float64Array): Float64Array {
    return row.map((value, column) =>
      column >= this.plainFrom
        ? value
        : asinh((value - (this.centres[column] ?? 0)) / (this.spreads[column] ?? 1)),
    );
  }
}

/** Reorders the values. */
function medianOf(values: Float64Array): number {
  return values.sort()[values.length >> 1] ?? 0;
}

function asinh(x: number): number {
  const size = Math.abs(x);
  return Math.sign(x) * log(size + Math.sqrt(size * size + 1));
}

const sinh = (x: number): number => (exp(x) - exp(-x)) / 2;

/** What was learnt: the target of every hour from one row. */
export type HourModel = (row: Float64Array) => Float64Array;

/**
 * Ridge regression of all hours of a day on the same row, after the variance-stabilising turn of
 * Uniejewski, Weron and Ziel (2018). Fewer rows than columns: by the kernel, which is the same.
 * In steps of some milliseconds.
 * @param targets  of each row, by hour
 * @param plainFrom  columns from here on are not scaled
 */
export function* fittingHours(
  rows: readonly Float64Array[],
  targets: readonly Float64Array[],
  ridge: number,
  plainFrom: number,
): Generator<undefined, HourModel, undefined> {
  const stabiliser = new Stabiliser(rows, plainFrom);
  yield;
  const turned = rows.map((row) => stabiliser.turn(row));
  yield;
  const all = Float64Array.from(targets.flatMap((hours) => [...hours]));
  const centre = medianOf(all);
  const deviation = medianOf(all.map((value) => Math.abs(value - centre)));
  const spread = deviation > 0 ? deviation / MAD_OF_NORMAL : 1;
  const hours = targets[0]?.length ?? 0;
  const columns = Array.from({ length: hours }, (_, hour) =>
    Float64Array.from(targets, (row) => asinh(((row[hour] ?? 0) - centre) / spread)),
  );
  const means = columns.map((column) => column.reduce((a, b) => a + b, 0) / column.length);
  const off = columns.map((column, hour) => column.map((value) => value - (means[hour] ?? 0)));
  const betas = yield* coefficients(turned, off, ridge);
  return (row) => {
    const now = stabiliser.turn(row);
    return Float64Array.from(betas, (beta, hour) => {
      const said = Math.max(-MOST, Math.min(MOST, (means[hour] ?? 0) + dot(now, beta)));
      return centre + spread * sinh(said);
    });
  };
}

const MOST = 5; // of a turned target: 74 spreads off the median

const ROWS_A_STEP = 12; // of the matrix

function* coefficients(
  rows: readonly Float64Array[],
  targets: readonly Float64Array[],
  ridge: number,
): Generator<undefined, Float64Array[], undefined> {
  const count = rows.length;
  const columns = rows[0]?.length ?? 0;
  const byKernel = count < columns;
  const vectors = byKernel ? rows : transposed(rows, columns);
  const size = vectors.length;
  const gram = new Float64Array(size * size);
  for (const [i, a] of vectors.entries()) {
    if (i % ROWS_A_STEP === 0) yield;
    for (let j = 0; j <= i; j += 1) gram[i * size + j] = dot(a, vectors[j] ?? a);
    gram[i * size + i] = (gram[i * size + i] ?? 0) + ridge;
  }
  yield;
  factor(gram, size);
  yield;
  return targets.map((target) => {
    if (!byKernel) return substitute(gram, products(vectors, target), size);
    const alpha = substitute(gram, target, size);
    const beta = new Float64Array(columns);
    for (const [r, row] of rows.entries()) {
      const share = alpha[r] ?? 0;
      for (let i = 0; i < columns; i += 1) beta[i] = (beta[i] ?? 0) + share * (row[i] ?? 0);
    }
    return beta;
  });
}

const transposed = (rows: readonly Float64Array[], columns: number): Float64Array[] =>
  Array.from({ length: columns }, (_, column) =>
    Float64Array.from(rows, (row) => row[column] ?? 0),
  );

const products = (vectors: readonly Float64Array[], target: Float64Array): Float64Array =>
  Float64Array.from(vectors, (vector) => dot(vector, target));
