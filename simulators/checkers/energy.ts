import type { EnergyRecord } from '../../gateway/contracts/values/record.ts';
import { QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { Truth } from './types.ts';

/** Energies of a site, Wh, both ways apart; the signs are in the names. */
export type SiteEnergyWh = Readonly<
  Record<'pv' | 'load' | 'import' | 'export' | 'charge' | 'discharge', number>
>;

export interface InOut {
  readonly inWh: number;
  readonly outWh: number;
}

/**
 * The truth's own books: counters of every place at the quarter-hours, exact where a turn ends at
 * the edge or its power is constant. Feed it every turn, then ask.
 */
export interface Quarters {
  seen(truth: Truth): void;
  /** Energy of a place in a full quarter-hour that has passed; undefined outside the run. */
  quarter(place: string, fromMs: number): InOut | undefined;
  /** The connection without battery and limits. */
  alone(fromMs: number): InOut | undefined;
  /** Starts of the full quarter-hours, in order. */
  readonly starts: () => readonly number[];
  total(): SiteEnergyWh;
  /**
   * Whole run, also its cut first and last quarter-hours: pieces that never span a quarter-hour's
   * edge.
   */
  readonly pieces: () => readonly Piece[];
}

export interface Piece {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly connection: InOut;
  readonly alone: InOut;
}

type Counters = Readonly<Record<string, InOut>>;

interface Instant {
  readonly atMs: number;
  readonly counters: Counters;
}

const ALONE = ' alone'; // no id of a place
const ZERO: InOut = { inWh: 0, outWh: 0 };

const minus = (a: InOut | undefined, b: InOut | undefined): InOut => ({
  inWh: (a?.inWh ?? 0) - (b?.inWh ?? 0),
  outWh: (a?.outWh ?? 0) - (b?.outWh ?? 0),
});

export function createQuarters(connection: string, startMs: number, start?: Truth): Quarters {
  const first: Instant = { atMs: startMs, counters: start ? countersOf(start) : {} };
  let last: Truth | undefined;
  const latest = (): Instant =>
    last === undefined ? first : { atMs: last.atMs, counters: countersOf(last) };
  const marks = new Map<number, Counters>();
  if (startMs % QUARTER_MS === 0) marks.set(startMs, first.counters);

  const seen = (truth: Truth): void => {
    let edgeMs = (Math.floor((last?.atMs ?? startMs) / QUARTER_MS) + 1) * QUARTER_MS;
    if (edgeMs <= truth.atMs) {
      const from = latest();
      const until = { atMs: truth.atMs, counters: countersOf(truth) };
      for (; edgeMs <= truth.atMs; edgeMs += QUARTER_MS) {
        marks.set(edgeMs, between(from, until, edgeMs));
      }
    }
    last = truth;
  };
  const quarter = (place: string, fromMs: number): InOut | undefined => {
    const from = marks.get(fromMs);
    const until = marks.get(fromMs + QUARTER_MS);
    return from && until ? minus(until[place], from[place]) : undefined;
  };
  const total = (): SiteEnergyWh => {
    const sum = { pv: 0, load: 0, import: 0, export: 0, charge: 0, discharge: 0 };
    for (const [id, place] of Object.entries(last?.places ?? {})) {
      const { inWh, outWh } = minus(place, first.counters[id]);
      const { kind } = place;
      if (kind === 'grid') {
        sum.import += inWh;
        sum.export += outWh;
      } else if (kind === 'pv') sum.pv += inWh;
      else if (kind === 'load' || kind === 'ev') sum.load += outWh;
      else if (kind === 'battery') {
        sum.discharge += inWh;
        sum.charge += outWh;
      }
    }
    return sum;
  };
  const pieces = (): Piece[] => {
    const edges = [first, ...[...marks].map(([atMs, counters]) => ({ atMs, counters })), latest()];
    return edges.slice(1).flatMap((until, n) => {
      const from = edges[n];
      if (from === undefined || until.atMs <= from.atMs) return [];
      const of = (id: string): InOut => minus(until.counters[id], from.counters[id]);
      return [
        { fromMs: from.atMs, untilMs: until.atMs, connection: of(connection), alone: of(ALONE) },
      ];
    });
  };
  return {
    seen,
    quarter,
    alone: (fromMs) => quarter(ALONE, fromMs),
    starts: () => [...marks.keys()].filter((fromMs) => marks.has(fromMs + QUARTER_MS)),
    total,
    pieces,
  };
}

function countersOf(truth: Truth): Counters {
  const counters: Record<string, InOut> = { [ALONE]: truth.withoutBattery };
  for (const [id, { inWh, outWh }] of Object.entries(truth.places)) counters[id] = { inWh, outWh };
  return counters;
}

/** Counters at an edge inside a sub-step of constant power. */
function between(from: Instant, until: Instant, edgeMs: number): Counters {
  const share = (edgeMs - from.atMs) / (until.atMs - from.atMs);
  return Object.fromEntries(
    Object.entries(until.counters).map(([id, end]) => {
      const start = from.counters[id] ?? ZERO;
      const inWh = start.inWh + (end.inWh - start.inWh) * share;
      return [id, { inWh, outWh: start.outWh + (end.outWh - start.outWh) * share }];
    }),
  );
}

/** How far booked energies are from the truth, and on how many records that rests. */
export interface TruthError {
  /** Sum of absolute differences over the sum of true energies; 0 where nothing was compared. */
  readonly pct: number;
  readonly records: number;
  readonly worst:
    | { readonly place: string; readonly fromMs: number; readonly differenceWh: number }
    | undefined;
}

/**
 * Compares fully measured quarter-hours, the newest version of each, with the truth of the same
 * quarter-hour.
 */
export function truthError(quarters: Quarters, booked: readonly EnergyRecord[]): TruthError {
  const newest = new Map<string, EnergyRecord>();
  for (const record of booked) {
    if (record.durationMs !== QUARTER_MS || record.coveragePct < 99) continue;
    const key = `${record.place}/${record.fromMs}`;
    if (record.version >= (newest.get(key)?.version ?? 0)) newest.set(key, record);
  }
  let differenceWh = 0;
  let trueWh = 0;
  let records = 0;
  let worst: TruthError['worst'];
  for (const { place, fromMs, inWh, outWh } of newest.values()) {
    const truth = quarters.quarter(place, fromMs);
    if (truth === undefined) continue;
    const off = Math.abs(inWh - truth.inWh) + Math.abs(outWh - truth.outWh);
    if (off > (worst?.differenceWh ?? 0)) worst = { place, fromMs, differenceWh: off };
    differenceWh += off;
    trueWh += truth.inWh + truth.outWh;
    records += 1;
  }
  return { pct: (100 * differenceWh) / Math.max(trueWh, 1), records, worst };
}
