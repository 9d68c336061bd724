import type { Statement } from '../../../gateway/contracts/messages.ts';
import { gatewayTopics } from '../../../gateway/contracts/topics.ts';
import {
  energyPrice,
  type PriceSeries,
  type Tariff,
} from '../../../gateway/contracts/values/tariff.ts';
import { DAY_MS, type Instant } from '../../../gateway/contracts/values/time.ts';
import { canonical } from '../../canonical.ts';
import {
  type Delivered,
  type ImbalancePrices,
  imbalanceOf,
  type Quality,
  settleInterval,
  singlePrice,
} from '../../market/settlement.ts';
import type { GatewayEntry, Participant } from '../../market/zone.ts';
import type { StoredEnergy } from '../../ports.ts';
import {
  type IntervalState,
  intervalOf,
  type MarketEffects,
  type MarketState,
  newTotals,
  nothing,
  type StatementLine,
  type ZoneState,
} from './state.ts';

/** Lines on a statement: a day of quarter-hours keeps the message far below the broker's limit. */
const LINES_MAX = 96;
/** Corrections are settled this long after delivery. */
export const REMEMBERED_MS = 8 * DAY_MS;

interface Metered {
  readonly netWh: number; // injected - consumed
  readonly quality: Quality;
  readonly complete: boolean;
}

/**
 * Keeps a meter value of a connection.
 * @returns the interval it belongs to, when it changed anything
 */
export function takeMeter(
  zone: ZoneState,
  gateway: GatewayEntry,
  record: StoredEnergy,
  nowMs: Instant,
): IntervalState | undefined {
  const { intervalMs } = zone.zone;
  const fromMs = Math.floor(record.fromMs / intervalMs) * intervalMs;
  if (record.place !== gateway.connection || fromMs < nowMs - REMEMBERED_MS) return undefined;
  if (record.fromMs + record.durationMs > fromMs + intervalMs) return undefined;
  zone.heard.set(gateway.id, Math.min(fromMs, zone.heard.get(gateway.id) ?? fromMs));
  const interval = intervalOf(zone, fromMs);
  const values = interval.meters.get(gateway.id) ?? new Map<Instant, StoredEnergy>();
  interval.meters.set(gateway.id, values);
  const known = values.get(record.fromMs);
  if (known !== undefined && known.version >= record.version) return undefined;
  values.set(record.fromMs, record);
  return interval;
}

/** Settles what is due: complete intervals at once, others when the meter window has passed. */
export function settleDue(
  state: MarketState,
  zone: ZoneState,
  dayAhead: PriceSeries | undefined,
  nowMs: Instant,
): MarketEffects {
  const effects = nothing();
  for (const interval of [...zone.intervals.values()].sort((a, b) => a.fromMs - b.fromMs)) {
    if (interval.version === 0) settle(state, zone, interval, dayAhead, nowMs, effects);
  }
  return effects;
}

/**
 * Settles one interval, or settles it again when its values changed; unchanged values post nothing.
 */
export function settle(
  state: MarketState,
  zoneState: ZoneState,
  interval: IntervalState,
  dayAhead: PriceSeries | undefined,
  nowMs: Instant,
  effects: MarketEffects,
): void {
  const { zone } = zoneState;
  const endMs = interval.fromMs + zone.intervalMs;
  if (interval.phase !== 'cleared' || nowMs < endMs) return;
  const delivered = deliveries(zoneState, interval, dayAhead, nowMs >= endMs + zone.meterWindowMs);
  const retail = pricesOf(zone.tariff, interval.fromMs, dayAhead);
  if (delivered === undefined || delivered.length === 0 || retail === undefined) return;
  const netWh = delivered.reduce((sum, one) => sum + imbalanceOf(one).imbalanceWh, 0);
  const priced =
    zone.imbalance === 'single'
      ? delivered.map((one) => ({ ...one, prices: singlePrice(netWh, retail) }))
      : delivered;
  const lines = priced.map((one) => [one.participant, lineOf(zoneState, interval, one)] as const);
  if (interval.version > 0 && lines.every(([who, line]) => isSame(interval.lines.get(who), line))) {
    return;
  }
  post(state, zoneState, interval, priced, retail, nowMs, effects);
  for (const [participant, line] of lines) {
    book(zoneState, interval, participant, line);
    effects.writes.push(...lineRows(zoneState.zone.id, interval, participant, line));
  }
  for (const [participant] of lines)
    effects.messages.push(...statements(state, zoneState, participant));
}

