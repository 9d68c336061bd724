import type { BusSpec } from '../../contracts/values/site.ts';
import type { Clock, Log, Wire } from '../../ports.ts';
import type { Request } from './pdu.ts';
import type { Priority } from './queue.ts';

export interface BusOptions {
  readonly bus: BusSpec;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly log: Log;
  readonly stretch: number; // of all guard times in an accelerated run
  readonly random: () => number; // uniform in [0, 1), for jitter
  readonly unitsOnBus: number;
}

export type BusFailure = 'timeout' | 'exception' | 'bad-frame' | 'closed' | 'unit-down';

/** What became of a request: data, never an exception. */
export type BusResult =
  | {
      readonly ok: true;
      readonly words: readonly number[]; // registers, or bits as 0 and 1; [] for a write
      readonly sentAtMs: number; // monotonic
      readonly tookMs: number; // real
    }
  | {
      readonly ok: false;
      readonly why: BusFailure;
      readonly exception?: number;
      readonly detail: string;
      readonly sent: boolean; // true: the device may have acted on it
    };

/** How one unit wants to be spoken to; all in real milliseconds. */
export interface UnitSettings {
  readonly unit: number;
  readonly timeoutMs: number;
  readonly pauseMs: number; // after its answer, before the next request on the wire
  readonly lateMs: number; // how long after the deadline an answer may still come
  readonly connectDelayMs: number; // least time from the end of a connection to the next attempt
  readonly settleMs?: number; // from a new connection to the first request
  readonly lax?: boolean; // its gateway does not repeat the transaction id
  readonly depth?: number; // requests in flight at once, by the device's own choice; default 1
  readonly maxRegisters?: number; // in one request, more never leave; default 125
}

/** Requests in flight that a device may ask for: far below any count of transaction ids. */
export const DEPTH_MAX = 16;

export interface UnitStats {
  readonly requests: number;
  readonly writes: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly badFrames: number;
  readonly latencyMs: number; // real, of the last answered request
}

/** One unit on a wire, as its consumers see it. */
export interface BusHandle {
  readonly unit: number;
  /** @throws RangeError for a request outside of the protocol, which is a fault of the caller */
  request(request: Request, priority: Priority): Promise<BusResult>;
  /** Milliseconds (real) of the wire that a request takes up: computed on a line, else measured. */
  costMs(request: Request): number;
  /** Milliseconds (real) until its answer is there, by the slowest turnaround lately. */
  answerMs(request: Request): number;
  /**
   * What to read after a resynchronisation, and the words it always gives where it has constant
   * ones.
   */
  prove(request: Request, words?: readonly number[]): void;
  readonly stats: UnitStats;
  readonly connected: boolean;
  /** Another number: the device may have restarted, or be another one. */
  readonly sessions: number;
  /** Another number: the wire was away, by the far end's doing or for longer than a moment. */
  readonly outages: number;
  readonly failed: boolean; // could not connect, tried again later
  readonly down: boolean; // did not answer, asked again later
}

export interface Bus {
  start(): void;
  /** Closes the wire; every pending request settles at once. */
  stop(): void;
  attach(settings: UnitSettings): BusHandle;
  onOpen: (() => void) | undefined;
  readonly connected: boolean;
  readonly opens: number;
  readonly late: number; // answers that came when nobody waited for them
}

/** A request that was on the wire: what the device made of it is not known. */
export const failure = (why: BusFailure, detail: string): BusResult & { ok: false } => ({
  ok: false,
  why,
  detail,
  sent: true,
});

/** A request that never left. */
export const unsent = (why: BusFailure, detail: string): BusResult => ({
  ok: false,
  why,
  detail,
  sent: false,
});
