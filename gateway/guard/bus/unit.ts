import { Breaker } from './breaker.ts';
import type { Request } from './pdu.ts';
import type { Waiting } from './queue.ts';
import type { BusResult, UnitSettings, UnitStats } from './types.ts';

/** A request with whoever waits for it. */
export interface Asking extends Waiting {
  readonly settle: (result: BusResult) => void;
}

/** What the owner of a wire knows of one unit on it. */
export interface Unit {
  readonly settings: UnitSettings;
  readonly breaker: Breaker;
  readonly stats: { -readonly [K in keyof UnitStats]: UnitStats[K] };
  proof: { readonly request: Request; readonly words?: readonly number[] } | undefined;
  doubted: boolean; // prove the unit before its data is trusted
}

/** The one request on the wire. */
export interface Flight {
  readonly unit: Unit;
  readonly request: Request;
  readonly item: Asking | undefined; // undefined = proof read
  readonly sentRealMs: number;
  readonly sentMonoMs: number;
  readonly cancel: () => void;
}

/** @param alone nobody else is on the wire */
export const newUnit = (settings: UnitSettings, stretch: number, alone: boolean): Unit => ({
  settings,
  breaker: new Breaker(stretch, alone),
  stats: { requests: 0, writes: 0, timeouts: 0, exceptions: 0, badFrames: 0, latencyMs: 0 },
  proof: undefined,
  doubted: false,
});
