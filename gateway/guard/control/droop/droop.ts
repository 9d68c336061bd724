import { type DroopSettings, nameplateW, type Site } from '../../../contracts/values/site.ts';
import type { Timing } from '../../../contracts/values/timing.ts';
import type { Seen, TerminalState } from '../../site/types.ts';
import type { Controller, View, Wish } from '../types.ts';

/**
 * One excursion of the frequency: where each terminal stood when it began, and what it may do. A
 * cap is on the power in the direction that makes the excursion worse: into the node at high
 * frequency, out of it at low.
 */
export interface DroopState {
  readonly side: 'none' | 'high' | 'low';
  readonly beyondHz: number; // outside the dead band, as last known; >= 0
  readonly atMs: number;
  readonly fromW: Readonly<Record<string, number>>;
  readonly capW: Readonly<Record<string, number>>;
}

const CALM: DroopState = { side: 'none', beyondHz: 0, atMs: 0, fromW: {}, capW: {} };

/** Given free again at this share of nameplate a minute where the site file names no ramp. */
const BACK_PCT_PER_MIN = 10;
const MINUTE_CYCLES = 60;
/** Written in steps of this share of nameplate: the frequency is never still. */
const STEP = 0.01;

/** What the site's frequency signal says, Hz; NaN where it does not or is too old. */
export function frequencyOf(site: Site, seen: Seen, nowMs: number, times: Timing): number {
  const signal = site.signals.find(({ meaning }) => meaning === 'frequency');
  const reading = signal && seen.readings[signal.device]?.[signal.point];
  if (reading?.quality !== 'good') return Number.NaN;
  return nowMs - reading.atMs <= times.freshMs.state ? reading.value : Number.NaN;
}

/** Where the frequency is; an unknown one leaves things as they were. */
function excursion(state: DroopState, settings: DroopSettings, frequencyHz: number) {
  const { nominalHz, deadbandHz } = settings;
  if (!Number.isFinite(frequencyHz)) return { side: state.side, beyondHz: state.beyondHz };
  const offHz = frequencyHz - nominalHz;
  const beyondHz = Math.max(0, Math.abs(offHz) - deadbandHz);
  const side = beyondHz === 0 ? state.side : offHz > 0 ? ('high' as const) : ('low' as const);
  return { side, beyondHz };
}

const signOf = (side: DroopState['side']): 1 | -1 => (side === 'low' ? -1 : 1);

/** Sun answers high frequency alone: it has nothing in reserve. */
const answers = ({ spec }: TerminalState, side: DroopState['side']): boolean =>
  side !== 'none' && (spec.control === 'setpoint' || side === 'high');

/** Most that the curve allows of a terminal now; no bound inside the dead band. */
function curveW(one: TerminalState, fromW: number, beyondHz: number, by: DroopSettings): number {
  if (beyondHz === 0) return Number.POSITIVE_INFINITY;
  // VDE-AR-N 4105, 5.7.4: of the power of that moment for sun, of nameplate for storage.
  const isSun = one.spec.control === 'limit';
  const referenceW = isSun ? fromW : nameplateW(one.spec);
  const share = beyondHz / ((by.nominalHz * by.droopPct) / 100);
  return Math.max(fromW - share * referenceW, isSun ? 0 : -nameplateW(one.spec));
}

function wishOf({ id, spec }: TerminalState, side: DroopState['side'], capW: number): Wish {
  const stepW = STEP * nameplateW(spec);
  const heldW = Math.floor(capW / stepW) * stepW;
  const base = { terminal: id, authority: 'grid-envelope', code: 'FREQUENCY' } as const;
  return side === 'high'
    ? { ...base, sentence: 'because the frequency is or was high', maxW: heldW }
    : { ...base, sentence: 'because the frequency is or was low', minW: -heldW };
}

function stepped(state: DroopState, view: View, nowMs: number, settings: DroopSettings) {
  const found = excursion(state, settings, view.frequencyHz);
  const isNew = found.side !== state.side;
  const sign = signOf(found.side);
  const minutes = isNew ? 0 : (nowMs - state.atMs) / (MINUTE_CYCLES * view.times.cycleMs);
  const backPct = minutes * (view.spec.control.rampPctPerMin ?? BACK_PCT_PER_MIN);
  const fromW: Record<string, number> = {};
  const capW: Record<string, number> = {};
  const wishes: Wish[] = [];
  for (const one of view.site.terminals) {
    if (!settings.terminals.includes(one.id) || !answers(one, found.side)) continue;
    const standsW = Number.isFinite(one.powerW) ? one.powerW : (view.sent[one.id] ?? 0);
    const startW = (isNew ? undefined : state.fromW[one.id]) ?? sign * standsW;
    const beforeW = (isNew ? undefined : state.capW[one.id]) ?? Number.POSITIVE_INFINITY;
    const backW = beforeW + (backPct / 100) * nameplateW(one.spec);
    const nextW = Math.min(curveW(one, startW, found.beyondHz, settings), backW);
    if (nextW >= nameplateW(one.spec)) continue;
    fromW[one.id] = startW;
    capW[one.id] = nextW;
    wishes.push(wishOf(one, found.side, nextW));
  }
  const isOver = found.beyondHz === 0 && wishes.length === 0;
  return { state: isOver ? CALM : { ...found, atMs: nowMs, fromW, capW }, wishes };
}

/**
 * Droop on frequency for terminals whose inverter has none of its own: outside the dead band, power
 * follows the curve, and is given free again slowly. A loop of one turn a second over Modbus: no
 * fast reserve. What holds a limit at the connection goes before it.
 */
export const droop: Controller<DroopState> = {
  start: CALM,
  step(state, view, nowMs) {
    const settings = view.spec.control.droop;
    return settings === undefined ? { state, wishes: [] } : stepped(state, view, nowMs, settings);
  },
};
