import { power } from '../../contracts/values/words.ts';
import type { TerminalState } from '../site/types.ts';
import { addOn, alignedOf, type Connected, sharesOf } from './connected.ts';
import { type PhaseSlot, placed, type Room, type Unbalance } from './phases.ts';
import { roomsOf, unbalanceOf } from './rooms.ts';
import type { Open, View, Wish } from './types.ts';

/** Where a terminal would stand by what all levels said; undefined = left to its device. */
export interface Point {
  readonly terminal: TerminalState;
  readonly powerW: number | undefined;
}

/** Smaller differences are arithmetic. */
const SLACK_W = 1;

/** Import that sun and loads will add to each phase once they stand where they are told. */
function risen(points: readonly Point[], at: Connected, of: 1 | 3): number[] {
  const sums = of === 1 ? [0] : [0, 0, 0];
  for (const { terminal, powerW } of points) {
    const { control } = terminal.spec;
    const nowW = alignedOf(at, terminal);
    if (control === 'setpoint' || powerW === undefined || !Number.isFinite(nowW)) continue;
    addOn(sums, sharesOf(terminal, of), Math.max(0, nowW - powerW));
  }
  return sums;
}

function slotsAt(
  points: readonly Point[],
  may: Open,
  at: Connected,
  of: 1 | 3,
  trial: View['trial'],
): PhaseSlot[] {
  return points.flatMap(({ terminal, powerW }): PhaseSlot[] => {
    const { id, spec } = terminal;
    const range = may[id];
    if (spec.control !== 'setpoint' || range === undefined || powerW === undefined) return [];
    if (!Number.isFinite(alignedOf(at, terminal))) return [];
    const shares = sharesOf(terminal, of);
    // What is proven gets exactly what is asked.
    const { minW, maxW } = trial?.terminal === id ? { minW: powerW, maxW: powerW } : { ...range };
    return [{ id, minW, maxW, atW: powerW, shares }];
  });
}

/** Whether no phase asks anything of anybody. */
function fits(slots: readonly PhaseSlot[], rooms: readonly Room[], unbalance?: Unbalance): boolean {
  const inRoom = rooms.every(({ leastW, mostW }, n) => {
    const sumW = slots.reduce((sum, { shares, atW }) => sum + (shares[n] ?? 0) * atW, 0);
    return sumW >= leastW - SLACK_W && sumW <= mostW + SLACK_W;
  });
  if (!inRoom || unbalance === undefined) return inRoom;
  const alone = unbalance.baseW.map((baseW, n) =>
    slots.filter(({ shares }) => shares[n] === 1).reduce((sum, { atW }) => sum + atW, baseW),
  );
  return Math.max(...alone) - Math.min(...alone) <= unbalance.limitW + SLACK_W;
}

/**
 * The last word of site safety among the wishes: a fuse binds terminals together, so it cannot be
 * said to each of them alone. Batteries stay where they are wished unless a phase asks otherwise;
 * then the one on that phase goes first, and the sum of all stays what was wished as far as the
 * phases let it.
 * @param may  what each device may do
 * @returns where batteries stand instead, by terminal, with the one who says so
 */
export function keepPhases(points: readonly Point[], may: Open, view: View): Map<string, Wish> {
  const moved = new Map<string, Wish>();
  for (const at of view.connected) {
    const { phases, givenW } = at;
    const { id, fuseA } = at.spec;
    if (phases === undefined) continue;
    const own = points.filter(({ terminal }) => terminal.connection === id);
    const slots = slotsAt(own, may, at, phases.of, view.trial);
    if (slots.length === 0) continue;
    const rooms = roomsOf(phases, givenW, risen(own, at, phases.of));
    const unbalance = unbalanceOf(view, id, phases.of);
    if (fits(slots, rooms, unbalance)) continue;
    const totalW = slots.reduce((sum, { atW }) => sum + atW, 0);
    const byFuse = placed(totalW, slots, rooms);
    const all = unbalance === undefined ? byFuse : placed(totalW, slots, rooms, unbalance);
    const isFuse = slots.some((slot) => Math.abs((byFuse[slot.id] ?? 0) - slot.atW) > SLACK_W);
    const limitW = unbalance?.limitW ?? 0;
    const why = isFuse
      ? ({
          code: 'FUSE_LIMIT',
          sentence: `so that no phase carries more than ${fuseA} A`,
        } as const)
      : ({
          code: 'UNBALANCE',
          sentence: `so that phases differ by no more than ${power(limitW)}`,
        } as const);
    for (const slot of slots) {
      const targetW = all[slot.id] ?? slot.atW;
      if (Math.abs(targetW - slot.atW) <= SLACK_W) continue;
      moved.set(slot.id, { terminal: slot.id, authority: 'site-safety', ...why, targetW });
    }
  }
  return moved;
}
