import { PROMPT_METER_MS } from '../../contracts/values/site.ts';

/** A few samples of one power, oldest first, at the instants of the values. */
export type Trace = readonly { readonly atMs: number; readonly powerW: number }[];

const KEPT = 16;

/** Appends a newer sample; the same or an older one changes nothing. */
export function follow(trace: Trace, atMs: number, powerW: number): Trace {
  const newest = trace[trace.length - 1];
  if (newest !== undefined && !(atMs > newest.atMs)) return trace;
  const next = trace.slice(1 - KEPT);
  next.push({ atMs, powerW });
  return next;
}

/** Between two powers, W. */
interface Span {
  readonly lowW: number;
  readonly highW: number;
}

/** A terminal that we steer, as it was and as it is told to be. */
export interface Steered {
  readonly id: string;
  readonly trace: Trace;
  readonly latencyMs: number; // of its own reading
  readonly lagMs: number; // until its power follows a setpoint
  readonly orders: Trace; // setpoints, each from its instant on
  readonly isBattery: boolean;
}

/** The meter of a connection and all that we steer behind it. */
export interface Around {
  readonly trace: Trace; // of the meter, + import
  readonly latencyMs: number;
  readonly resolutionW: number;
  readonly steered: readonly Steered[];
  readonly jitterMs: number; // instants are not known better than this
}

/**
 * What is held to be true of a connection: its power if every battery rested, and if everything
 * that we steer rested. Both W, + import, neither moves because of what we did.
 */
export interface Belief {
  readonly members: string; // whom it is about: with others it counts no more
  readonly restW: number; // with every battery at rest
  readonly netW: number; // with sun and chargers at rest as well
}

/** A connection and what is steered behind it, at one instant. Powers W, + into the node. */
export interface Observed {
  readonly belief: Belief | undefined; // none where the meter is prompt
  readonly atMs: number;
  readonly gridW: number; // + import
  readonly byTerminal: Readonly<Record<string, number>>;
}

/**
 * Figures of latency may be wrong by half: what is believed to be 2 s old may be 1.3 s or 4 s old.
 */
const EARLIER = 1;
const LATER = 0.6;
/** A device may be this many times slower than its figure says. */
const SLOWER = 2;
/** A device is on its way once it has covered this share of what is left in a second. */
const BEGUN = 0.05;
/**
 * One that has been asked the same way for so long and rests short of it does not come any more: it
 * is saturated, or deaf. Otherwise each step of load up to what it owes would pass for its doing.
 */
const OWES_LAGS = 4;
const OWES_LEAST_MS = 6_000;
const ASKED_SHARE = 0.5;
/** How old a device's own reading may be where nobody knows. */
const OWN_MS = 400;
/** Smaller than this is noise of any meter. */
const LEAST_W = 5;

/**
 * Where a power may have been at some instant of a time span: as sampled, and after the newest
 * sample on its way to its setpoint.
 */
function span(one: Steered, fromMs: number, toMs: number): Span {
  const { trace } = one;
  let lowW = Number.POSITIVE_INFINITY;
  let highW = Number.NEGATIVE_INFINITY;
  const widen = (powerW: number): void => {
    lowW = Math.min(lowW, powerW);
    highW = Math.max(highW, powerW);
  };
  let last: Sample | undefined;
  for (let n = 0; n < trace.length; n += 1) {
    const sample = trace[n] as Sample;
    const next = trace[n + 1];
    if (sample.atMs > fromMs && sample.atMs < toMs) widen(sample.powerW);
    else if (sample.atMs <= fromMs && !(next !== undefined && next.atMs <= fromMs)) {
      widen(between(last, sample, next, fromMs, sample.powerW));
    } else if (sample.atMs >= toMs && !(last !== undefined && last.atMs >= toMs)) {
      widen(between(trace[n - 2], last, sample, toMs, sample.powerW));
    }
    last = sample;
  }
  for (const powerW of ahead(one, toMs)) widen(powerW);
  return { lowW, highW };
}

type Sample = Trace[number];

/**
 * Power at an instant between two samples: on its bend where the device was already on its way
 * and slows down, otherwise it may have jumped at any time.
 */
