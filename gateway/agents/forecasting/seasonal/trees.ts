/** How a set of boosted trees is grown. */
export interface Growing {
  readonly trees: number;
  readonly depth: number;
  readonly learningShare: number;
  readonly leafSize: number; // rows
  readonly random: () => number; // 0 <= x < 1
}

const BINS = 32;
const ROWS_SHARE = 0.5; // of each tree
const COLUMNS_SHARE = 0.7;
const LAMBDA = 1;

interface Node {
  readonly column: number; // -1: a leaf
  readonly bin: number; // up to it to the left
  readonly left: number;
  readonly right: number;
  readonly value: number;
}

/** Boosted regression trees as learnt: says the target of a row of features. */
export type Trees = (row: Float64Array) => number;

/**
 * Gradient boosting with the least absolute error over binned features: signs of the errors choose
 * the splits, weighted medians fill the leaves (Friedman 2001, algorithm 3). What is not known
 * (NaN) has a bin of its own. In steps: a column, then a tree at a time.
 */
export function* growingTrees(
  rows: readonly Float64Array[],
  targets: Float64Array,
  weights: Float64Array,
  growing: Growing,
): Generator<undefined, Trees, undefined> {
  const columns = rows[0]?.length ?? 0;
  const edges: number[][] = [];
  const bins: Uint8Array[] = [];
  for (let column = 0; column < columns; column += 1) {
    const edge = edgesOf(rows, column);
    edges.push(edge);
    bins.push(Uint8Array.from(rows, (row) => binOf(edge, row[column] ?? Number.NaN)));
    yield;
  }
  const all = Uint32Array.from(rows, (_, r) => r);
  const base = medianOf(all, all.length, targets, weights);
  const grower = new Grower({ bins, edges, targets, weights, growing, base });
  const trees: Node[][] = [];
  while (trees.length < growing.trees) {
    trees.push(grower.grow());
    yield;
  }
  return (row) => {
    const binned = edges.map((edge, column) =>
      Uint8Array.of(binOf(edge, row[column] ?? Number.NaN)),
    );
    let value = base;
    for (const tree of trees) value += leafOf(tree, binned, 0);
    return value;
  };
}

function leafOf(tree: readonly Node[], bins: readonly Uint8Array[], row: number): number {
  let node = tree[0];
  while (node !== undefined && node.column >= 0) {
    node = tree[(bins[node.column]?.[row] ?? 0) <= node.bin ? node.left : node.right];
  }
  return node?.value ?? 0;
}

interface Ground {
  readonly bins: readonly Uint8Array[];
  readonly edges: readonly (readonly number[])[];
  readonly targets: Float64Array;
  readonly weights: Float64Array;
  readonly growing: Growing;
  readonly base: number;
}

class Grower {
  private readonly ground: Ground;
  private readonly errors: Float64Array;
  private readonly signSums = new Float64Array(BINS + 2);
  private readonly weightSums = new Float64Array(BINS + 2);
  private readonly counts = new Uint32Array(BINS + 2);

  constructor(ground: Ground) {
    this.ground = ground;
    this.errors = ground.targets.map((target) => target - ground.base);
  }

  /** One more tree; what it says is taken off the errors that the next one sees. */
  grow(): Node[] {
    const { growing, bins } = this.ground;
    const { random } = growing;
    const rows = new Uint32Array(this.errors.length);
    let taken = 0;
    for (let r = 0; r < rows.length; r += 1) if (random() < ROWS_SHARE) rows[taken++] = r;
    const columns = bins.map((_, column) => column).filter(() => random() < COLUMNS_SHARE);
    const tree: Node[] = [];
    this.branch(tree, rows.subarray(0, taken), columns, 0);
    for (let r = 0; r < this.errors.length; r += 1) {
      this.errors[r] = (this.errors[r] ?? 0) - leafOf(tree, bins, r);
    }
    return tree;
  }

