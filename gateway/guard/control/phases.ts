import { clamp, type Slot } from './shares.ts';

/** A range to place on phases. */
export interface PhaseSlot extends Slot {
  readonly atW: number; // where it would stand if no phase bound it
  /** Of its power, by phase: 1 on its own, an equal part of each, or 1 on each where unknown. */
  readonly shares: readonly number[];
}

/** What slots may give on one phase together, W, + into the node. */
export interface Room {
  readonly leastW: number;
  readonly mostW: number;
}

/** Single-phase sources and stores may differ by no more than this from phase to phase. */
export interface Unbalance {
  readonly limitW: number;
  readonly baseW: readonly number[]; // of those that are not among the slots, by phase
}

/** Slots that move together, by a level: -1 all at their least, 0 where they are, 1 at most. */
interface Pool {
  readonly slots: readonly PhaseSlot[];
  readonly leastW: number;
  readonly mostW: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

const poolOf = (slots: readonly PhaseSlot[]): Pool => ({
  slots,
  leastW: sum(slots.map(({ minW }) => minW)),
  mostW: sum(slots.map(({ maxW }) => maxW)),
});

function standing({ atW, minW, maxW }: PhaseSlot, level: number): number {
  const fromW = clamp(atW, minW, maxW);
  return level >= 0 ? fromW + level * (maxW - fromW) : fromW - level * (minW - fromW);
}

const powerAt = ({ slots }: Pool, level: number): number =>
  sum(slots.map((slot) => standing(slot, level)));

const HALVINGS = 45;

/** Level at which a rising power is reached; its ends where it is not. */
function levelOf(totalW: number, powerW: (level: number) => number): number {
  if (totalW <= powerW(-1)) return -1;
  if (totalW >= powerW(1)) return 1;
  let low = -1;
  let high = 1;
  for (let round = 0; round < HALVINGS; round += 1) {
    const middle = (low + high) / 2;
    if (powerW(middle) < totalW) low = middle;
    else high = middle;
  }
  return high;
}

const isUnknown = ({ shares }: PhaseSlot): boolean => sum(shares) > 1 + 1e-6;

/** All slots by where they stand: on one phase each, evenly on all, and nobody knows where. */
interface Pools {
  readonly single: readonly Pool[]; // by phase
  readonly even: Pool;
  readonly unknown: readonly PhaseSlot[];
}

function poolsOf(slots: readonly PhaseSlot[], count: number): Pools {
  const isOne = ({ shares }: PhaseSlot): boolean =>
    shares.filter((share) => share > 0).length === 1;
  return {
    single: Array.from({ length: count }, (_, n) =>
      poolOf(slots.filter((slot) => isOne(slot) && (slot.shares[n] ?? 0) > 0)),
    ),
    even: poolOf(slots.filter((slot) => !isOne(slot) && !isUnknown(slot))),
    unknown: slots.filter(isUnknown),
  };
}

/** Nearest to `wantedW` in between; where the two contradict each other, halfway. */
const between = (wantedW: number, lowW: number, highW: number): number =>
  lowW <= highW ? clamp(wantedW, lowW, highW) : (lowW + highW) / 2;

/** What those of every phase alike may do, so that each phase's own can keep it in its room. */
function evenRoom({ single, even }: Pools, rooms: readonly Room[]): Room {
  const count = rooms.length;
  let lowW = Number.NEGATIVE_INFINITY;
  let highW = Number.POSITIVE_INFINITY;
  rooms.forEach(({ leastW, mostW }, n) => {
    const own = single[n] ?? poolOf([]);
    lowW = Math.max(lowW, count * (leastW - own.mostW));
    highW = Math.min(highW, count * (mostW - own.leastW));
  });
  // Two phases ask the opposite: halfway, so that both miss by as little.
  const isOpposed = lowW > highW;
  const fromW = isOpposed ? (lowW + highW) / 2 : lowW;
  const toW = isOpposed ? fromW : highW;
  return {
    leastW: clamp(fromW, even.leastW, even.mostW),
    mostW: clamp(toW, even.leastW, even.mostW),
  };
}

/** Powers of each phase's own, brought within the unbalance as far as their rooms let them. */
function balanced(powersW: number[], rooms: readonly Room[], unbalance: Unbalance): number[] {
  const base = (n: number): number => unbalance.baseW[n] ?? 0;
  const all = powersW.map((powerW, n) => powerW + base(n));
  const { limitW } = unbalance;
  if (Math.max(...all) - Math.min(...all) <= limitW) return powersW;
  const lowW = Math.max(...rooms.map(({ leastW }, n) => leastW + base(n))) - limitW;
  const highW = Math.min(...rooms.map(({ mostW }, n) => mostW + base(n)));
  const fromW = between((Math.max(...all) + Math.min(...all) - limitW) / 2, lowW, highW);
  return powersW.map((powerW, n) => {
    const { leastW = powerW, mostW = powerW } = rooms[n] ?? {};
    return clamp(clamp(powerW, fromW - base(n), fromW + limitW - base(n)), leastW, mostW);
  });
}

interface Placed {
  readonly evenW: number;
  readonly singleW: readonly number[];
}

/** Where all stand at a level, each phase inside its room. */
function placedAt(level: number, pools: Pools, rooms: readonly Room[], unbalance?: Unbalance) {
  const { leastW, mostW } = evenRoom(pools, rooms);
  const evenW = clamp(powerAt(pools.even, level), leastW, mostW);
  const own = rooms.map((room, n): Room => {
    const { leastW: minW = 0, mostW: maxW = 0 } = pools.single[n] ?? {};
    const sharedW = evenW / rooms.length;
    return {
      leastW: clamp(room.leastW - sharedW, minW, maxW),
      mostW: clamp(room.mostW - sharedW, minW, maxW),
    };
  });
  const freeW = pools.single.map((pool, n) => {
    const { leastW: lowW = 0, mostW: highW = 0 } = own[n] ?? {};
    return clamp(powerAt(pool, level), lowW, highW);
  });
  const singleW = unbalance === undefined ? freeW : balanced(freeW, own, unbalance);
  return { evenW, singleW };
}

/** Each member of a pool at the pool's own level. */
function members(pool: Pool, powerW: number): [string, number][] {
  const level = levelOf(powerW, (one) => powerAt(pool, one));
  return pool.slots.map((slot) => [slot.id, standing(slot, level)]);
}

const spread = (pools: Pools, { evenW, singleW }: Placed): Record<string, number> =>
  Object.fromEntries([
    ...pools.single.flatMap((pool, n) => members(pool, singleW[n] ?? 0)),
    ...members(pools.even, evenW),
  ]);

/** Of a slot that counts on each phase: as near to where it is as every phase lets it. */
function settle(slot: PhaseSlot, others: readonly PhaseSlot[], rooms: readonly Room[]): number {
  const reach = (n: number, side: 'minW' | 'maxW'): number =>
    sum(others.map((other) => (other.shares[n] ?? 0) * other[side]));
  const lowW = Math.max(...rooms.map(({ leastW }, n) => leastW - reach(n, 'maxW')));
  const highW = Math.min(...rooms.map(({ mostW }, n) => mostW - reach(n, 'minW')));
  return clamp(between(slot.atW, lowW, highW), slot.minW, slot.maxW);
}

/**
 * Places a sum on phases. Every phase stays inside its room wherever any placing can keep it there:
 * its own single-phase slots go first, then those that stand evenly on all. Then the sum is met
 * where the rooms let it, all slots moving by an equal share of their way.
 * @param totalW  W, + into the node; beyond what can be reached, as near as it goes
 * @param rooms  by phase
 * @returns W by slot id
 */
export function placed(
  totalW: number,
  slots: readonly PhaseSlot[],
  rooms: readonly Room[],
  unbalance?: Unbalance,
): Readonly<Record<string, number>> {
  const pools = poolsOf(slots, rooms.length);
  const [first] = pools.unknown;
  if (first !== undefined) {
    const others = slots.filter((slot) => slot !== first);
    const powerW = settle(first, others, rooms);
    const left = rooms.map(({ leastW, mostW }) => ({
      leastW: leastW - powerW,
      mostW: mostW - powerW,
    }));
    return { [first.id]: powerW, ...placed(totalW - powerW, others, left, unbalance) };
  }
  const at = (level: number): Placed => placedAt(level, pools, rooms, unbalance);
  const level = levelOf(totalW, (one) => {
    const { evenW, singleW } = at(one);
    return evenW + sum(singleW);
  });
  return spread(pools, at(level));
}

/**
 * What each phase should get, where nothing is netted between phases: its own slots go first, and
 * those that stand evenly on all take what is best for most of them.
 * @param wantedW  by phase, + into the node  @returns W by slot id
 */
export function perPhase(
  wantedW: readonly number[],
  slots: readonly PhaseSlot[],
): Readonly<Record<string, number>> {
  const free = slots.filter((slot) => !isUnknown(slot));
  const pools = poolsOf(free, wantedW.length);
  const count = wantedW.length;
  const ends = wantedW
    .flatMap((powerW, n) => {
      const { leastW = 0, mostW = 0 } = pools.single[n] ?? {};
      return [count * (powerW - mostW), count * (powerW - leastW)];
    })
    .sort((a, b) => a - b);
  const level = levelOf(sum(wantedW), (one) => powerAt(poolOf(free), one));
  const { even } = pools;
  const likedW = clamp(powerAt(even, level), ends[count - 1] ?? 0, ends[count] ?? 0);
  const evenW = clamp(likedW, even.leastW, even.mostW);
  const singleW = wantedW.map((powerW, n) => {
    const { leastW = 0, mostW = 0 } = pools.single[n] ?? {};
    return clamp(powerW - evenW / count, leastW, mostW);
  });
  // One on an unknown phase would help one and harm the others: it rests.
  const resting = slots.filter(isUnknown).map(({ id, minW, maxW }) => [id, clamp(0, minW, maxW)]);
  return { ...Object.fromEntries(resting), ...spread(pools, { evenW, singleW }) };
}