function between(
  before: Sample | undefined,
  from: Sample | undefined,
  to: Sample | undefined,
  atMs: number,
  jumpW: number,
): number {
  if (before === undefined || from === undefined || to === undefined) return jumpW;
  const firstW = from.powerW - before.powerW;
  const thenW = to.powerW - from.powerW;
  const slows = firstW * thenW > 0 && Math.abs(thenW) < Math.abs(firstW);
  if (!slows) return jumpW;
  const leftShare = (to.atMs - atMs) / (to.atMs - from.atMs);
  const ratio = thenW / firstW;
  return to.powerW - thenW * leftShare * (ratio + (1 - ratio) * leftShare);
}

/** Where a power may get to between its newest sample and an instant. */
function ahead({ trace, orders, lagMs, isBattery }: Steered, toMs: number): number[] {
  const last = trace[trace.length - 2];
  const newest = trace[trace.length - 1];
  const order = orders[orders.length - 1];
  if (newest === undefined || last === undefined || order === undefined) return [];
  const leftW = order.powerW - newest.powerW;
  const aheadMs = toMs - newest.atMs;
  if (aheadMs <= 0 || Math.abs(leftW) <= LEAST_W) return [];
  // The order of a sun or a load is a bound, and it stays below it by itself.
  if (!isBattery && Math.abs(newest.powerW) <= Math.abs(order.powerW)) return [];
  const slope = (newest.powerW - last.powerW) / (newest.atMs - last.atMs);
  if (slope * leftW > 0 && Math.abs(slope) * 1_000 > BEGUN * Math.abs(leftW)) {
    const share = Math.min(1, (2 * slope * aheadMs) / leftW);
    return [newest.powerW + share * leftW];
  }
  // It has not begun: whatever was ordered within twice its lag may still come at once.
  const owesMs = newest.atMs - askedSinceMs(orders, newest.powerW);
  if (isBattery && owesMs > Math.max(OWES_LEAST_MS, OWES_LAGS * lagMs)) return [];
  const sinceMs = newest.atMs - SLOWER * lagMs;
  return orders
    .filter((_, n) => (orders[n + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= sinceMs)
    .map(({ powerW }) => powerW);
}

/**
 * Since when all orders have asked it for at least half of what the newest does. Less than that is
 * no reason: a battery that rests a few watts short of its order has not been asked for the next.
 */
function askedSinceMs(orders: Trace, powerW: number): number {
  const newestW = (orders[orders.length - 1]?.powerW ?? powerW) - powerW;
  let sinceMs = Number.POSITIVE_INFINITY;
  for (let n = orders.length - 1; n >= 0; n -= 1) {
    const order = orders[n] as Sample;
    const leftW = order.powerW - powerW;
    if (leftW * newestW <= 0 || Math.abs(leftW) < ASKED_SHARE * Math.abs(newestW)) break;
    sinceMs = order.atMs;
  }
  return sinceMs;
}

/** Stays where it is while that may be true; otherwise no further than it must. */
function held(beforeW: number | undefined, { lowW, highW }: Span, noiseW: number): number {
  const middleW = (lowW + highW) / 2;
  if (beforeW === undefined || !Number.isFinite(beforeW)) return middleW;
  if (beforeW < lowW) return Math.min(middleW, lowW + noiseW);
  if (beforeW > highW) return Math.max(middleW, highW - noiseW);
  return beforeW;
}

const plus = (a: Span, b: Span): Span => ({
  lowW: a.lowW + b.lowW,
  highW: a.highW + b.highW,
});

const newestW = ({ trace }: Steered): number => trace[trace.length - 1]?.powerW ?? Number.NaN;

/** What batteries see, by what everything leaves, less what sun and loads can have done. */
function narrowed(rest: Span, netW: number, others: Span): Span {
  const lowW = Math.max(rest.lowW, netW - others.highW);
  const highW = Math.min(rest.highW, netW - others.lowW);
  return lowW <= highW ? { lowW, highW } : rest;
}

const newestMs = (trace: Trace): number =>
  trace[trace.length - 1]?.atMs ?? Number.NEGATIVE_INFINITY;

/**
 * Power at an instant between two samples, held at the ends; NaN without any. Halfway between the
 * line and the newer sample: a slow device moves along the line, a fast one has jumped just after
 * it was told, long before.
 */
export function at(trace: Trace, atMs: number): number {
  let before: Sample | undefined;
  for (const sample of trace) {
    if (sample.atMs >= atMs) {
      if (before === undefined) return sample.powerW;
      const share = (atMs - before.atMs) / (sample.atMs - before.atMs);
      const line = before.powerW + share * (sample.powerW - before.powerW);
      return (line + sample.powerW) / 2;
    }
    before = sample;
  }
  return before?.powerW ?? Number.NaN;
}

/** A meter that is not known to be late: everything at one common instant. */
function prompt({ trace, steered }: Around): Observed {
  const atMs = steered
    .filter(({ isBattery }) => isBattery)
    .reduce((least, one) => Math.min(least, newestMs(one.trace)), newestMs(trace));
  const byTerminal: Record<string, number> = {};
  for (const one of steered) byTerminal[one.id] = at(one.trace, atMs);
  return { belief: undefined, atMs, gridW: at(trace, atMs), byTerminal };
}

/**
 * The connection as it stands now. A meter shows a moment ago and a device answers in a while: who
 * adds a late meter to what the device does now sees a part of his own action as if it were load,
 * answers it, and swings. So what the meter shows is taken together with all that our devices may
 * have done at that moment, whatever is not known of the latency; that leaves an interval for the
 * rest of the site, and what was held to be true is only given up where it lies outside. A step
 * of load is seen in full at once, an action of our own never counts as one.
 */
export function observe(before: Belief | undefined, around: Around): Observed | undefined {
  const meter = around.trace[around.trace.length - 1];
  if (meter === undefined) return undefined;
  if (!(around.latencyMs >= PROMPT_METER_MS)) return prompt(around);
  const atMs = meter.atMs;
  const noiseW = Math.max(LEAST_W, around.resolutionW / 2);
  const spans: Span[] = []; // of the steered, in their order
  let rest: Span = { lowW: meter.powerW - noiseW, highW: meter.powerW + noiseW };
  let others: Span = { lowW: 0, highW: 0 };
  for (const one of around.steered) {
    const early = EARLIER * around.latencyMs + LATER * one.latencyMs + around.jitterMs;
    const late =
      LATER * around.latencyMs + EARLIER * Math.max(OWN_MS, one.latencyMs) + around.jitterMs;
    const own = span(one, atMs - early, atMs + late);
    spans.push(own);
    if (one.isBattery) rest = plus(rest, own);
    else others = plus(others, own);
  }
  const net = plus(rest, others);
  const members = around.steered.map(({ id }) => id).join(' ');
  const known = before?.members === members ? before : undefined;
  const netW = held(known?.netW, net, noiseW);
  const belief = { members, netW, restW: held(known?.restW, narrowed(rest, netW, others), noiseW) };
  const { gridW, byTerminal } = standing(around, belief, spans);
  return { belief, atMs, gridW, byTerminal };
}

/**
 * What the meter would show now; sun and loads at what is left between the two beliefs, given to
 * those that moved.
 */
function standing({ steered }: Around, belief: Belief, spans: readonly Span[]) {
  const byTerminal: Record<string, number> = {};
  let gridW = belief.restW;
  let otherW = belief.netW - belief.restW;
  let movedW = 0;
  steered.forEach((one, n) => {
    const powerW = newestW(one);
    byTerminal[one.id] = powerW;
    if (one.isBattery) gridW -= powerW;
    else {
      otherW -= powerW;
      movedW += width(spans[n]);
    }
  });
  steered.forEach((one, n) => {
    const share = movedW > LEAST_W ? width(spans[n]) / movedW : 0;
    if (!one.isBattery) byTerminal[one.id] = newestW(one) + share * otherW;
  });
  return { gridW, byTerminal };
}

const width = (one: Span | undefined): number => (one === undefined ? 0 : one.highW - one.lowW);
