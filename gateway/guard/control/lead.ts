import { nameplateW } from '../../contracts/values/site.ts';
import type { TerminalState } from '../site/types.ts';

/** Of each battery: its power in the last cycle, and for how many it has crept. */
export type LeadState = Readonly<
  Record<string, { readonly powerW: number; readonly creptCycles: number }>
>;

export const NO_LEAD: LeadState = {};

const GAIN = 0.6;
/** Covered in one cycle of the way to the setpoint: less has not begun, more needs no help. */
const BEGUN = 0.02;
const QUICK = 0.4;
/** Closer than this share of nameplate there is nothing to hasten. */
const NEAR = 0.02;

/** So many cycles in a row, so that the first moment of a quick one is not taken for creeping. */
const CREPT_CYCLES = 2;

/** Share of the way from its last power to the aim that it has covered; NaN = no way to go. */
function covered(terminal: TerminalState, lastW: number | undefined, aimW: number): number {
  const { spec, powerW, failing } = terminal;
  if (failing || lastW === undefined) return Number.NaN;
  if (Math.abs(aimW - powerW) < NEAR * nameplateW(spec)) return Number.NaN;
  return (powerW - lastW) / (aimW - lastW);
}

/**
 * What a slow battery is told beyond its setpoint while it is on its way, as seen in its own
 * power: one that covers a tenth of the way in a cycle would take half a minute otherwise. Ends
 * before it arrives; what answers at once, or has not begun, gets none.
 * @returns W on top of the setpoint, and what to remember
 */
export function lead(
  before: LeadState,
  terminal: TerminalState,
  aimW: number,
): { readonly leadW: number; readonly crept: LeadState[string] } {
  const { powerW } = terminal;
  const last = before[terminal.id];
  const share = covered(terminal, last?.powerW, aimW);
  const creeps = share > BEGUN && share < QUICK;
  const creptCycles = creeps ? (last?.creptCycles ?? 0) + 1 : 0;
  const ahead = (1 - share) * (1 - share);
  const leadW = creptCycles >= CREPT_CYCLES ? GAIN * ahead * (aimW - powerW) : 0;
  return { leadW, crept: { powerW, creptCycles } };
}
