import type { Mode } from './image.ts';
import type { Instant } from './time.ts';

/**
 * Key of a record: (gateway, epoch, seq). The epoch rises with each start of the guard, seq counts
 * from 1.
 */
export interface RecordKey {
  readonly epoch: number;
  readonly seq: number;
}

/** What the guard produces; gone only when the cloud says it stored it. */
export type TelemetryRecord = RecordKey & (AggregateRecord | EnergyRecord | EventRecord);

/**
 * Column of one point over `durationMs`: n readings, share of them good (percent), statistics of
 * the good ones.
 */
export interface AggregateColumn {
  readonly point: string;
  readonly n: number;
  readonly goodPct: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly last: number | null;
}

/** Statistics of the site's points over one minute of the wall clock. */
export interface AggregateRecord {
  readonly kind: 'aggregate';
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly columns: readonly AggregateColumn[];
}

/**
 * Energy of one delivery interval at one place, import and export (into and out of the node) apart,
 * integer Wh.
 */
export interface EnergyRecord {
  readonly kind: 'energy';
  readonly place: string; // connection or terminal id
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly inWh: number; // into the node: import, production, discharge
  readonly outWh: number; // out of the node: export, consumption, charge
  readonly coveragePct: number; // of the interval, that its power was known
  readonly source: 'counter' | 'power' | 'residual';
  readonly quality: 'measured' | 'partial' | 'substituted' | 'corrected';
  readonly version: number; // 1, and one more with each correction
}

/** Something that people may want to know of, in one sentence. */
export interface EventRecord {
  readonly kind: 'event';
  readonly atMs: Instant;
  readonly code: string;
  readonly mode: Mode;
  readonly text: string;
}