function post(
  state: MarketState,
  { zone }: ZoneState,
  interval: IntervalState,
  delivered: readonly Delivered[],
  retail: ImbalancePrices,
  nowMs: Instant,
  effects: MarketEffects,
): void {
  const journal = (line: string | undefined): void => {
    if (line !== undefined) effects.writes.push({ op: 'journal', line });
  };
  const before = interval.version;
  if (before > 0) {
    for (const kind of ['imbalance', 'retail']) {
      journal(state.ledger.reverse(`${kind}/${zone.id}/${interval.fromMs}/${before}`, nowMs));
    }
  }
  interval.version += 1;
  const delivery = { fromMs: interval.fromMs, durationMs: zone.intervalMs };
  const settled = settleInterval(
    zone.id,
    zone.currency,
    delivery,
    nowMs,
    delivered,
    retail,
    interval.version,
  );
  for (const entry of settled.entries) journal(state.ledger.post(entry));
}

/** Who is settled, with what; undefined while a value or price that will come is missing. */
function deliveries(
  state: ZoneState,
  interval: IntervalState,
  dayAhead: PriceSeries | undefined,
  windowPassed: boolean,
): Delivered[] | undefined {
  const delivered: Delivered[] = [];
  for (const participant of state.zone.participants) {
    const position = interval.positions.get(participant.id);
    const present = participant.gateways.some(
      (gateway) => (state.heard.get(gateway.id) ?? Number.POSITIVE_INFINITY) <= interval.fromMs,
    );
    if (position === undefined && !present) continue;
    const metered = meteredOf(state, interval, participant, position !== undefined);
    if (!metered.complete && !windowPassed) return undefined;
    const prices = pricesOf(participant.tariff, interval.fromMs, dayAhead);
    if (prices === undefined) return undefined;
    delivered.push({
      participant: participant.id,
      soldWh: position?.soldWh ?? 0,
      boughtWh: position?.boughtWh ?? 0,
      meteredNetWh: metered.netWh,
      quality: metered.quality,
      prices,
    });
  }
  return delivered;
}

const QUALITY: readonly Quality[] = ['measured', 'corrected', 'partial', 'substituted'];
const worst = (a: Quality, b: Quality): Quality =>
  QUALITY.indexOf(a) >= QUALITY.indexOf(b) ? a : b;

/**
 * Sum over the participant's connections; a missing one is substituted by the day before, or else
 * by the position.
 */
function meteredOf(
  state: ZoneState,
  interval: IntervalState,
  participant: Participant,
  traded: boolean,
): Metered {
  let sum: Metered = { netWh: 0, quality: 'measured', complete: true };
  const position = interval.positions.get(participant.id);
  for (const gateway of participant.gateways) {
    const one =
      connectionValue(interval, gateway.id, state.zone.intervalMs) ??
      connectionValue(state.intervals.get(interval.fromMs - DAY_MS), gateway.id, 0);
    const scheduledWh = traded && position ? position.soldWh - position.boughtWh : 0;
    const here = interval.meters.has(gateway.id);
    sum = {
      netWh: sum.netWh + (one?.netWh ?? Math.round(scheduledWh / participant.gateways.length)),
      quality: worst(sum.quality, here && one ? one.quality : 'substituted'),
      complete: sum.complete && here && one?.complete === true,
    };
  }
  return sum;
}

/** @param wholeMs  length from which the value is complete */
function connectionValue(
  interval: IntervalState | undefined,
  gateway: string,
  wholeMs: number,
): Metered | undefined {
  const values = interval?.meters.get(gateway);
  if (values === undefined) return undefined;
  let netWh = 0;
  let coveredMs = 0;
  let quality: Quality = 'measured';
  for (const value of values.values()) {
    netWh += value.outWh - value.inWh; // out of the node is injected into the grid
    coveredMs += value.durationMs;
    quality = worst(quality, value.quality);
  }
  const complete = coveredMs >= wholeMs;
  return { netWh, quality: complete ? quality : worst(quality, 'partial'), complete };
}

