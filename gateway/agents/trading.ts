import type { Awards, Order, OrderBatch } from '../contracts/messages.ts';
import { amountNano } from '../contracts/values/money.ts';
import type { OrderDraft } from '../contracts/values/outlook.ts';
import type { Position } from '../contracts/values/plan.ts';
import { DAY_MS, type Instant } from '../contracts/values/time.ts';
import type { MarketRow } from '../contracts/values/view.ts';
import type { QuarterTrade } from './money.ts';

/** An order of this site and what became of it. */
export interface PlacedOrder extends Order {
  readonly fromStore: boolean;
  readonly state: 'sent' | 'accepted' | 'rejected';
  readonly code?: string; // of a rejection
}

export interface TradingSetup {
  readonly site: string;
  readonly zone: string;
  readonly epoch: number; // of the store; ids never repeat
  readonly leadMs: number; // an order must be there so long before delivery
  readonly aheadMs: number; // and is not sent earlier than this
}

const KEPT_MS = 3 * DAY_MS;
const ORDERS_MAX = 200;
const KEEP_WH = 150; // so near the plan means to keep its position
const KEEP_SHARE = 0.1;

/**
 * Book of the site's own orders and awards. Each interval is ordered once, with ids from (site,
 * epoch, sequence), so sending a batch again changes nothing; an award counts once, the newest
 * result of an interval replaces the one before.
 */
export class Trading {
  private readonly setup: TradingSetup;
  private readonly orders = new Map<string, PlacedOrder>();
  private readonly results = new Map<Instant, Awards>();
  private sequence = 0;

  constructor(setup: TradingSetup) {
    this.setup = setup;
  }

  restore(orders: readonly PlacedOrder[], results: readonly Awards[]): void {
    for (const order of orders) this.orders.set(order.id, order);
    for (const result of results) this.results.set(result.interval.fromMs, result);
  }

  /** Starts of intervals that may be ordered now and were not yet. */
  open(starts: readonly Instant[], nowMs: Instant): Instant[] {
    const ordered = new Set([...this.orders.values()].map(({ interval }) => interval.fromMs));
    return starts.filter((fromMs) => {
      const leadMs = fromMs - nowMs;
      return leadMs >= this.setup.leadMs && leadMs <= this.setup.aheadMs && !ordered.has(fromMs);
    });
  }

  /** Turns drafts into a batch with ids, and remembers it. */
  place(drafts: readonly OrderDraft[]): OrderBatch | undefined {
    if (drafts.length === 0) return undefined;
    const orders = drafts.slice(0, ORDERS_MAX).map((draft): Order => {
      this.sequence += 1;
      return {
        id: `${this.setup.site}-${this.setup.epoch}-${this.sequence}`,
        interval: { fromMs: draft.fromMs, durationMs: draft.durationMs },
        side: draft.side,
        energyWh: draft.energyWh,
        priceMicroPerKwh: draft.priceMicroPerKwh,
      };
    });
    orders.forEach((order, i) => {
      const fromStore = drafts[i]?.fromStore === true;
      this.orders.set(order.id, { ...order, fromStore, state: 'sent' });
    });
    for (const [id, { interval }] of this.orders) {
      if (interval.fromMs < (orders[0]?.interval.fromMs ?? 0) - KEPT_MS) this.orders.delete(id);
    }
    return { v: 1, kind: 'orders', zone: this.setup.zone, orders };
  }

  receipt(accepted: readonly string[], rejected: readonly { id: string; code: string }[]): void {
    for (const id of accepted) this.mark(id, { state: 'accepted' });
    for (const { id, code } of rejected) this.mark(id, { state: 'rejected', code });
  }

  /** @returns false when this result is known already */
  awarded(result: Awards): boolean {
    const before = this.results.get(result.interval.fromMs);
    if (before && JSON.stringify(before) === JSON.stringify(result)) return false;
    this.results.set(result.interval.fromMs, result);
    for (const fromMs of this.results.keys()) {
      if (fromMs < result.interval.fromMs - KEPT_MS) this.results.delete(fromMs);
    }
    return true;
  }

  /** Prices at which own orders were cleared, one an interval, nano per Wh. */
  clearedNanoPerWh(): number[] {
    return [...this.results.values()].flatMap(({ awards }) => awards[0]?.priceMicroPerKwh ?? []);
  }

  /** Energy out of or into the store that open orders have promised, Wh. */
  promisedWh(side: 'buy' | 'sell', nowMs: Instant): number {
    let energyWh = 0;
    for (const order of this.orders.values()) {
      const open = order.state !== 'rejected' && !this.results.has(order.interval.fromMs);
      const ahead = order.interval.fromMs > nowMs;
      if (order.fromStore && order.side === side && open && ahead) energyWh += order.energyWh;
    }
    return energyWh;
  }

  get(id: string): PlacedOrder | undefined {
    return this.orders.get(id);
  }

  /** Sold minus bought, Wh. */
  soldWh(fromMs: Instant): number {
    let soldWh = 0;
    for (const { side, energyWh } of this.results.get(fromMs)?.awards ?? []) {
      soldWh += side === 'sell' ? energyWh : -energyWh;
    }
    return soldWh;
  }

  trade(fromMs: Instant): QuarterTrade | undefined {
    const result = this.results.get(fromMs);
    if (result === undefined) return undefined;
    let receivedNano = 0n;
    for (const { side, energyWh, priceMicroPerKwh } of result.awards) {
      const amount = amountNano(energyWh, priceMicroPerKwh);
      receivedNano += side === 'sell' ? amount : -amount;
    }
    return { soldWh: this.soldWh(fromMs), receivedNano };
  }

  /**
   * Positions of the running and coming intervals that the plan means to keep. What was only partly
   * filled may be cheaper to miss: there the plan leads, and the rest is at the tariff.
   * @param plannedWh  net export that the plan expects of an interval, undefined = not planned
   */
  positions(nowMs: Instant, plannedWh: (fromMs: Instant) => number | undefined): Position[] {
    return [...this.results.values()]
      .filter(({ interval }) => interval.fromMs + interval.durationMs > nowMs)
      .map(({ interval }) => ({ ...interval, soldWh: this.soldWh(interval.fromMs) }))
      .filter(({ fromMs, soldWh }) => {
        const offWh = Math.abs((plannedWh(fromMs) ?? Number.POSITIVE_INFINITY) - soldWh);
        return soldWh !== 0 && offWh <= Math.max(KEEP_WH, KEEP_SHARE * Math.abs(soldWh));
      })
      .sort((a, b) => a.fromMs - b.fromMs);
  }

  rows(fromMs: Instant, untilMs: Instant): MarketRow[] {
    return [...this.orders.values()]
      .filter(({ interval }) => interval.fromMs >= fromMs && interval.fromMs < untilMs)
      .sort((a, b) => a.interval.fromMs - b.interval.fromMs || (a.id < b.id ? -1 : 1))
      .map((order) => {
        const result = this.results.get(order.interval.fromMs);
        const award = result?.awards.find(({ orderId }) => orderId === order.id);
        const over = result !== undefined || order.state === 'rejected';
        return {
          fromMs: order.interval.fromMs,
          side: order.side,
          orderWh: order.energyWh,
          limitMicroPerKwh: order.priceMicroPerKwh,
          awardedWh: award?.energyWh ?? (over ? 0 : null),
          priceMicroPerKwh: award?.priceMicroPerKwh ?? null,
        };
      });
  }

  private mark(id: string, change: Pick<PlacedOrder, 'state' | 'code'>): void {
    const order = this.orders.get(id);
    if (order) this.orders.set(id, { ...order, ...change });
  }
}
