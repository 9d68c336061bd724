import { nameplateW } from '../../../contracts/values/site.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Controller, View, Wish } from '../types.ts';

/** Where a terminal stood when it took part again; none while its power is not known. */
export interface RampState {
  readonly done: boolean; // every terminal may stand at its nameplate
  readonly from: Readonly<Record<string, { readonly sinceMs: number; readonly powerW: number }>>;
}

const MINUTE_CYCLES = 60;
/** A ramp is written in steps of this share of nameplate, not once a cycle. */
const STEP = 0.01;

const isRamped = ({ spec }: TerminalState): boolean =>
  spec.control === 'setpoint' || spec.control === 'limit';

const SENTENCE = 'because power rises step by step after a start or the return of the grid';

/** Most that a terminal may do now, either way for a battery, W >= 0. */
function mostW(terminal: TerminalState, from: RampState['from'], view: View, nowMs: number) {
  const ratedW = nameplateW(terminal.spec);
  const began = from[terminal.id];
  if (began === undefined) return 0;
  const minutes = (nowMs - began.sinceMs) / (MINUTE_CYCLES * view.times.cycleMs);
  const share = (minutes * (view.spec.control.rampPctPerMin ?? 100)) / 100;
  return began.powerW + Math.floor(share / STEP) * STEP * ratedW;
}

function wishOf(terminal: TerminalState, capW: number): Wish {
  const { id, spec } = terminal;
  const base = { terminal: id, authority: 'grid-envelope', code: 'RAMP' } as const;
  const bounds = spec.control === 'limit' ? { maxW: capW } : { minW: -capW, maxW: capW };
  return { ...base, sentence: SENTENCE, ...bounds };
}

/**
 * After a start and after the grid's return, generation and storage begin where they stand and
 * rise by no more than a share of nameplate a minute (VDE-AR-N 4105, 8.3.1: 10 %). What holds a
 * limit at the connection is not held back by it. The arbiter starts it anew while the site is an
 * island.
 */
export const ramp: Controller<RampState> = {
  start: { done: false, from: {} },
  step(state, view, nowMs) {
    if (view.spec.control.rampPctPerMin === undefined || state.done) return { state, wishes: [] };
    const able = view.site.terminals.filter(isRamped);
    const from: Record<string, { sinceMs: number; powerW: number }> = {};
    for (const one of able) {
      const began = state.from[one.id];
      if (began !== undefined) from[one.id] = began;
      else if (Number.isFinite(one.powerW) && !one.failing) {
        from[one.id] = { sinceMs: nowMs, powerW: Math.abs(one.powerW) };
      }
    }
    const caps = able.map((one) => ({ one, capW: mostW(one, from, view, nowMs) }));
    const held = caps.filter(({ one, capW }) => capW < nameplateW(one.spec));
    if (held.length === 0) return { state: { done: true, from: {} }, wishes: [] };
    return { state: { done: false, from }, wishes: held.map(({ one, capW }) => wishOf(one, capW)) };
  },
};