function pricesOf(
  tariff: Tariff,
  atMs: Instant,
  dayAhead: PriceSeries | undefined,
): ImbalancePrices | undefined {
  const shortNanoPerWh = energyPrice(tariff, 'import', atMs, dayAhead);
  const longNanoPerWh = energyPrice(tariff, 'export', atMs, dayAhead);
  if (shortNanoPerWh === undefined || longNanoPerWh === undefined) return undefined;
  return { shortNanoPerWh, longNanoPerWh };
}

function lineOf(state: ZoneState, interval: IntervalState, one: Delivered): StatementLine {
  const imbalance = imbalanceOf(one);
  const position = interval.positions.get(one.participant);
  return {
    interval: { fromMs: interval.fromMs, durationMs: state.zone.intervalMs },
    soldWh: one.soldWh,
    boughtWh: one.boughtWh,
    meteredNetWh: one.meteredNetWh,
    imbalanceWh: imbalance.imbalanceWh,
    tradeNano: String(position?.tradeNano ?? 0n),
    imbalanceNano: String(imbalance.amountNano),
    feeNano: String(position?.feeNano ?? 0n),
    quality: one.quality,
  };
}

const isSame = (a: StatementLine | undefined, b: StatementLine): boolean =>
  a !== undefined && canonical(a) === canonical(b);

/** Puts a line in place of the one before; totals follow the difference. */
export function book(
  state: ZoneState,
  interval: IntervalState,
  participant: string,
  line: StatementLine,
): void {
  const totals = state.totals.get(participant) ?? newTotals();
  state.totals.set(participant, totals);
  for (const [one, sign] of [
    [interval.lines.get(participant), -1],
    [line, 1],
  ] as const) {
    if (one === undefined) continue;
    totals.intervals += sign;
    totals.soldWh += sign * one.soldWh;
    totals.boughtWh += sign * one.boughtWh;
    totals.tradeNano += BigInt(sign) * BigInt(one.tradeNano);
    totals.imbalanceNano += BigInt(sign) * BigInt(one.imbalanceNano);
    totals.feeNano += BigInt(sign) * BigInt(one.feeNano);
  }
  interval.lines.set(participant, line);
}

/**
 * The line itself, and what the participant was to the zone in this interval: a producer or a
 * consumer.
 */
export function lineRows(
  zone: string,
  interval: { readonly fromMs: Instant; readonly version: number },
  participant: string,
  line: StatementLine,
): MarketEffects['writes'] {
  const base = { zone, who: participant, fromMs: interval.fromMs };
  const key = `${zone}/${interval.fromMs}/${participant}`;
  const produces = line.meteredNetWh > 0;
  const body = canonical({ version: interval.version, line });
  const table = produces ? 'producer_metrics' : 'consumer_metrics';
  const other = produces ? 'consumer_metrics' : 'producer_metrics';
  const metrics = canonical({ netWh: line.meteredNetWh, quality: line.quality });
  return [
    {
      op: 'put',
      row: { ...base, table: 'trade_data', key: `settlement/${key}`, kind: 'settlement', body },
    },
    { op: 'put', row: { ...base, table, key, kind: 'delivery', body: metrics } },
    { op: 'remove', table: other, key },
  ];
}

/** The newest lines and the totals of all, retained for each gateway of the participant. */
export function statements(
  state: MarketState,
  zone: ZoneState,
  participant: string,
): MarketEffects['messages'] {
  const totals = zone.totals.get(participant);
  const entry = zone.zone.participants.find((one) => one.id === participant);
  if (totals === undefined || entry === undefined) return [];
  const lines = [...zone.intervals.values()]
    .sort((a, b) => a.fromMs - b.fromMs)
    .flatMap(({ lines, version }) => {
      const line = lines.get(participant);
      return line === undefined ? [] : [{ ...line, version }];
    })
    .slice(-LINES_MAX);
  const body: Statement = {
    v: 1,
    participant,
    currency: zone.zone.currency,
    lines,
    totals: {
      ...totals,
      tradeNano: String(totals.tradeNano),
      imbalanceNano: String(totals.imbalanceNano),
      feeNano: String(totals.feeNano),
    },
  };
  return entry.gateways.map((gateway) => ({
    topic: gatewayTopics(state.tenant, gateway.id).statement,
    body,
    retain: true,
  }));
}
