import type { Order, OrderBatch, OrderReceipt } from '../../../gateway/contracts/messages.ts';
import { HOUR_MS, type Instant } from '../../../gateway/contracts/values/time.ts';
import { canonical } from '../../canonical.ts';
import { isSameOrder, type RejectCode } from '../../market/order.ts';
import type { Participant } from '../../market/zone.ts';
import type { Write } from '../../ports.ts';
import { type BookOrder, bookId, intervalOf, type ZoneState } from './state.ts';

export interface Sender {
  readonly participant: Participant; // who publishes there, by the registry
  readonly gateway: string;
  readonly taskId: string;
}

export interface Taken {
  readonly receipt: OrderReceipt;
  readonly writes: readonly Write[];
  readonly intervals: readonly Instant[]; // with an accepted order, each once
}

/** Takes a batch at the instant of its receipt; the sender's own clock has no say. */
export function takeOrders(
  state: ZoneState,
  sender: Sender,
  batch: OrderBatch,
  nowMs: Instant,
): Taken {
  const accepted: string[] = [];
  const rejected: { id: string; code: RejectCode }[] = [];
  const writes: Write[] = [];
  const intervals = new Set<Instant>();
  for (const order of batch.orders) {
    const entry = toBook(order, sender);
    const known = state.known.get(entry.id);
    if (known !== undefined && isSame(known, entry)) {
      accepted.push(order.id);
      intervals.add(known.fromMs);
      continue;
    }
    const code = refusal(state, sender, batch.zone, order, nowMs);
    if (code !== undefined) {
      rejected.push({ id: order.id, code });
      continue;
    }
    state.known.set(entry.id, entry);
    intervalOf(state, entry.fromMs).orders.set(entry.id, entry);
    writes.push(orderRow(state.zone.id, entry, 'order'));
    accepted.push(order.id);
    intervals.add(entry.fromMs);
  }
  return {
    receipt: { v: 1, kind: 'receipt', accepted, rejected },
    writes,
    intervals: [...intervals].sort((a, b) => a - b),
  };
}

/** Takes a task's orders out again, where the gate is still open. */
export function cancelOrders(state: ZoneState, taskId: string, nowMs: Instant): Write[] {
  const writes: Write[] = [];
  for (const interval of state.intervals.values()) {
    if (interval.phase !== 'open' || nowMs >= interval.fromMs - state.zone.gateMs) continue;
    for (const order of [...interval.orders.values()]) {
      if (order.taskId !== taskId) continue;
      interval.orders.delete(order.id);
      writes.push(orderRow(state.zone.id, order, 'canceled-order'));
    }
  }
  return writes;
}

export function orderRow(
  zone: string,
  order: BookOrder,
  kind: 'order' | 'cleared-order' | 'canceled-order',
): Write {
  return {
    op: 'put',
    row: {
      table: 'trade_data',
      key: `order/${order.id}`,
      kind,
      zone,
      who: order.owner,
      fromMs: order.fromMs,
      body: canonical(order),
    },
  };
}

function toBook(order: Order, sender: Sender): BookOrder {
  return {
    id: bookId(sender.participant.id, order.id),
    owner: sender.participant.id,
    side: order.side,
    energyWh: order.energyWh,
    priceMicroPerKwh: order.priceMicroPerKwh + 0,
    orderId: order.id,
    gateway: sender.gateway,
    taskId: sender.taskId,
    fromMs: order.interval.fromMs,
  };
}

const isSame = (a: BookOrder, b: BookOrder): boolean => a.fromMs === b.fromMs && isSameOrder(a, b);

function refusal(
  state: ZoneState,
  sender: Sender,
  zone: string,
  order: Order,
  nowMs: Instant,
): RejectCode | undefined {
  if (zone !== state.zone.id) return 'WRONG_ZONE';
  if (state.known.has(bookId(sender.participant.id, order.id))) return 'DUPLICATE_ID_DIFFERENT';
  const { intervalMs, gateMs, horizonMs } = state.zone;
  const { fromMs, durationMs } = order.interval;
  if (durationMs !== intervalMs || fromMs % intervalMs !== 0) return 'INTERVAL_UNKNOWN';
  if (fromMs > nowMs + horizonMs) return 'INTERVAL_UNKNOWN';
  if (nowMs >= fromMs - gateMs || fromMs < state.nextMs) return 'INTERVAL_CLOSED';
  const wanted = order.energyWh + offeredWh(state, sender.participant.id, order);
  return wanted > limitWh(state, sender.participant, order) ? 'ABOVE_LIMIT' : undefined;
}

/** What the participant has in the book already, on this side of this interval. */
function offeredWh(state: ZoneState, participant: string, order: Order): number {
  let sum = 0;
  for (const other of state.intervals.get(order.interval.fromMs)?.orders.values() ?? []) {
    if (other.owner === participant && other.side === order.side) sum += other.energyWh;
  }
  return sum;
}

/**
 * Contracted power, or the envelope where one covers the start of the interval, over the interval.
 */
function limitWh(state: ZoneState, participant: Participant, order: Order): number {
  const { fromMs, durationMs } = order.interval;
  let limitW = 0;
  for (const gateway of participant.gateways) {
    const selling = order.side === 'sell';
    const envelope = state.limits.get(gateway.id);
    const contractedW = selling ? gateway.contractedExportW : gateway.contractedImportW;
    const envelopeW = selling ? envelope?.exportW : envelope?.importW;
    const binds = envelope !== undefined && envelope.untilMs > fromMs;
    limitW += binds ? Math.min(contractedW, envelopeW ?? contractedW) : contractedW;
  }
  return Math.floor((limitW * durationMs) / HOUR_MS);
}
