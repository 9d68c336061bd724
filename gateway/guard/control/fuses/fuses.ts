import type { TerminalState } from '../../site/types.ts';
import { addOn, alignedOf, type Connected, onPhases, type Phases, sharesOf } from '../connected.ts';
import { allowedDraw, astrayNext, FAR_SHARE, isAstray, NEAR_SHARE } from '../inside.ts';
import { type PhaseSlot, placed, type Room } from '../phases.ts';
import { roomsOf, unbalanceOf } from '../rooms.ts';
import { split } from '../shares.ts';
import type { Controller, View, Wish } from '../types.ts';

/** Of a connection: batteries off their setpoint, and phases on which the sun is held back. */
interface PhaseMemory {
  readonly astray: Readonly<Record<string, number>>;
  readonly curtailing: readonly boolean[];
}

export type FusesState = Readonly<Record<string, PhaseMemory>>;

interface Frame {
  readonly view: View;
  readonly at: Connected;
  readonly phases: Phases;
  readonly rooms: readonly Room[]; // of the batteries
  readonly leastW: readonly number[]; // that batteries reach on each phase
  readonly mostW: readonly number[];
}

const WHY = { authority: 'site-safety', code: 'FUSE_LIMIT' } as const;

/** What batteries reach on each phase at a bound; one gone astray counts as what it does. */
function reach(
  { view, at }: Pick<Frame, 'view' | 'at'>,
  of: 1 | 3,
  batteries: readonly TerminalState[],
  astray: PhaseMemory['astray'],
  side: 'minW' | 'maxW',
): number[] {
  const sums = of === 1 ? [0] : [0, 0, 0];
  for (const battery of batteries) {
    const isLost = isAstray(astray[battery.id]);
    const boundW = isLost ? alignedOf(at, battery) : (view.open[battery.id]?.[side] ?? 0);
    addOn(sums, sharesOf(battery, of), boundW);
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
  const { at, phases, rooms, leastW } = frame;
  const pv = at.sun.filter((one) => Number.isFinite(alignedOf(at, one)));
  const nowW = onPhases(at, phases.of, pv);
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
  if (!curtailing.includes(true)) return { wishes: [], curtailing };
  const slots = slotsOf(frame, pv);
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

const sentenceOf = ({ at }: Frame): string =>
  `so that no phase carries more than ${at.spec.fuseA} A`;

/** The sun of one phase alone, where batteries cannot keep the phases near enough to each other. */
function forUnbalance({ view, at, phases }: Frame): Wish[] {
  const unbalance = unbalanceOf(view, at.spec.id, phases.of);
  if (unbalance === undefined) return [];
  const alone = (one: TerminalState): boolean =>
    one.spec.phases === 1 && one.spec.phase !== undefined;
  const pv = at.sun.filter(alone);
  const batteries = at.ready.filter(alone);
  const least = reach({ view, at }, phases.of, batteries, {}, 'minW');
  const most = reach({ view, at }, phases.of, batteries, {}, 'maxW');
  const { limitW, baseW } = unbalance;
  return baseW.flatMap((hereW, n) => {
    const here = pv.filter(({ spec }) => spec.phase === `L${n + 1}`);
    const givenW = onPhases(at, phases.of, here)[n] ?? 0;
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
  const { at, phases, rooms, mostW } = frame;
  const roomsW = rooms.map(({ leastW }, n) => (mostW[n] ?? 0) - leastW);
  const loads = [...at.switched, ...at.chargers]
    .filter((one) => Number.isFinite(alignedOf(at, one)))
    .sort((a, b) => b.spec.priority - a.spec.priority || (a.id > b.id ? -1 : 1));
  return loads.flatMap((load): Wish[] => {
    const shares = sharesOf(load, phases.of);
    const drawW = Math.max(0, -alignedOf(at, load));
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
    for (const at of view.connected) {
      const { phases, ready } = at;
      const { id } = at.spec;
      if (phases === undefined) continue;
      const { astray = {}, curtailing = [] } = state[id] ?? {};
      const lost = astrayNext(astray, view, at);
      const frame: Frame = {
        view,
        at,
        phases,
        rooms: roomsOf(phases, at.givenW, []),
        leastW: reach({ view, at }, phases.of, ready, lost, 'minW'),
        mostW: reach({ view, at }, phases.of, ready, lost, 'maxW'),
      };
      const pv = forPv(frame, curtailing);
      wishes.push(...pv.wishes, ...forUnbalance(frame), ...forLoads(frame));
      next[id] = { astray: lost, curtailing: pv.curtailing };
    }
    return { state: next, wishes };
  },
};
