import type { MarketResult } from '../../../gateway/contracts/messages.ts';
import { zoneTopics } from '../../../gateway/contracts/topics.ts';
import { amountNano } from '../../../gateway/contracts/values/money.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import type { Hash } from '../../../gateway/ports.ts';
import { canonical, compareText } from '../../canonical.ts';
import { type Clearing, clearAuction } from '../../market/auction.ts';
import { brokenRules } from '../../market/invariants.ts';
import { type Traded, tradeEntries } from '../../market/settlement.ts';
import type { Zone } from '../../market/zone.ts';
import { orderRow } from './orders.ts';
import {
  type BookOrder,
  type IntervalState,
  intervalOf,
  type MarketEffects,
  type MarketState,
  type Notice,
  nothing,
  type ZoneState,
} from './state.ts';

/**
 * Closes every gate that is due and clears its interval, in order. An interval whose delivery has
 * begun (the cloud was down over its gate) is not traded any more: its orders get nothing, and are
 * told so.
 */
export function closeGates(
  state: MarketState,
  zone: ZoneState,
  hash: Hash,
  nowMs: Instant,
): MarketEffects {
  const effects = nothing();
  const { intervalMs, gateMs } = zone.zone;
  while (zone.nextMs - gateMs <= nowMs) {
    const fromMs = zone.nextMs;
    zone.nextMs += intervalMs;
    const interval = intervalOf(zone, fromMs);
    const missed = fromMs <= nowMs;
    if (missed && interval.orders.size === 0) {
      interval.phase = 'cleared';
      continue;
    }
    clearInterval(state, zone, interval, hash, missed, effects);
  }
  return effects;
}

/** Start of the next gate to come, as an instant. */
export const nextGateMs = (zone: ZoneState): Instant => zone.nextMs - zone.zone.gateMs;

function clearInterval(
  state: MarketState,
  zoneState: ZoneState,
  interval: IntervalState,
  hash: Hash,
  missed: boolean,
  effects: MarketEffects,
): void {
  const { zone } = zoneState;
  const orders = [...interval.orders.values()].sort((a, b) => compareText(a.id, b.id));
  const clearing = clearAuction(
    `${zone.id}/${interval.fromMs}`,
    missed ? [] : orders,
    hash,
    zone.bounds,
  );
  interval.phase = 'cleared';
  if (missed) effects.alarms.push(`gate of ${interval.fromMs} was missed: its orders get nothing`);
  else effects.alarms.push(...broken(orders, clearing, zone));
  const traded = award(interval, orders, clearing);
  const price = clearing.priceMicroPerKwh;
  const gateAtMs = interval.fromMs - zone.gateMs;
  if (price !== null) post(state, zoneState, interval, traded, price, gateAtMs, effects);
  for (const order of orders) effects.writes.push(orderRow(zone.id, order, 'cleared-order'));
  positionRows(zone, interval, effects);
  publishResult(state, zone, interval, clearing, orders.length, effects);
  effects.notices.push(...noticesOf(zone, interval));
}

/** The engine judged from outside, at each gate: says so where it ever breaks a rule. */
function broken(orders: readonly BookOrder[], clearing: Clearing, zone: Zone): string[] {
  const netted = new Map<string, number>();
  for (const one of clearing.netted) {
    for (const id of [one.buyId, one.sellId]) netted.set(id, (netted.get(id) ?? 0) + one.energyWh);
  }
  const rest = orders
    .map((order) => ({ ...order, energyWh: order.energyWh - (netted.get(order.id) ?? 0) }))
    .filter((order) => order.energyWh > 0);
  const fills = new Map(clearing.fills.map((fill) => [fill.orderId, BigInt(fill.energyWh)]));
  return brokenRules(rest, { ...clearing, fills }, zone.bounds);
}

function award(
  interval: IntervalState,
  orders: readonly BookOrder[],
  clearing: Clearing,
): Traded[] {
  const fills = new Map(clearing.fills.map((fill) => [fill.orderId, fill.energyWh]));
  const traded: Traded[] = [];
  for (const order of orders) {
    const awards = interval.awards.get(order.gateway) ?? [];
    interval.awards.set(order.gateway, awards);
    const energyWh = fills.get(order.id) ?? 0;
    if (energyWh === 0 || clearing.priceMicroPerKwh === null) continue;
    awards.push({
      orderId: order.orderId,
      side: order.side,
      energyWh,
      priceMicroPerKwh: clearing.priceMicroPerKwh,
    });
    traded.push({ participant: order.owner, side: order.side, energyWh });
  }
  return traded;
}

