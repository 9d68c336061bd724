import type { LossCurve } from '../../contracts/values/part-load.ts';
import type { Builder } from './builder.ts';
import { type FlowWay, INF, type Term } from './draft.ts';

/** Lines that are no more than this share of the full power apart count as one. */
const ALIKE_SHARE = 2e-3;
const NEAR_W = 1e-3;

interface Point {
  readonly atW: number;
  readonly storeW: number;
}

/** A line of store power over terminal power, each in W. */
interface Line {
  readonly slope: number;
  readonly offsetW: number;
}

export type Side = 'charge' | 'discharge';

/** Piece of a curve on which a power lies. */
export function pieceAt(curve: LossCurve, mostW: number, powerW: number): number {
  const points = pointsOf(curve, mostW);
  let piece = 0;
  while (piece < points.length - 2 && powerW > (points[piece + 1]?.atW ?? 0) + NEAR_W) piece += 1;
  return piece;
}

/** Of a curve, up to the most that flows. */
function pointsOf(curve: LossCurve, mostW: number): Point[] {
  const found: Point[] = [];
  const { terminalW, storeW } = curve;
  terminalW.forEach((atW, n) => {
    if (atW < mostW) found.push({ atW, storeW: storeW[n] ?? 0 });
  });
  const last = Math.min(found.length, terminalW.length - 1);
  const fromW = terminalW[last - 1] ?? 0;
  const slope = ((storeW[last] ?? 0) - (storeW[last - 1] ?? 0)) / ((terminalW[last] ?? 1) - fromW);
  found.push({ atW: mostW, storeW: (storeW[last - 1] ?? 0) + (mostW - fromW) * slope });
  return found;
}

const lineOf = (a: Point, b: Point): Line => {
  const slope = (b.storeW - a.storeW) / (b.atW - a.atW);
  return { slope, offsetW: a.storeW - slope * a.atW };
};

const crossingW = (a: Line, b: Line): number => (b.offsetW - a.offsetW) / (a.slope - b.slope);

/**
 * Convex relaxation of a curve: the least concave function above what is stored, or the greatest
 * convex one below what is drawn. No plan does better than it says, so its optimum is a bound; what
 * a plan really does, own arithmetic says. Lines that hardly differ are left out, outwards.
 */
