import { nameplateW } from '../../contracts/values/site.ts';
import type { TerminalState } from '../site/types.ts';
import { clamp } from './shares.ts';
import type { View } from './types.ts';

/**
 * What a battery adds to or leaves out of its setpoint, learnt slowly while it stands still: an
 * inverter that gives 98 % of what it is told would otherwise leave 2 % at the meter for ever.
 */
export type BiasState = Readonly<
  Record<
    string,
    {
      readonly biasW: number;
      readonly sentW: number;
      readonly quietCycles: number;
      readonly errorW: number; // of the last cycle
    }
  >
>;

export const NO_BIAS: BiasState = {};

const GAIN = 0.1;
/** The bias is no larger than this share of nameplate: more is a device that does not follow. */
const MOST = 0.03;
/** A setpoint that moves by less than this share of nameplate stands still. */
const QUIET = 0.01;
const SETTLED_CYCLES = 3;
/** An error that shrinks this much in a cycle is a device on its way, not one that falls short. */
const SHRINKS = 0.02;

/** Learns from each battery whose setpoint has stood still for a few cycles. */
export function learn(before: BiasState, view: Pick<View, 'site' | 'sent'>): BiasState {
  const next: Record<string, BiasState[string]> = {};
  for (const terminal of view.site.terminals) {
    if (terminal.spec.control !== 'setpoint') continue;
    const old = before[terminal.id] ?? { biasW: 0, sentW: 0, quietCycles: 0, errorW: 0 };
    const sentW = view.sent[terminal.id] ?? 0;
    const ratedW = nameplateW(terminal.spec);
    const quiet = Math.abs(sentW - old.sentW) <= QUIET * ratedW && !terminal.failing;
    const quietCycles = quiet ? old.quietCycles + 1 : 0;
    const errorW = sentW - old.biasW - terminal.powerW;
    const comes = Math.abs(errorW) < (1 - SHRINKS) * Math.abs(old.errorW);
    let { biasW } = old;
    if (Math.abs(sentW) <= QUIET * ratedW) biasW *= 1 - GAIN;
    else if (quietCycles >= SETTLED_CYCLES && !comes) {
      if (Math.abs(errorW) <= 2 * MOST * ratedW) biasW += GAIN * errorW;
    }
    biasW = clamp(biasW, -MOST * ratedW, MOST * ratedW);
    next[terminal.id] = { biasW, sentW, quietCycles, errorW };
  }
  return next;
}

/** Setpoint that makes the terminal give `aimW`; rest stays rest and the direction stays. */
export function biased(bias: BiasState, terminal: TerminalState, aimW: number): number {
  const biasW = bias[terminal.id]?.biasW ?? 0;
  if (terminal.spec.control !== 'setpoint' || Math.abs(aimW) <= QUIET * nameplateW(terminal.spec)) {
    return aimW;
  }
  return aimW > 0 ? Math.max(0, aimW + biasW) : Math.min(0, aimW + biasW);
}
