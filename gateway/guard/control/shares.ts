import type { TerminalState } from '../site/types.ts';
import { alignedOf, type Connected } from './connected.ts';
import type { Open, View } from './types.ts';

export const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** What a store has left to give and to take, Wh. */
interface Left {
  readonly giveWh: number;
  readonly takeWh: number;
}

/** A range to share between terminals, W, + into the node. */
export interface Slot {
  readonly id: string;
  readonly minW: number;
  readonly maxW: number;
  /** Undefined: it is shared by power alone. */
  readonly left?: Left | undefined;
}

/** Of its energy, that a slot gives or takes in an hour at `level`; all it can at 1. */
const pace = (level: number): number => level / (1 - level);

/** Where a slot stands at `level` -1 (all its charge) .. 0 (rest) .. 1 (all its discharge). */
function standing({ minW, maxW, left }: Slot, level: number): number {
  const perHour = pace(Math.abs(level));
  const mostW = level >= 0 ? Math.max(0, maxW) : Math.max(0, -minW);
  const leftWh = level >= 0 ? left?.giveWh : left?.takeWh;
  const powerW = leftWh === undefined ? Math.min(1, perHour) * mostW : perHour * leftWh;
  return clamp(Math.sign(level) * Math.min(mostW, powerW), minW, maxW);
}

const HALVINGS = 40;

/**
 * Splits a sum over slots, so that none charges another: stores by the energy that each has left in
 * that direction, so that they are full and empty together and cycle alike (equal wear), whatever
 * their sizes; all others by equal share of what each can do.
 * @param totalW  W, + into the node; beyond what the slots can do, each stands at its bound
 * @returns W by slot id; the sum is `totalW` within 1 W where it can be reached
 */
export function split(totalW: number, slots: readonly Slot[]): Readonly<Record<string, number>> {
  const sumAt = (level: number): number => {
    let sum = 0;
    for (const slot of slots) sum += standing(slot, level);
    return sum;
  };
  let low = -1;
  let high = 1;
  if (totalW <= sumAt(low)) high = low;
  else if (totalW >= sumAt(high)) low = high;
  for (let round = 0; round < HALVINGS && high > low; round += 1) {
    const middle = (low + high) / 2;
    if (sumAt(middle) < totalW) low = middle;
    else high = middle;
  }
  const found: Record<string, number> = {};
  for (const slot of slots) found[slot.id] = standing(slot, high);
  return found;
}

/**
 * Like `split`, but what the slots cannot do is asked of them all the same, so that whoever holds
 * them back is the one who is named. @returns W by slot id; the sum is `totalW`
 */
export function wanted(totalW: number, slots: readonly Slot[]): Readonly<Record<string, number>> {
  const parts = split(totalW, slots);
  const sumW = slots.reduce((sum, { id }) => sum + (parts[id] ?? 0), 0);
  const missingW = Math.abs(totalW - sumW) > 1 ? (totalW - sumW) / slots.length : 0;
  const found: Record<string, number> = {};
  for (const { id } of slots) found[id] = (parts[id] ?? 0) + missingW;
  return found;
}

export const slotsOf = (open: Open, terminals: readonly TerminalState[]): Slot[] =>
  terminals.map(({ id }) => ({ id, minW: open[id]?.minW ?? 0, maxW: open[id]?.maxW ?? 0 }));

/** A store near its end counts as if that share were left: a step of its gauge is none of power. */
const LEAST_LEFT = 0.1;

function leftOf({ store, capability }: TerminalState): Left | undefined {
  if (store === undefined) return undefined;
  const { usableWh, socMinPct, socMaxPct, reservePct } = store;
  const { socLowPct, socHighPct } = capability;
  if (!(socLowPct <= socHighPct)) return { giveWh: usableWh / 2, takeWh: usableWh / 2 };
  const left = (pct: number): number => Math.max(LEAST_LEFT, pct / 100) * usableWh;
  return {
    giveWh: left(socLowPct - Math.max(socMinPct, reservePct)),
    takeWh: left(socMaxPct - socHighPct),
  };
}

/**
 * The same for whoever shares a sum by wish: what droop adds to one battery is to show at the
 * connection, so the others go on as if it could still do its part.
 */
export const wishSlots = (open: Open, terminals: readonly TerminalState[]): Slot[] =>
  terminals.map((terminal) => {
    const { id, spec } = terminal;
    const { minW = 0, maxW = 0, minBy, maxBy } = open[id] ?? {};
    return {
      ...{ id, left: leftOf(terminal) },
      minW: minBy?.code === 'FREQUENCY' ? Math.min(minW, -spec.ratedOutW) : minW,
      maxW: maxBy?.code === 'FREQUENCY' ? Math.max(maxW, spec.ratedInW) : maxW,
    };
  });

/** A limit counts as binding while the sun stands this near below it, as a share of nameplate. */
const HELD = 0.01;

/**
 * What the connection would carry if every battery rested, with sun and chargers as they will be
 * once what this cycle decided stands: held back further, or let go. Otherwise the battery and
 * they would all answer the same difference in full. @returns W, + import; NaN = not known
 */
export function comingGridW({ open, sent }: Pick<View, 'open' | 'sent'>, at: Connected): number {
  let sum = at.restingGridW;
  for (const one of at.sun) {
    const { id, spec } = one;
    const nowW = alignedOf(at, one);
    if (!Number.isFinite(nowW)) continue;
    const sentW = sent[id] ?? spec.ratedInW;
    const nextW = open[id]?.maxW ?? spec.ratedInW;
    const held = sentW < spec.ratedInW && nowW > sentW - HELD * spec.ratedInW;
    if (nextW < nowW || held) sum -= nextW - nowW;
  }
  for (const one of at.chargers) {
    const nowW = alignedOf(at, one);
    const nextW = open[one.id]?.minW ?? nowW;
    // A charger that must run on may not follow at once.
    if (nextW > nowW && one.spec.minRunMs === 0) sum -= nextW - nowW;
  }
  return sum;
}
