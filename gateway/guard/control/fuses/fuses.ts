import type { TerminalState } from '../../site/types.ts';
import { allowedDraw, astrayNext, FAR_SHARE, isAstray, NEAR_SHARE } from '../inside.ts';
import { type PhaseSlot, placed, type Room } from '../phases.ts';
import {
  alignedOf,
  onPhases,
  type Phases,
  phasesNow,
  roomsOf,
  sharesOf,
  unbalanceOf,
} from '../rooms.ts';
import { controlled, ready, split } from '../shares.ts';
import type { Controller, View, Wish } from '../types.ts';

/** Of a connection: batteries off their setpoint, and phases on which the sun is held back. */
interface PhaseMemory {
  readonly astray: Readonly<Record<string, number>>;
  readonly curtailing: readonly boolean[];
}

export type FusesState = Readonly<Record<string, PhaseMemory>>;

interface Frame {
  readonly view: View;
  readonly connection: string;
  readonly phases: Phases;
  readonly rooms: readonly Room[]; // of the batteries
  readonly leastW: readonly number[]; // that batteries reach on each phase
  readonly mostW: readonly number[];
}

const WHY = { authority: 'site-safety', code: 'FUSE_LIMIT' } as const;

/** What batteries reach on each phase at a bound; one gone astray counts as what it does. */
function reach(
  view: View,
  of: 1 | 3,
  batteries: readonly TerminalState[],
  astray: PhaseMemory['astray'],
  side: 'minW' | 'maxW',
): number[] {
  const sums: number[] = Array.from({ length: of }, () => 0);
  for (const battery of batteries) {
    const isLost = isAstray(astray[battery.id]);
    const boundW = isLost ? alignedOf(view.site, battery) : (view.open[battery.id]?.[side] ?? 0);
    sharesOf(battery, of).forEach((share, n) => {
      sums[n] = (sums[n] ?? 0) + share * boundW;
    });
  }
  return sums;
}

function slotsOf(
  { view, phases }: Pick<Frame, 'view' | 'phases'>,
  pv: readonly TerminalState[],
): PhaseSlot[] {
  return pv.map((terminal): PhaseSlot => {
    const maxW = view.open[terminal.id]?.maxW ?? terminal.spec.ratedInW;
    return { id: terminal.id, minW: 0, maxW, atW: maxW, shares: sharesOf(terminal, phases.of) };
  });
}

const wishOf = (terminal: string, sentence: string, maxW: number, code: Wish['code']): Wish => ({
  ...WHY,
  ...{ terminal, code, sentence, maxW: Math.max(0, maxW) },
});

/** The sun on a phase that would carry too much outwards, the one on that phase alone first. */
function forPv(
  frame: Frame,
  before: readonly boolean[],
): { wishes: Wish[]; curtailing: boolean[] } {
  const { view, connection, phases, rooms, leastW } = frame;
  const pv = controlled(view.site, connection, 'limit').filter((one) =>
    Number.isFinite(alignedOf(view.site, one)),
  );
  const nowW = onPhases(view.site, phases.of, pv);
  const curtailing: boolean[] = [];
  const bounds = rooms.map(({ mostW }, n): Room => {
    const ratedW = pv.reduce((sum, one) => {
      return sum + (sharesOf(one, phases.of)[n] ?? 0) * one.spec.ratedInW;
    }, 0);
    const hereW = nowW[n] ?? 0;
    const allowedW = hereW + mostW - (leastW[n] ?? 0);
    const isNear = hereW > allowedW - NEAR_SHARE * ratedW;
    const isFar = hereW < allowedW - FAR_SHARE * ratedW;
    const isHeld = allowedW < ratedW && (isNear || ((before[n] ?? false) && !isFar));
    curtailing.push(isHeld);
    const stepW = ratedW / 200;
    const heldW = isHeld ? Math.floor(allowedW / stepW) * stepW : Number.POSITIVE_INFINITY;
    return { leastW: Number.NEGATIVE_INFINITY, mostW: heldW };
  });
  const slots = slotsOf(frame, pv);
  if (!curtailing.includes(true)) return { wishes: [], curtailing };
  const parts = placed(Number.POSITIVE_INFINITY, slots, bounds);
  const isLacking = bounds.some(({ mostW }) => mostW < 0);
  const wishes = slots
    .filter(({ id, maxW }) => (parts[id] ?? maxW) < maxW)
    .map(({ id }) => {
      const code = isLacking ? 'LIMIT_UNREACHABLE' : 'FUSE_LIMIT';
      return wishOf(id, sentenceOf(frame), parts[id] ?? 0, code);
    });
  return { wishes, curtailing };
}

