import type { Authority, ReasonCode } from '../../contracts/values/image.ts';
import { nameplateW } from '../../contracts/values/site.ts';
import { power } from '../../contracts/values/words.ts';
import type { TerminalState } from '../site/types.ts';
import { alignedOf, type Connected } from './connected.ts';
import { slotsOf, split } from './shares.ts';
import { aheadW, lastOnes } from './trend.ts';
import type { Limits, View, Wish } from './types.ts';

/** A limit to hold, with the words for it. */
export interface Hold extends Limits {
  readonly authority: Authority;
  readonly importCode: ReasonCode;
  readonly exportCode: ReasonCode;
  readonly importWhy: string; // 'the contract allows no more'
  readonly exportWhy: string;
  readonly marginW: number; // kept free below both limits
}

/**
 * How long each battery has not done what was asked of it, in cycles; whether PV is held back; and
 * where all else goes.
 */
export interface InsideState {
  readonly astray: Readonly<Record<string, number>>;
  readonly curtailing: boolean;
  readonly restingW: readonly number[]; // of the connection, in the last cycles
}

export const INSIDE_START: InsideState = { astray: {}, curtailing: false, restingW: [] };

/** Aimed at this share of a limit, so that noise of a meter does not break it. */
const AIM = 0.99;
/** Within this share of nameplate, or so many watts, a battery is where it was sent. */
const NEAR_SETPOINT_SHARE = 0.05;
const NEAR_SETPOINT_W = 200;
/**
 * After so many cycles off its setpoint a battery counts as what it does, not as what it was
 * asked.
 */
const ASTRAY_CYCLES = 4;
/** PV is only held back where it comes near its bound, and let go where it is far below. */
export const NEAR_SHARE = 0.15;
export const FAR_SHARE = 0.25;
/** An on-off load comes back when the room is this much above its power. */
const ROOM_TO_START = 1.1;
/** A draw below this share of its rating is an on-off load that is off. */
const OFF_SHARE = 0.05;
/** A limit is out of reach beyond its tolerance (DESIGN: 2 % of the limit, at least 100 W). */
const TOLERANCE_SHARE = 0.02;
const TOLERANCE_W = 100;

interface Frame {
  readonly view: View;
  readonly hold: Hold;
  readonly at: Connected;
  readonly state: InsideState;
  readonly leastW: number; // batteries together at least, for the import limit
  readonly mostW: number; // and at most, for the export limit
}

/** How long each has not been where it was sent, by its own power at the connection's instant. */
export function astrayNext(
  before: InsideState['astray'],
  { sent }: Pick<View, 'sent'>,
  at: Connected,
): Record<string, number> {
  const next: Record<string, number> = {};
  for (const battery of at.ready) {
    const { id, spec } = battery;
    const offW = Math.abs((sent[id] ?? 0) - alignedOf(at, battery));
    const nearW = Math.max(NEAR_SETPOINT_SHARE * nameplateW(spec), NEAR_SETPOINT_W);
    next[id] = offW <= nearW ? 0 : (before[id] ?? 0) + 1;
  }
  return next;
}

export const isAstray = (cycles = 0): boolean => cycles > ASTRAY_CYCLES;

/**
 * What batteries will reach together at their helpful bound; one gone astray counts as measured.
 * @returns and how much of it does not last: what else can help takes that over meanwhile. W
 */
function reach(frame: Frame, astray: Readonly<Record<string, number>>, side: 'minW' | 'maxW') {
  const { at, view } = frame;
  let powerW = 0;
  let fadingW = 0;
  for (const battery of at.ready) {
    const boundW = view.open[battery.id]?.[side] ?? 0;
    const { giveW = Infinity, takeW = Infinity } = view.lasting?.[battery.id] ?? {};
    const ownW = isAstray(astray[battery.id]) ? alignedOf(at, battery) : boundW;
    powerW += ownW;
    fadingW += side === 'maxW' ? Math.max(0, ownW - giveW) : Math.min(0, ownW + takeW);
  }
  return { powerW, fadingW, lastingW: powerW - fadingW };
}

const importSentence = (hold: Hold): string =>
  `so that no more than ${power(hold.importLimitW)} are bought: ${hold.importWhy}`;
const exportSentence = (hold: Hold): string =>
  `so that no more than ${power(hold.exportLimitW)} are sold: ${hold.exportWhy}`;

function forBatteries(frame: Frame, lacking: { import: boolean; export: boolean }): Wish[] {
  const { view, hold } = frame;
  const slots = slotsOf(view.open, frame.at.ready);
  const sumMinW = slots.reduce((sum, slot) => sum + slot.minW, 0);
  const sumMaxW = slots.reduce((sum, slot) => sum + slot.maxW, 0);
  const least = frame.leastW > sumMinW ? split(frame.leastW, slots) : undefined;
  const most = frame.mostW < sumMaxW ? split(frame.mostW, slots) : undefined;
  const wishes: Wish[] = [];
  for (const { id } of slots) {
    if (least !== undefined) {
      wishes.push({
        terminal: id,
        authority: hold.authority,
        code: lacking.import ? 'LIMIT_UNREACHABLE' : hold.importCode,
        sentence: importSentence(hold),
        minW: least[id] ?? 0,
      });
    }
    if (most !== undefined) {
      wishes.push({
        terminal: id,
        authority: hold.authority,
        code: lacking.export ? 'LIMIT_UNREACHABLE' : hold.exportCode,
        sentence: exportSentence(hold),
        maxW: most[id] ?? 0,
      });
    }
  }
  return wishes;
}