  private branch(
    tree: Node[],
    rows: Uint32Array,
    columns: readonly number[],
    depth: number,
  ): number {
    const { growing, bins, weights } = this.ground;
    const at = tree.length;
    const split = depth < growing.depth ? this.split(rows, columns) : undefined;
    if (split === undefined) {
      const value = medianOf(rows, rows.length, this.errors, weights) * growing.learningShare;
      tree.push({ column: -1, bin: 0, left: 0, right: 0, value });
      return at;
    }
    tree.push({ column: -1, bin: 0, left: 0, right: 0, value: 0 }); // its place
    const middle = partition(rows, bins[split.column] ?? new Uint8Array(), split.bin);
    tree[at] = {
      ...split,
      left: this.branch(tree, rows.subarray(0, middle), columns, depth + 1),
      right: this.branch(tree, rows.subarray(middle), columns, depth + 1),
      value: 0,
    };
    return at;
  }

  private split(
    rows: Uint32Array,
    columns: readonly number[],
  ): { readonly column: number; readonly bin: number } | undefined {
    const { growing, edges } = this.ground;
    if (rows.length < 2 * growing.leafSize) return undefined;
    let best: { column: number; bin: number } | undefined;
    let bestGain = 1e-9;
    for (const column of columns) {
      const { signs, weights } = this.histogram(rows, column);
      let leftSigns = 0;
      let leftWeights = 0;
      let leftRows = 0;
      for (let bin = 0; bin <= (edges[column]?.length ?? 0); bin += 1) {
        leftSigns += this.signSums[bin] ?? 0;
        leftWeights += this.weightSums[bin] ?? 0;
        leftRows += this.counts[bin] ?? 0;
        if (leftRows < growing.leafSize) continue;
        if (rows.length - leftRows < growing.leafSize) break;
        const rightSigns = signs - leftSigns;
        const gain =
          (leftSigns * leftSigns) / (leftWeights + LAMBDA) +
          (rightSigns * rightSigns) / (weights - leftWeights + LAMBDA) -
          (signs * signs) / (weights + LAMBDA);
        if (gain > bestGain) {
          bestGain = gain;
          best = { column, bin };
        }
      }
    }
    return best;
  }

  private histogram(rows: Uint32Array, column: number): { signs: number; weights: number } {
    const { bins, weights } = this.ground;
    const { signSums, weightSums, counts, errors } = this;
    const binned = bins[column];
    signSums.fill(0);
    weightSums.fill(0);
    counts.fill(0);
    let signs = 0;
    let sum = 0;
    for (const r of rows) {
      const bin = binned?.[r] ?? 0;
      const weight = weights[r] ?? 0;
      const sign = Math.sign(errors[r] ?? 0) * 0.5 * weight;
      signSums[bin] = (signSums[bin] ?? 0) + sign;
      weightSums[bin] = (weightSums[bin] ?? 0) + weight;
      counts[bin] = (counts[bin] ?? 0) + 1;
      signs += sign;
      sum += weight;
    }
    return { signs, weights: sum };
  }
}

/** Brings rows with a bin up to `bin` to the front, in place. @returns how many */
function partition(rows: Uint32Array, bins: Uint8Array, bin: number): number {
  let front = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    if ((bins[row] ?? 0) > bin) continue;
    rows[i] = rows[front] ?? 0;
    rows[front] = row;
    front += 1;
  }
  return front;
}

function medianOf(
  rows: Uint32Array,
  count: number,
  values: Float64Array,
  weights: Float64Array,
): number {
  const order = Uint32Array.from(rows.subarray(0, count)).sort(
    (i, j) => (values[i] ?? 0) - (values[j] ?? 0) || i - j,
  );
  let total = 0;
  for (const r of order) total += weights[r] ?? 0;
  let below = 0;
  for (const r of order) {
    below += weights[r] ?? 0;
    if (below >= total / 2) return values[r] ?? 0;
  }
  return 0;
}

/** Upper ends of the bins of a column: quantiles of what is known of it. */
function edgesOf(rows: readonly Float64Array[], column: number): number[] {
  const known = rows.map((row) => row[column] ?? Number.NaN).filter((x) => !Number.isNaN(x));
  known.sort((a, b) => a - b);
  const edges: number[] = [];
  for (let bin = 1; bin < BINS; bin += 1) {
    const edge = known[Math.floor((bin * known.length) / BINS)];
    if (edge !== undefined && edge !== edges[edges.length - 1]) edges.push(edge);
  }
  return edges;
}

/** 0 is not known; otherwise 1 plus how many edges lie at or below. */
function binOf(edges: readonly number[], value: number): number {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}
