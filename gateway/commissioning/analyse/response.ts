import { exp } from '../../../devices/maths.ts';
import type { Series } from '../series.ts';

/**
 * The matched filter. What was commanded goes through a model of device and meter, a dead time and
 * a first-order lag, and is compared with what a witness measured beside a slowly moving rest. The
 * random lengths of the pulses make them unlike anything that a load does by itself.
 */
export interface Pulse {
  readonly step: number;
  readonly askedW: number; // the setpoint or limit itself
  readonly jumpW: number; // by which the terminal's power should change at most, + into the node
  /** As it was commanded; a slope comes in many. */
  readonly parts: readonly Part[];
}

interface Part {
  readonly fromS: number;
  readonly untilS: number;
  readonly jumpW: number;
}

export interface Fit {
  readonly gainShare: number; // W seen for each W commanded
  readonly gainErrorShare: number; // one standard deviation, neighbours in time taken as alike
  readonly perPulse: readonly number[]; // the gain of each pulse for itself
  readonly perPulseErrorShare: number;
  readonly delayS: number;
  readonly delayErrorS: number;
  readonly lagS: number;
  readonly lagErrorS: number;
  readonly noiseW: number; // of what the pulses do not explain
  readonly count: number;
}

const GRID_S = 0.1;
const KNOT_S = 80;
const LAGS_S = [0.2, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6.5, 8, 10, 13];
const COARSE_LAGS_S = [0.5, 2, 5, 10];
const FINE_LAGS = [0.8, 0.86, 0.93, 1, 1.08, 1.16, 1.25];
const FINE_S = 0.1;
const COUNT_MIN = 20;

/** Responses to each pulse at every GRID_S, without dead time, for one lag. */
export class Responses {
  private readonly pulses: readonly Pulse[];
  private readonly endS: number;
  private readonly known = new Map<number, Float64Array[]>();
  private parted: readonly Responses[] | undefined;
  private readonly sums = new Map<number, Float64Array>();

  constructor(pulses: readonly Pulse[], endS: number) {
    this.pulses = pulses;
    this.endS = endS;
  }

  get size(): number {
    return this.pulses.length;
  }

  /** Only those into the node, and only those out of it; none where all go one way. */
  get ways(): readonly Responses[] {
    this.parted ??= [1, -1].map(
      (way) =>
        new Responses(
          this.pulses.filter(({ jumpW }) => jumpW * way > 0),
          this.endS,
        ),
    );
    return this.parted.every(({ size }) => size > 0) ? this.parted : [];
  }

  /** All pulses together. */
  sum(lagS: number): Float64Array {
    let found = this.sums.get(lagS);
    if (found === undefined) {
      const [first = new Float64Array(0), ...more] = this.of(lagS);
      found = Float64Array.from(first);
      for (const one of more) {
        for (let index = 0; index < found.length; index += 1) {
          found[index] = (found[index] ?? 0) + (one[index] ?? 0);
        }
      }
      this.sums.set(lagS, found);
    }
    return found;
  }

  of(lagS: number): readonly Float64Array[] {
    let found = this.known.get(lagS);
    if (found === undefined) {
      const share = 1 - exp(-GRID_S / lagS);
      const points = Math.ceil(this.endS / GRID_S) + 2;
      found = this.pulses.map((pulse) => {
        const response = commanded(pulse, points);
        let at = 0;
        for (let index = 1; index < points; index += 1) {
          at += ((response[index] ?? 0) - at) * share;
          response[index] = at;
        }
        return response;
      });
      this.known.set(lagS, found);
    }
    return found;
  }
}

/** Mean of what was commanded in the step that ends at each of the grid's points. */
function commanded(pulse: Pulse, points: number): Float64Array {
  const values = new Float64Array(points);
  for (const { fromS, untilS, jumpW } of pulse.parts) {
    const first = Math.max(1, Math.floor(fromS / GRID_S));
    for (let index = first; index < points && (index - 1) * GRID_S < untilS; index += 1) {
      const s = index * GRID_S;
      const onS = Math.max(0, Math.min(s, untilS) - Math.max(s - GRID_S, fromS));
      values[index] = (values[index] ?? 0) + jumpW * (onS / GRID_S);
    }
  }
  return values;
}

