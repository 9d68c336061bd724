import type { Awards, Statement } from '../../../gateway/contracts/messages.ts';
import type { Nano } from '../../../gateway/contracts/values/money.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import type { AuctionOrder } from '../../market/auction.ts';
import type { Ledger } from '../../market/ledger.ts';
import type { Zone } from '../../market/zone.ts';
import type { Effects, StoredEnergy } from '../../ports.ts';

export type StatementLine = Statement['lines'][number];
export type Award = Awards['awards'][number];

/** An order in the book; `id` is `participant/orderId`, since ids are the participant's own. */
export interface BookOrder extends AuctionOrder {
  readonly orderId: string;
  readonly gateway: string; // who sent it and hears of its award
  readonly taskId: string;
  readonly fromMs: Instant;
}

/** What a participant traded in an interval. */
export interface TradedPosition {
  readonly participant: string;
  readonly soldWh: number;
  readonly boughtWh: number;
  readonly tradeNano: Nano; // + is received
  readonly feeNano: Nano; // + is received
}

export interface IntervalState {
  readonly fromMs: Instant;
  phase: 'open' | 'cleared';
  readonly orders: Map<string, BookOrder>;
  readonly awards: Map<string, Award[]>; // by gateway; also with an empty list
  readonly positions: Map<string, TradedPosition>;
  // by gateway, then by start of the record
  readonly meters: Map<string, Map<Instant, StoredEnergy>>;
  version: number; // of the settlement, 0 = none yet
  readonly lines: Map<string, StatementLine>;
}

export interface Totals {
  intervals: number;
  soldWh: number;
  boughtWh: number;
  tradeNano: Nano;
  imbalanceNano: Nano;
  feeNano: Nano;
}

export interface ZoneState {
  readonly zone: Zone;
  readonly intervals: Map<Instant, IntervalState>;
  readonly known: Map<string, BookOrder>; // every order still remembered, by book id
  readonly heard: Map<string, Instant>; // start of each gateway's first meter value
  readonly totals: Map<string, Totals>;
  // envelopes, by gateway
  readonly limits: Map<string, { importW: number; exportW: number; untilMs: Instant }>;
  nextMs: Instant; // start of the next interval whose gate will close
}

/** Owned by the supervisor alone; changed only by its steps. */
export interface MarketState {
  readonly tenant: string;
  readonly zones: Map<string, ZoneState>;
  readonly ledger: Ledger;
  intervalsCleared: number;
  volumeWh: number;
}

/** For one gateway, after a gate: what its orders got. */
export interface Notice {
  readonly gateway: string;
  readonly data: Awards;
  readonly taskIds: readonly string[];
}

export interface MarketEffects extends Effects {
  readonly notices: Notice[];
  readonly alarms: string[];
}

export const nothing = (): MarketEffects => ({ writes: [], messages: [], notices: [], alarms: [] });

export const bookId = (participant: string, orderId: string): string => `${participant}/${orderId}`;

export function newInterval(fromMs: Instant): IntervalState {
  return {
    fromMs,
    phase: 'open',
    orders: new Map(),
    awards: new Map(),
    positions: new Map(),
    meters: new Map(),
    version: 0,
    lines: new Map(),
  };
}

export function intervalOf(zone: ZoneState, fromMs: Instant): IntervalState {
  const known = zone.intervals.get(fromMs);
  if (known !== undefined) return known;
  const made = newInterval(fromMs);
  if (fromMs < zone.nextMs) made.phase = 'cleared';
  zone.intervals.set(fromMs, made);
  return made;
}

export function newTotals(): Totals {
  return { intervals: 0, soldWh: 0, boughtWh: 0, tradeNano: 0n, imbalanceNano: 0n, feeNano: 0n };
}