function sentenceOf({ view, connection }: Frame): string {
  const fuseA = view.spec.connections.find(({ id }) => id === connection)?.fuseA;
  return `so that no phase carries more than ${fuseA} A`;
}

/** The sun of one phase alone, where batteries cannot keep the phases near enough to each other. */
function forUnbalance({ view, connection, phases }: Frame): Wish[] {
  const unbalance = unbalanceOf(view, connection, phases.of);
  if (unbalance === undefined) return [];
  const alone = (one: TerminalState): boolean =>
    one.spec.phases === 1 && one.spec.phase !== undefined;
  const pv = controlled(view.site, connection, 'limit').filter(alone);
  const batteries = ready(view, connection).filter(alone);
  const least = reach(view, phases.of, batteries, {}, 'minW');
  const most = reach(view, phases.of, batteries, {}, 'maxW');
  const { limitW, baseW } = unbalance;
  return baseW.flatMap((hereW, n) => {
    const here = pv.filter(({ spec }) => spec.phase === `L${n + 1}`);
    const givenW = onPhases(view.site, phases.of, here)[n] ?? 0;
    const others = baseW.flatMap((otherW, m) => (m === n ? [] : [otherW + (most[m] ?? 0)]));
    const allowedW = limitW + Math.min(...others) - (hereW - givenW) - (least[n] ?? 0);
    const slots = slotsOf({ view, phases }, here);
    const ratedW = slots.reduce((sum, { maxW }) => sum + maxW, 0);
    if (!(allowedW < ratedW)) return [];
    const parts = split(Math.max(0, allowedW), slots);
    const sentence = 'because no other phase gives as much';
    return slots.map(({ id }) => wishOf(id, sentence, parts[id] ?? 0, 'UNBALANCE'));
  });
}

/** Loads on a phase that would carry too much inwards, the least important one first. */
function forLoads(frame: Frame): Wish[] {
  const { view, connection, phases, rooms, mostW } = frame;
  const roomsW = rooms.map(({ leastW }, n) => (mostW[n] ?? 0) - leastW);
  const loads = [
    ...controlled(view.site, connection, 'on-off'),
    ...controlled(view.site, connection, 'steps'),
  ]
    .filter((one) => Number.isFinite(alignedOf(view.site, one)))
    .sort((a, b) => b.spec.priority - a.spec.priority || (a.id > b.id ? -1 : 1));
  return loads.flatMap((load): Wish[] => {
    const shares = sharesOf(load, phases.of);
    const drawW = Math.max(0, -alignedOf(view.site, load));
    const roomW = Math.min(
      ...roomsW.map((left, n) => {
        const share = shares[n] ?? 0;
        return share > 0 ? left / share : Number.POSITIVE_INFINITY;
      }),
    );
    const allowedW = Math.min(load.spec.ratedOutW, allowedDraw(load, drawW, roomW));
    shares.forEach((share, n) => {
      roomsW[n] = (roomsW[n] ?? 0) + share * Math.max(0, drawW - allowedW);
    });
    if (allowedW >= load.spec.ratedOutW) return [];
    const minW = allowedW === 0 ? 0 : -allowedW;
    return [{ ...WHY, terminal: load.id, sentence: sentenceOf(frame), minW }];
  });
}

/**
 * Fuses phase by phase, for what is not a battery: sun and loads on the phase that carries too
 * much. What batteries owe a phase is placed once every wish is known (placing.ts).
 */
export const fuses: Controller<FusesState> = {
  start: {},
  step(state, view) {
    const next: Record<string, PhaseMemory> = {};
    const wishes: Wish[] = [];
    for (const { id } of view.spec.connections) {
      const phases = phasesNow(view, id);
      if (phases === undefined) continue;
      const batteries = ready(view, id);
      const { astray = {}, curtailing = [] } = state[id] ?? {};
      const lost = astrayNext(astray, view, id, batteries);
      const frame: Frame = {
        ...{ view, connection: id, phases },
        rooms: roomsOf(phases, onPhases(view.site, phases.of, batteries), []),
        leastW: reach(view, phases.of, batteries, lost, 'minW'),
        mostW: reach(view, phases.of, batteries, lost, 'maxW'),
      };
      const pv = forPv(frame, curtailing);
      wishes.push(...pv.wishes, ...forUnbalance(frame), ...forLoads(frame));
      next[id] = { astray: lost, curtailing: pv.curtailing };
    }
    return { state: next, wishes };
  },
};