/** A response that begins `delayS` later, at the instants of a series. */
function sampled(response: Float64Array, atS: readonly number[], delayS: number): Float64Array {
  const values = new Float64Array(atS.length);
  for (let index = 0; index < values.length; index += 1) {
    const place = ((atS[index] ?? 0) - delayS) / GRID_S;
    if (place <= 0) continue;
    const low = Math.floor(place);
    const from = response[low] ?? 0;
    values[index] = from + ((response[low + 1] ?? from) - from) * (place - low);
  }
  return values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

/** Takes the part along each of some orthonormal directions away. */
function without(values: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const rest = Float64Array.from(values);
  for (const direction of directions) {
    const along = dot(rest, direction);
    for (let index = 0; index < rest.length; index += 1) {
      rest[index] = (rest[index] ?? 0) - along * (direction[index] ?? 0);
    }
  }
  return rest;
}

/** A rest that moves slowly: level, slope, and a bend every KNOT_S; orthonormal. */
function slowRest(atS: readonly number[]): Float64Array[] {
  const first = atS[0] ?? 0;
  const last = atS.at(-1) ?? 0;
  const shapes: Float64Array[] = [
    Float64Array.from(atS, () => 1),
    Float64Array.from(atS, (at) => at - first),
  ];
  for (let knotS = first + KNOT_S; knotS < last - KNOT_S / 2; knotS += KNOT_S) {
    shapes.push(Float64Array.from(atS, (at) => Math.max(0, at - knotS)));
  }
  const directions: Float64Array[] = [];
  for (const shape of shapes) {
    const rest = without(shape, directions);
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-6) directions.push(rest.map((value) => value / length));
  }
  return directions;
}

interface Tried {
  readonly delayS: number;
  readonly lagS: number;
  readonly explained: number; // of the sum of squares, W^2
}

/** One series, prepared for many tries. */
class Prepared {
  private readonly atS: readonly number[];
  readonly rest: readonly Float64Array[];
  readonly value: Float64Array;
  readonly squares: number;
  private readonly responses: Responses;

  constructor(series: Series, responses: Responses) {
    this.atS = series.atS;
    this.rest = slowRest(series.atS);
    this.value = without(Float64Array.from(series.value), this.rest);
    this.squares = dot(this.value, this.value);
    this.responses = responses;
  }

  each(delayS: number, lagS: number): Float64Array[] {
    return this.responses.of(lagS).map((one) => sampled(one, this.atS, delayS));
  }

  sum(delayS: number, lagS: number): Float64Array {
    return sampled(this.responses.sum(lagS), this.atS, delayS);
  }

  attempt(delayS: number, lagS: number): Tried {
    const shape = this.sum(delayS, lagS);
    let squares = dot(shape, shape);
    for (const direction of this.rest) {
      const along = dot(shape, direction);
      squares -= along * along;
    }
    const along = dot(shape, this.value);
    return { delayS, lagS, explained: squares > 1e-9 ? (along * along) / squares : 0 };
  }
}

const best = (tried: readonly Tried[]): Tried =>
  tried.reduce((a, b) => (b.explained > a.explained ? b : a), tried[0] ?? NOTHING);
const NOTHING: Tried = { delayS: 0, lagS: 1, explained: 0 };

/** The dead times and lags within which the pulse is found; coarse first, then fine. */
function search(prepared: Prepared, delayMaxS: number): Tried[] {
  const coarse: Tried[] = [];
  for (const lagS of COARSE_LAGS_S) {
    for (let delayS = 0; delayS <= delayMaxS; delayS += 1) {
      coarse.push(prepared.attempt(delayS, lagS));
    }
  }
  const { delayS: middleS } = best(coarse);
  const fine: Tried[] = [];
  for (const lagS of LAGS_S) {
    for (let offset = -7; offset <= 7; offset += 1) {
      const delayS = middleS + offset * 0.25;
      if (delayS >= 0) fine.push(prepared.attempt(delayS, lagS));
    }
  }
  const { delayS: nearS, lagS: nearLagS } = best(fine);
  for (const factor of FINE_LAGS) {
    for (let offset = -5; offset <= 5; offset += 1) {
      const delayS = nearS + offset * FINE_S;
      if (delayS >= 0) fine.push(prepared.attempt(delayS, nearLagS * factor));
    }
  }
  return fine;
}

/** How far neighbours in time are alike, 0 to 0.9. */
function likeness(rest: Float64Array): number {
  let along = 0;
  for (let index = 1; index < rest.length; index += 1) {
    along += (rest[index] ?? 0) * (rest[index - 1] ?? 0);
  }
  const squares = dot(rest, rest);
  return squares === 0 ? 0 : Math.min(0.9, Math.max(0, along / squares));
}

