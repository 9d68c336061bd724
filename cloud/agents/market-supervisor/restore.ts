import type { MarketResult } from '../../../gateway/contracts/messages.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import { createLedger } from '../../market/ledger.ts';
import type { Zone } from '../../market/zone.ts';
import type { Row, Store } from '../../ports.ts';
import { book, REMEMBERED_MS, takeMeter } from './delivery.ts';
import {
  type Award,
  type BookOrder,
  intervalOf,
  type MarketState,
  newInterval,
  type StatementLine,
  type TradedPosition,
  type ZoneState,
} from './state.ts';
import { openMarket } from './supervisor.ts';

type Reader = Pick<Store, 'rows' | 'journal' | 'energy'>;

/**
 * The market as the store remembers it. Every step's writes are one transaction, so what is read
 * here is the state after some step, never half of one.
 * @throws JournalDamaged when the journal is not what this market wrote
 */
export function restoreMarket(
  tenant: string,
  zones: readonly Zone[],
  store: Reader,
  nowMs: Instant,
): MarketState {
  const state = { ...openMarket(tenant, zones, nowMs), ledger: createLedger(store.journal()) };
  const sinceMs = nowMs - REMEMBERED_MS;
  each(state, store.rows('market_data', 'result'), (zone, row) => {
    const result = JSON.parse(row.body) as MarketResult;
    state.intervalsCleared += 1;
    state.volumeWh += result.volumeWh;
    restoreResult(zone, row.fromMs, sinceMs);
  });
  for (const zone of state.zones.values()) restartGates(zone, store, nowMs);
  for (const kind of ['cleared-order', 'order']) {
    each(state, store.rows('trade_data', kind, sinceMs), (zone, row) => {
      const order = JSON.parse(row.body) as BookOrder;
      zone.known.set(order.id, order);
      intervalOf(zone, order.fromMs).orders.set(order.id, order);
    });
  }
  each(state, store.rows('trade_data', 'position', sinceMs), (zone, row) => {
    const position = JSON.parse(row.body);
    intervalOf(zone, row.fromMs).positions.set(row.who, {
      ...position,
      tradeNano: BigInt(position.tradeNano),
      feeNano: BigInt(position.feeNano),
    } satisfies TradedPosition);
  });
  each(state, store.rows('trade_data', 'awards', sinceMs), (zone, row) => {
    intervalOf(zone, row.fromMs).awards.set(row.who, JSON.parse(row.body) as Award[]);
  });
  each(state, store.rows('trade_data', 'settlement'), (zone, row) => {
    const { version, line } = JSON.parse(row.body) as { version: number; line: StatementLine };
    const young = row.fromMs >= sinceMs;
    const interval = young ? intervalOf(zone, row.fromMs) : newInterval(row.fromMs);
    interval.version = version;
    book(zone, interval, row.who, line);
  });
  restoreMeters(state, store, sinceMs, nowMs);
  return state;
}

function each(
  state: MarketState,
  rows: readonly Row[],
  run: (zone: ZoneState, row: Row) => void,
): void {
  for (const row of rows) {
    const zone = state.zones.get(row.zone);
    if (zone !== undefined) run(zone, row);
  }
}

function restoreResult(zone: ZoneState, fromMs: Instant, sinceMs: Instant): void {
  zone.nextMs = Math.max(zone.nextMs, fromMs + zone.zone.intervalMs);
  if (fromMs >= sinceMs) intervalOf(zone, fromMs).phase = 'cleared';
}

/** Gates that closed while the cloud was down are closed now, as the oldest open order says. */
function restartGates(zone: ZoneState, store: Reader, nowMs: Instant): void {
  const open = store
    .rows('trade_data', 'order')
    .filter((row) => row.zone === zone.zone.id && !zone.intervals.has(row.fromMs));
  const oldest = Math.min(zone.nextMs, ...open.map((row) => row.fromMs));
  if (oldest < zone.nextMs && oldest > nowMs - REMEMBERED_MS) zone.nextMs = oldest;
}

function restoreMeters(state: MarketState, store: Reader, sinceMs: Instant, nowMs: Instant): void {
  for (const zone of state.zones.values()) {
    for (const participant of zone.zone.participants) {
      for (const gateway of participant.gateways) {
        for (const record of store.energy(gateway.id, gateway.connection, sinceMs)) {
          takeMeter(zone, gateway, record, nowMs);
        }
      }
    }
  }
}
