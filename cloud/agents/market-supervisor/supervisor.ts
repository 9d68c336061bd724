import type { OrderBatch } from '../../../gateway/contracts/messages.ts';
import type { PriceSeries } from '../../../gateway/contracts/values/tariff.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import type { Hash } from '../../../gateway/ports.ts';
import { createLedger } from '../../market/ledger.ts';
import type { Zone } from '../../market/zone.ts';
import type { StoredEnergy } from '../../ports.ts';
import { REMEMBERED_MS, settle, settleDue, statements, takeMeter } from './delivery.ts';
import { closeGates, nextGateMs, noticesOf } from './gate.ts';
import { cancelOrders, type Taken, takeOrders } from './orders.ts';
import { type MarketEffects, type MarketState, nothing, type ZoneState } from './state.ts';

/**
 * The market supervisor's steps. Each is a function of its state and what it is given: no clock, no
 * I/O, no randomness; what it wants kept and said comes back as effects, in the order in which it
 * happened.
 */
export function openMarket(tenant: string, zones: readonly Zone[], nowMs: Instant): MarketState {
  return {
    tenant,
    ledger: createLedger(),
    intervalsCleared: 0,
    volumeWh: 0,
    zones: new Map(zones.map((zone) => [zone.id, openZone(zone, nowMs)])),
  };
}

function openZone(zone: Zone, nowMs: Instant): ZoneState {
  const { intervalMs, gateMs } = zone;
  return {
    zone,
    intervals: new Map(),
    known: new Map(),
    heard: new Map(),
    totals: new Map(),
    limits: new Map(),
    nextMs: (Math.floor((nowMs + gateMs) / intervalMs) + 1) * intervalMs,
  };
}

/**
 * Orders of one gateway, at the instant of their receipt. The sender is the registry's answer,
 * never the payload's.
 */
export function onOrders(
  state: MarketState,
  sender: { readonly zone: string; readonly participant: string; readonly gateway: string },
  batch: OrderBatch,
  taskId: string,
  nowMs: Instant,
): Taken | undefined {
  const zone = state.zones.get(sender.zone);
  const participant = zone?.zone.participants.find((one) => one.id === sender.participant);
  if (zone === undefined || participant === undefined) return undefined;
  return takeOrders(zone, { participant, gateway: sender.gateway, taskId }, batch, nowMs);
}

export function onCancel(
  state: MarketState,
  zone: string,
  taskId: string,
  nowMs: Instant,
): MarketEffects {
  const effects = nothing();
  const known = state.zones.get(zone);
  if (known !== undefined) effects.writes.push(...cancelOrders(known, taskId, nowMs));
  return effects;
}

/** Gates that are due, then settlements that are due, then what is old is forgotten. */
export function onTime(
  state: MarketState,
  hash: Hash,
  dayAhead: (zone: string) => PriceSeries | undefined,
  nowMs: Instant,
): MarketEffects {
  const all = nothing();
  for (const zone of state.zones.values()) {
    merge(all, closeGates(state, zone, hash, nowMs));
    merge(all, settleDue(state, zone, dayAhead(zone.zone.id), nowMs));
    forget(zone, nowMs);
  }
  return all;
}

/**
 * A meter value came in: settles its interval when that makes it complete, or again when it
 * changed.
 */
export function onMeter(
  state: MarketState,
  zoneId: string,
  record: StoredEnergy,
  dayAhead: PriceSeries | undefined,
  nowMs: Instant,
): MarketEffects {
  const effects = nothing();
  const zone = state.zones.get(zoneId);
  const gateway = zone?.zone.participants
    .flatMap((participant) => participant.gateways)
    .find((one) => one.id === record.gateway);
  if (zone === undefined || gateway === undefined) return effects;
  const interval = takeMeter(zone, gateway, record, nowMs);
  if (interval !== undefined) settle(state, zone, interval, dayAhead, nowMs, effects);
  return effects;
}

/**
 * What a gateway that has just come online may have missed: awards that still bind, its statement.
 */
export function onOnline(
  state: MarketState,
  zoneId: string,
  participant: string,
  gateway: string,
  nowMs: Instant,
): MarketEffects {
  const effects = nothing();
  const zone = state.zones.get(zoneId);
  if (zone === undefined) return effects;
  for (const interval of zone.intervals.values()) {
    if (interval.phase !== 'cleared' || interval.fromMs + zone.zone.intervalMs <= nowMs) continue;
    effects.notices.push(...noticesOf(zone.zone, interval, gateway));
  }
  effects.messages.push(...statements(state, zone, participant));
  return effects;
}

/** The grid agent's newest envelope of a gateway: orders beyond it are refused. */
export function onEnvelope(
  state: MarketState,
  zone: string,
  gateway: string,
  envelope: { readonly importW: number; readonly exportW: number; readonly untilMs: Instant },
): void {
  state.zones.get(zone)?.limits.set(gateway, envelope);
}

/** The next instant at which `onTime` has something to do for certain. */
export function nextDueMs(state: MarketState): Instant {
  return Math.min(...[...state.zones.values()].map(nextGateMs));
}

function merge(into: MarketEffects, from: MarketEffects): void {
  into.writes.push(...from.writes);
  into.messages.push(...from.messages);
  into.notices.push(...from.notices);
  into.alarms.push(...from.alarms);
}

function forget(zone: ZoneState, nowMs: Instant): void {
  for (const [fromMs, interval] of zone.intervals) {
    if (fromMs >= nowMs - REMEMBERED_MS) continue;
    for (const id of interval.orders.keys()) zone.known.delete(id);
    zone.intervals.delete(fromMs);
  }
}