/** Gains of several shapes at once, by Gauss; the shapes stand apart in time and are not alike. */
function gainsOf(shapes: readonly Float64Array[], value: Float64Array): number[] {
  const size = shapes.length;
  const rows = shapes.map((a) => [...shapes.map((b) => dot(a, b)), dot(a, value)]);
  for (let pivot = 0; pivot < size; pivot += 1) {
    const row = rows[pivot] ?? [];
    const lead = row[pivot] ?? 0;
    if (Math.abs(lead) < 1e-9) continue;
    for (let other = 0; other < size; other += 1) {
      const target = rows[other];
      if (other === pivot || target === undefined) continue;
      const factor = (target[pivot] ?? 0) / lead;
      for (let column = pivot; column <= size; column += 1) {
        target[column] = (target[column] ?? 0) - factor * (row[column] ?? 0);
      }
    }
  }
  return rows.map((row, index) => {
    const lead = row[index] ?? 0;
    return Math.abs(lead) < 1e-9 ? 0 : (row[size] ?? 0) / lead;
  });
}

function measured(prepared: Prepared, delayS: number, lagS: number) {
  const shape = without(prepared.sum(delayS, lagS), prepared.rest);
  const squares = dot(shape, shape);
  const gain = squares > 1e-9 ? dot(shape, prepared.value) / squares : 0;
  const rest = prepared.value.map((value, index) => value - gain * (shape[index] ?? 0));
  const count = rest.length;
  const noiseW = Math.sqrt(dot(rest, rest) / Math.max(1, count - prepared.rest.length - 3));
  const alike = likeness(rest);
  const spread = Math.sqrt((1 + alike) / (1 - alike));
  const gainError = squares > 1e-9 ? (noiseW * spread) / Math.sqrt(squares) : Number.NaN;
  const each = prepared.each(delayS, lagS).map((one) => without(one, prepared.rest));
  const least = Math.min(...each.map((one) => dot(one, one)));
  return {
    gainShare: gain,
    gainErrorShare: gainError,
    perPulse: gainsOf(each, prepared.value),
    perPulseErrorShare: least > 1e-9 ? (noiseW * spread) / Math.sqrt(least) : Number.NaN,
    noiseW,
    count,
    spread,
  };
}

/**
 * @param delayMaxS  latest that the pulse may show
 * @returns undefined where the series is too short, or nothing was commanded
 */
export function fitPulses(
  series: Series,
  responses: Responses,
  delayMaxS: number,
): Fit | undefined {
  if (series.value.length < COUNT_MIN || responses.size === 0) return undefined;
  const prepared = new Prepared(series, responses);
  if (isConstant(series)) return { ...FLAT, count: series.value.length };
  const tried = search(prepared, delayMaxS);
  const top = best(tried);
  const { spread, ...found } = measured(prepared, top.delayS, top.lagS);
  // What explains almost as much is as likely: four standard deviations of the best.
  const slack = 16 * found.noiseW * found.noiseW * spread * spread;
  const likely = tried.filter(({ explained }) => explained >= top.explained - slack);
  const reach = (of: (one: Tried) => number): number =>
    Math.max(...likely.map((one) => Math.abs(of(one) - of(top))));
  return {
    ...found,
    delayS: top.delayS,
    delayErrorS: reach(({ delayS }) => delayS) + 0.1,
    lagS: top.lagS,
    lagErrorS: reach(({ lagS }) => lagS) + 0.06 * top.lagS + 0.1,
  };
}

export const isConstant = ({ value }: Series): boolean => {
  const first = value[0] ?? 0;
  return value.every((one) => Math.abs(one - first) <= 1e-9);
};

const FLAT: Fit = {
  ...{ gainShare: 0, gainErrorShare: 0, perPulse: [], perPulseErrorShare: 0 },
  ...{ delayS: 0, delayErrorS: 0, lagS: 1, lagErrorS: 0, noiseW: 0, count: 0 },
};

/** The gain at a dead time and lag that another series of the same witness has shown. */
export function fitAt(series: Series, responses: Responses, at: Fit): Fit | undefined {
  if (series.value.length < COUNT_MIN || responses.size === 0) return undefined;
  const { spread: _, ...found } = measured(new Prepared(series, responses), at.delayS, at.lagS);
  return { ...at, ...found };
}