export function hullOf(curve: LossCurve, mostW: number, side: Side): Line[] {
  const sign = side === 'charge' ? 1 : -1;
  const hull: Point[] = [];
  for (const point of pointsOf(curve, mostW)) {
    for (;;) {
      const b = hull.at(-1);
      const a = hull.at(-2);
      if (a === undefined || b === undefined) break;
      if (sign * (lineOf(a, b).slope - lineOf(b, point).slope) > 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  const lines = hull.slice(1).map((b, n) => lineOf(hull[n] ?? b, b));
  for (let n = lines.length - 1; n > 0; n -= 1) {
    const [before, line, after] = [lines[n - 1], lines[n], lines[n + 1]];
    if (before === undefined || line === undefined) continue;
    const worstW = after === undefined ? mostW : crossingW(before, after);
    const apartW = before.offsetW + before.slope * worstW - line.offsetW - line.slope * worstW;
    if (Math.abs(apartW) < ALIKE_SHARE * mostW) lines.splice(n, 1);
  }
  return lines;
}

/** What the hull says of a power, W. */
export function hullAtW(lines: readonly Line[], powerW: number, side: Side): number {
  const values = lines.map(({ slope, offsetW }) => offsetW + slope * powerW);
  return side === 'charge' ? Math.min(...values) : Math.max(...values);
}

/** One direction of a battery in a step. */
export interface FlowSpec {
  readonly curve: LossCurve | undefined;
  readonly lines: readonly Line[]; // hull of the curve
  readonly share: number; // store power per terminal power, where there is no curve
  readonly leastKw: number;
  readonly mostKw: number;
  readonly costPerKw: number; // currency, at the terminal
  readonly wearPerKw: number; // currency, at the store
  readonly way: FlowWay;
}

/** Column of a flow at the terminal, and the terms that are its power at the store, kW. */
export interface FlowColumn {
  readonly column: number;
  readonly terms: readonly Term[];
  readonly offsetKw: number; // of the store's power, beside its terms
}

export function flowColumn(builder: Builder, spec: FlowSpec): FlowColumn {
  const { curve, lines, share, leastKw, mostKw, costPerKw, wearPerKw, way } = spec;
  const first = lines[0];
  if (curve === undefined || first === undefined || mostKw <= 0 || typeof way === 'number') {
    const ratio = curve !== undefined && typeof way === 'number' ? way : share;
    const column = builder.column(costPerKw + wearPerKw * ratio, leastKw, mostKw);
    return { column, terms: [[column, ratio]], offsetKw: 0 };
  }
  if (typeof way === 'object') return pieceColumn(builder, spec, curve, way.pieceIndex);
  if (way === 'exact') return exactColumn(builder, spec, curve);
  const column = builder.column(costPerKw + wearPerKw * first.slope, leastKw, mostKw);
  const terms: Term[] = [[column, first.slope]];
  lines.slice(1).forEach((line, n) => {
    const before = lines[n] ?? first;
    const atKw = crossingW(before, line) / 1_000;
    const bend = line.slope - before.slope;
    const beyond = builder.column(wearPerKw * bend, 0, Math.max(0, mostKw - atKw));
    builder.row(-INF, atKw, [
      [column, 1],
      [beyond, -1],
    ]);
    terms.push([beyond, bend]);
  });
  return { column, terms, offsetKw: 0 };
}

/** One piece of the curve, to its two ends. */
function pieceColumn(
  builder: Builder,
  { leastKw, mostKw, costPerKw, wearPerKw }: FlowSpec,
  curve: LossCurve,
  piece: number,
): FlowColumn {
  const points = pointsOf(curve, mostKw * 1_000);
  const from = points[piece] ?? { atW: 0, storeW: 0 };
  const to = points[piece + 1] ?? from;
  const { slope, offsetW } = lineOf(from, to);
  const lowKw = Math.max(leastKw, from.atW / 1_000);
  const column = builder.column(costPerKw + wearPerKw * slope, lowKw, to.atW / 1_000);
  return { column, terms: [[column, slope]], offsetKw: offsetW / 1_000 };
}

/** Pieces that fill in order, by binaries. */
function exactColumn(builder: Builder, spec: FlowSpec, curve: LossCurve): FlowColumn {
  const { leastKw, mostKw, costPerKw, wearPerKw } = spec;
  const column = builder.column(costPerKw, leastKw, mostKw);
  const points = pointsOf(curve, mostKw * 1_000);
  const terms: Term[] = [];
  const sum: Term[] = [[column, -1]];
  let before: Piece | undefined;
  points.slice(1).forEach((to, n) => {
    const from = points[n] ?? to;
    const wideKw = (to.atW - from.atW) / 1_000;
    const { slope } = lineOf(from, to);
    const piece = builder.column(wearPerKw * slope, 0, wideKw);
    sum.push([piece, 1]);
    terms.push([piece, slope]);
    if (before !== undefined) inOrder(builder, before, { piece, wideKw });
    before = { piece, wideKw };
  });
  builder.row(0, 0, sum);
  return { column, terms, offsetKw: 0 };
}

interface Piece {
  readonly piece: number;
  readonly wideKw: number;
}

/** The later piece only once the earlier one is full. */
function inOrder(builder: Builder, earlier: Piece, later: Piece): void {
  const isFull = builder.column(0, 0, 1, true);
  builder.row(0, INF, [
    [earlier.piece, 1],
    [isFull, -earlier.wideKw],
  ]);
  builder.row(-INF, 0, [
    [later.piece, 1],
    [isFull, -later.wideKw],
  ]);
}
