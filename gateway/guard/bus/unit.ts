import { Breaker, type Probing } from './breaker.ts';
import type { Asked } from './line.ts';
import { Patience } from './patience.ts';
import { isWrite, type Request } from './pdu.ts';
import { Outstanding } from './proof.ts';
import type { Standing, Waiting } from './queue.ts';
import type { BusResult, UnitSettings, UnitStats } from './types.ts';

/** A request with whoever waits for it. */
export interface Asking extends Waiting {
  readonly of: Unit;
  readonly isEnd: boolean; // ends an order, heard or not: it waits for no proof
  readonly settle: (result: BusResult) => void;
  answer?: BusResult; // that may be another one's, until the unit is proven
}

/** What the owner of a wire knows of one unit on it. */
export interface Unit {
  readonly settings: UnitSettings;
  readonly breaker: Breaker;
  readonly patience: Patience; // with its reads
  readonly writing: Patience; // with its writes, which may take longer
  readonly stats: { -readonly [K in keyof UnitStats]: UnitStats[K] };
  readonly standing: { -readonly [K in keyof Standing]: Standing[K] };
  proof: { readonly request: Request; readonly words?: readonly number[] } | undefined;
  readonly outstanding: Outstanding;
  doubted: boolean; // prove the unit before its data is trusted
  turnaroundMs: number | undefined; // from its request's end to its answer's beginning, smoothed
}

/** A request on the wire. */
export interface Flight extends Asked {
  readonly unit: Unit;
  readonly item: Asking | undefined; // undefined = proof read
  readonly sentRealMs: number;
  readonly sentMonoMs: number;
  readonly deadlineMs: number; // real
}

/** @param alone nobody else is on the wire */
export const newUnit = (
  settings: UnitSettings,
  stretch: number,
  alone: boolean,
  probing: Probing,
): Unit => ({
  settings,
  breaker: new Breaker(stretch, alone, probing),
  patience: new Patience(),
  writing: new Patience(),
  stats: { requests: 0, writes: 0, timeouts: 0, exceptions: 0, badFrames: 0, latencyMs: 0 },
  standing: {
    failing: false,
    restUntilMs: Number.NEGATIVE_INFINITY,
    depth: settings.lax === true ? 1 : (settings.depth ?? 1),
  },
  proof: undefined,
  outstanding: new Outstanding(),
  doubted: false,
  turnaroundMs: undefined,
});

/**
 * What an answer is worth. later: an earlier request of the same shape may be answered by it, and
 * the unit can be proven. none: read without the proof that it wanted; the echo of a write speaks
 * for itself.
 */
export function trustOf({ unit, item, request }: Flight, nowMs: number): 'full' | 'later' | 'none' {
  if (unit.proof === undefined) return 'full';
  if (item?.isEnd === true && unit.doubted && !isWrite(request)) return 'none';
  return unit.outstanding.mayAnswer(request, nowMs) ? 'later' : 'full';
}

/** Of the units of a wire. */
export const longest = (
  units: ReadonlyMap<number, Unit>,
  of: (settings: UnitSettings) => number,
): number => Math.max(0, ...[...units.values()].map((unit) => of(unit.settings)));