/** PV may produce what it does plus the room that batteries at their helpful bound leave. */
function forPv(
  frame: Frame,
  floor: { readonly lastingW: number; readonly fadingW: number },
): { wishes: Wish[]; curtailing: boolean; lacking: boolean } {
  const { view, hold, at } = frame;
  const pv = at.sun.filter((one) => Number.isFinite(alignedOf(at, one)));
  const nowW = pv.reduce((sum, one) => sum + Math.max(0, alignedOf(at, one)), 0);
  const ratedW = pv.reduce((sum, { spec }) => sum + spec.ratedInW, 0);
  const allowedW = nowW + frame.mostW - floor.lastingW;
  // Of the limit itself, not of what is kept free, and with all that batteries still do.
  const lacking = allowedW - floor.fadingW + hold.marginW < 0;
  const near = nowW > allowedW - NEAR_SHARE * ratedW;
  const far = nowW < allowedW - FAR_SHARE * ratedW;
  const curtailing = allowedW < ratedW && (near || (frame.state.curtailing && !far));
  if (!curtailing || pv.length === 0) return { wishes: [], curtailing: false, lacking };
  const stepW = ratedW / 200;
  const parts = split(Math.max(0, Math.floor(allowedW / stepW) * stepW), slotsOf(view.open, pv));
  return {
    curtailing,
    lacking,
    wishes: pv.map(({ id }) => ({
      terminal: id,
      authority: hold.authority,
      code: lacking ? 'LIMIT_UNREACHABLE' : hold.exportCode,
      sentence: exportSentence(hold),
      maxW: parts[id] ?? 0,
    })),
  };
}

/** Draw of a flexible load that it may have, W >= 0, given the room at the connection. */
export function allowedDraw(load: TerminalState, drawW: number, roomW: number): number {
  if (load.spec.control === 'steps') return Math.max(0, drawW + roomW);
  const ratedW = load.spec.ratedOutW;
  if (drawW > OFF_SHARE * ratedW) return roomW < 0 ? 0 : ratedW;
  return roomW >= ROOM_TO_START * ratedW ? ratedW : 0;
}

/**
 * Flexible loads last. `roomW` is what they may add together; below zero, the least important one
 * gives first.
 */
function forLoads(frame: Frame, room: number): { wishes: Wish[]; roomW: number } {
  const { hold, at } = frame;
  const loads = [...at.switched, ...at.chargers]
    .filter((one) => Number.isFinite(alignedOf(at, one)))
    .sort((a, b) => a.spec.priority - b.spec.priority || (a.id < b.id ? -1 : 1));
  let roomW = room;
  const wishes: Wish[] = [];
  for (const load of roomW < 0 ? loads.reverse() : loads) {
    const drawW = Math.max(0, -alignedOf(at, load));
    const allowedW = Math.min(load.spec.ratedOutW, allowedDraw(load, drawW, roomW));
    roomW += Math.max(0, drawW - allowedW);
    if (allowedW >= load.spec.ratedOutW) continue;
    wishes.push({
      terminal: load.id,
      authority: hold.authority,
      code: hold.importCode,
      sentence: importSentence(hold),
      minW: allowedW === 0 ? 0 : -allowedW,
    });
  }
  return { wishes, roomW };
}

/**
 * As it will be when batteries have answered: towards a limit, never away from one. What the sun
 * does while it is held back is our own doing, and no trend.
 */
function coming(frame: Frame, restingW: number): Frame {
  if (frame.state.curtailing) return frame;
  const moveW = aheadW(frame.state.restingW, restingW);
  return {
    ...frame,
    leastW: frame.leastW + Math.max(0, moveW),
    mostW: frame.mostW + Math.min(0, moveW),
  };
}

/**
 * Holds a connection inside its limits: batteries first, then production, then flexible loads.
 * Wishes only narrow; without a known connection there are none, and the kernel's freshness rule
 * takes over.
 */
export function keepInside(
  state: InsideState,
  view: View,
  hold: Hold,
): { readonly state: InsideState; readonly wishes: readonly Wish[]; readonly lacking: boolean } {
  const at = view.connected.find(({ spec }) => spec.id === hold.connection);
  const restingW = at?.restingGridW ?? Number.NaN;
  if (at === undefined || !Number.isFinite(restingW)) return { state, wishes: [], lacking: false };
  const frame: Frame = {
    view,
    hold,
    state,
    at,
    leastW: restingW - Math.max(0, AIM * hold.importLimitW - hold.marginW),
    // Below zero: at a site without export the margin is what it buys at least.
    mostW: restingW + AIM * hold.exportLimitW - hold.marginW,
  };
  const astray = astrayNext(state.astray, view, at);
  const most = reach(frame, astray, 'maxW');
  const pv = forPv(frame, reach(frame, astray, 'minW'));
  const loads = forLoads(frame, most.lastingW - frame.leastW);
  const lacking = {
    import:
      loads.roomW + most.fadingW <
      -TOLERANCE_SHARE * hold.importLimitW - hold.marginW - TOLERANCE_W,
    export: pv.lacking,
  };
  return {
    state: {
      astray,
      curtailing: pv.curtailing,
      restingW: lastOnes(state.restingW, restingW),
    },
    wishes: [...forBatteries(coming(frame, restingW), lacking), ...pv.wishes, ...loads.wishes],
    lacking: lacking.import || lacking.export,
  };
}