function post(
  state: MarketState,
  { zone }: ZoneState,
  interval: IntervalState,
  traded: readonly Traded[],
  price: number,
  atMs: Instant,
  effects: MarketEffects,
): void {
  const delivery = { fromMs: interval.fromMs, durationMs: zone.intervalMs };
  const fee = zone.gridFeeNanoPerWh;
  for (const entry of tradeEntries(zone.id, zone.currency, delivery, atMs, traded, price, fee)) {
    const line = state.ledger.post(entry);
    if (line !== undefined) effects.writes.push({ op: 'journal', line });
  }
  for (const one of traded) {
    const known = interval.positions.get(one.participant);
    const amount = amountNano(one.energyWh, price);
    const sold = one.side === 'sell';
    interval.positions.set(one.participant, {
      participant: one.participant,
      soldWh: (known?.soldWh ?? 0) + (sold ? one.energyWh : 0),
      boughtWh: (known?.boughtWh ?? 0) + (sold ? 0 : one.energyWh),
      tradeNano: (known?.tradeNano ?? 0n) + (sold ? amount : -amount),
      feeNano: (known?.feeNano ?? 0n) - (sold ? 0n : amountNano(one.energyWh, fee)),
    });
  }
}

/** What a restart needs to send awards again and to settle. */
function positionRows(zone: Zone, interval: IntervalState, effects: MarketEffects): void {
  for (const position of interval.positions.values()) {
    effects.writes.push({
      op: 'put',
      row: {
        table: 'trade_data',
        key: `position/${zone.id}/${interval.fromMs}/${position.participant}`,
        kind: 'position',
        zone: zone.id,
        who: position.participant,
        fromMs: interval.fromMs,
        body: canonical(position),
      },
    });
  }
  for (const [gateway, awards] of interval.awards) {
    effects.writes.push({
      op: 'put',
      row: {
        table: 'trade_data',
        key: `awards/${zone.id}/${interval.fromMs}/${gateway}`,
        kind: 'awards',
        zone: zone.id,
        who: gateway,
        fromMs: interval.fromMs,
        body: canonical(awards),
      },
    });
  }
}

function publishResult(
  state: MarketState,
  zone: Zone,
  interval: IntervalState,
  clearing: Clearing,
  orders: number,
  effects: MarketEffects,
): void {
  const range = clearing.priceInterval;
  const result: MarketResult = {
    v: 1,
    zone: zone.id,
    interval: { fromMs: interval.fromMs, durationMs: zone.intervalMs },
    volumeWh: Number(clearing.volumeWh),
    priceMicroPerKwh: clearing.priceMicroPerKwh,
    priceInterval: range === null ? null : [range[0], range[1]],
    orders,
  };
  state.intervalsCleared += 1;
  state.volumeWh += result.volumeWh;
  effects.writes.push({
    op: 'put',
    row: {
      table: 'market_data',
      key: `result/${zone.id}/${interval.fromMs}`,
      kind: 'result',
      zone: zone.id,
      who: '',
      fromMs: interval.fromMs,
      body: canonical({ ...result, netted: clearing.netted }),
    },
  });
  const topic = zoneTopics(state.tenant, zone.id).market;
  effects.messages.push({ topic, body: result, retain: true });
}

/**
 * Awards of a cleared interval for every gateway that had an order in it, also when it got nothing.
 */
export function noticesOf(zone: Zone, interval: IntervalState, only?: string): Notice[] {
  const tasks = Map.groupBy(interval.orders.values(), (order) => order.gateway);
  return [...interval.awards]
    .filter(([gateway]) => only === undefined || gateway === only)
    .map(([gateway, awards]) => ({
      gateway,
      data: {
        v: 1,
        kind: 'awards',
        zone: zone.id,
        interval: { fromMs: interval.fromMs, durationMs: zone.intervalMs },
        currency: zone.currency,
        awards,
      },
      taskIds: [...new Set((tasks.get(gateway) ?? []).map((order) => order.taskId))],
    }));
}
