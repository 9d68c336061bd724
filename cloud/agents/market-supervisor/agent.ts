import { type Order, type OrderReceipt, order } from '../../../gateway/contracts/messages.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import type { AgentAnswer, AgentPort } from '../../a2a/router.ts';
import type { RejectCode } from '../../market/order.ts';
import type { MarketState } from './state.ts';
import { onCancel, onOrders } from './supervisor.ts';

const ORDERS_MAX = 200;

/** What a task for orders waits for: the gate of one interval. */
export const gateKey = (zone: string, fromMs: Instant): string => `gate/${zone}/${fromMs}`;

const rejected = (says: string): AgentAnswer => ({ state: 'TASK_STATE_REJECTED', says });

/** The supervisor as others may talk to it: one skill, orders. */
export function marketAgent(state: MarketState): AgentPort {
  return {
    send(speaker, message, taskId, nowMs) {
      const batches = message.parts.flatMap((part) => ('data' in part ? [part.data] : []));
      const batch = readBatch(batches[0]);
      if (batch === undefined || batches.length > 1) {
        return rejected(
          'send one data part {v: 1, kind: "orders", zone, orders: [...]}, at most 200 orders',
        );
      }
      const taken = onOrders(
        state,
        speaker,
        { v: 1, kind: 'orders', zone: batch.zone, orders: batch.orders },
        taskId,
        nowMs,
      );
      if (taken === undefined) return rejected('no market for this participant here');
      const receipt: OrderReceipt = {
        ...taken.receipt,
        rejected: [...taken.receipt.rejected, ...batch.refused],
      };
      const none = receipt.accepted.length === 0;
      return {
        state: none ? 'TASK_STATE_REJECTED' : 'TASK_STATE_WORKING',
        result: { name: 'receipt', parts: [{ data: receipt, mediaType: 'application/json' }] },
        waitsFor: none ? [] : taken.intervals.map((fromMs) => gateKey(speaker.zone, fromMs)),
        writes: taken.writes,
      };
    },
    cancel: (speaker, taskId, nowMs) => onCancel(state, speaker.zone, taskId, nowMs).writes,
  };
}

interface Batch {
  readonly zone: string;
  readonly orders: Order[];
  readonly refused: { id: string; code: RejectCode }[];
}

/** One bad order is refused by itself; the others of its batch stand. */
function readBatch(data: unknown): Batch | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { v, kind, zone, orders, ...more } = data as Record<string, unknown>;
  if (v !== 1 || kind !== 'orders' || typeof zone !== 'string') return undefined;
  if (!Array.isArray(orders) || orders.length === 0 || orders.length > ORDERS_MAX) return undefined;
  // a command: what is not understood is refused
  if (Object.keys(more).length > 0) return undefined;
  const batch: Batch = { zone, orders: [], refused: [] };
  orders.forEach((one: unknown, at) => {
    const parsed = order.safeParse(one);
    if (parsed.success) batch.orders.push(parsed.data);
    else batch.refused.push({ id: idOf(one, at), code: codeOf(parsed.error.issues[0]?.path[0]) });
  });
  return batch;
}

function idOf(value: unknown, at: number): string {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === 'string' && /^[A-Za-z0-9_.:-]{1,96}$/.test(id) ? id : `orders.${at}`;
}

function codeOf(field: PropertyKey | undefined): RejectCode {
  if (field === 'id') return 'INVALID_ID';
  if (field === 'side') return 'INVALID_SIDE';
  if (field === 'energyWh') return 'INVALID_QUANTITY';
  if (field === 'priceMicroPerKwh') return 'INVALID_PRICE';
  if (field === 'interval') return 'INTERVAL_UNKNOWN';
  return 'INVALID_ORDER';
}
